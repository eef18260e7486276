/* SPDX-License-Identifier: MIT */
#ifndef SN_SPAWN_HELPER_H
#define SN_SPAWN_HELPER_H

/*
 * Runs a helper program (newuidmap) to its end with /dev/null as its 0, 1, 2 and an empty environment, without a child
 * or SIGCHLD that the caller's process could notice. Returns its exit status (128+n for a signal) or -errno.
 */
int sn__helper_run(const char *const *argv);

#endif
