/* SPDX-License-Identifier: MIT */
#ifndef SN_SPAWN_CIRCUMSTANCES_H
#define SN_SPAWN_CIRCUMSTANCES_H

#include <stdint.h>

/*
 * What a process has of the thread that makes it, and a sandbox of its caller, because nobody sets it anew: processors,
 * priorities, rlimits, groups that are not ours, what the OOM killer thinks of it, filters, no_new_privs, memory
 * policy, the pid and time namespaces of children, the label of a security module. A number of all that.
 *
 * A Landlock domain cannot be told at all: but nobody can mount in one, so the tree of a sandbox could not be made.
 */
uint64_t sn__circumstances(void);

#endif
