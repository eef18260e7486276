/* SPDX-License-Identifier: MIT */
#ifndef SN_SPAWN_SPAWN_H
#define SN_SPAWN_SPAWN_H

#include "plan/plan.h"
#include "spawn/sandbox.h"

/*
 * From plan to live PID 1: launches it, moves it into its cgroup, writes its maps, hands it the plan, waits until it is
 * ready. Fills pid, pidfd, control, layers and landlock_abi of the sandbox. On failure they hold what has to be torn
 * down.
 */
int sn__spawn(sn_sandbox *sandbox, const struct sn__planner *planner, const char *plan, size_t plan_size,
              sn_error **ret_error);

/*
 * Kills PID 1 and with it its pid namespace; waits until all of it is gone. False: it still stands after 10 s, because
 * a process of it is in a call that the kernel does not interrupt. It will not outlive that; until then it holds its
 * slot.
 */
bool sn__spawn_kill(sn_sandbox *sandbox);

/* Has the process ended that `pidfd` stands for, or can that not be told? */
bool sn__spawn_is_over(int pidfd);

/* Brings up loopback through a NETLINK_ROUTE socket that PID 1 opened in its network namespace (spawn/network.c). */
int sn__network_loopback(int netlink_fd, sn_error **ret_error);

#endif
