/* SPDX-License-Identifier: MIT */
#ifndef SN_SPAWN_PID_NUMBERS_H
#define SN_SPAWN_PID_NUMBERS_H

#include <sentinel/error.h>

#include <sys/types.h>

/*
 * A process has a number in each pid namespace from the first one down to its own. Which one is meant depends on who
 * is asked: cgroup.procs counts as the writer's pid namespace does, /proc as the one that it was mounted in, and
 * clone() as the one that the cloning process's children are in. A caller may have three different ones.
 */

/* Refuses a caller whose next child would be the init of a new pid namespace: our launcher would be, and its end. */
int sn__pid_numbers_possible(sn_error **ret_error);

/*
 * The numbers of the process that `pidfd` stands for: here (in the pid namespace of this process, for which
 * `own_pidfd` stands), and in /proc.
 */
int sn__pid_numbers(int pidfd, int own_pidfd, pid_t *ret_here, pid_t *ret_in_proc, sn_error **ret_error);

/* That of the process which `pidfd` stands for, in /proc; 0: it is dead, not there, or cannot be told. */
pid_t sn__pid_number_in_proc(int pidfd);

#endif
