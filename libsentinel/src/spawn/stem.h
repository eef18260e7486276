/* SPDX-License-Identifier: MIT */
#ifndef SN_SPAWN_STEM_H
#define SN_SPAWN_STEM_H

#include "plan/plan.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Theory of operation
 *
 * Most of what it takes to make a PID 1 is the same for all sandboxes that a place has one after the other: groups to
 * enter, user, network, UTS and cgroup namespaces, id maps, a bounding set, an exec. A stem is a PID 1 for which that
 * was done once, and which then does nothing but fork (init/stem.c). What it forks is the PID 1 of one sandbox, in pid
 * and mount namespaces of its own, where it mounts what is a sandbox's own: /proc, /tmp, /work, /dev/shm. The stem
 * itself stands in a copy of the tree (spawn/tree.h), above the pid namespaces of its sandboxes, one after the other.
 *
 * No program can see a stem, and it learns nothing of any: it takes no plan but its own, and no request. What programs
 * could leave behind in the namespaces that they have in common is in docs/architecture.md; where one could have, the
 * stem goes with its sandbox.
 *
 * A stem is one of the caller's processes as every PID 1 is: it ends with its socket and with the caller, and
 * everything that it forked ends with it.
 */
struct sn_sandbox;
struct sn__stem;

/*
 * Can this sandbox's PID 1 be forked by the stem of its place, if its tree is that of the stem, too? False without one.
 */
bool sn__stem_suits(const struct sn_sandbox *sandbox);
/* The number of its tree. */
uint64_t sn__stem_tree(const struct sn__stem *stem);
/* Sandboxes whose kinds differ are not of one stem. */
uint64_t sn__stem_kind(const struct sn_sandbox *sandbox, uint64_t tree);

/*
 * Makes one for the place of this sandbox, whose tree_fd is that tree. NULL: it cannot be, or is not worth it for this
 * kind of sandbox.
 */
struct sn__stem *sn__stem_make(const struct sn_sandbox *sandbox, uint64_t tree);

/*
 * Asks the sandbox's stem for its PID 1: sandbox->control may be written to from then on. sn__stem_hear() waits for
 * sandbox->pidfd. 0 or -errno; after a failure of either, or without the other, the stem is no use any more.
 */
int sn__stem_ask(struct sn_sandbox *sandbox);
int sn__stem_hear(struct sn_sandbox *sandbox);

/* One of them failed: no more of them for a while; or forgets that, with the last sandbox of this process. */
void sn__stem_refuse(void);
void sn__stem_forget(void);

/*
 * Ends it with all that it forked, waits for that and frees; in a forked child, only its copies. `is_clean`: none of
 * its programs can have left anything in its network namespace. NULL is accepted.
 */
void sn__stem_free(struct sn__stem *stem, bool is_clean);

#endif
