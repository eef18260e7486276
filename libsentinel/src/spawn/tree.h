/* SPDX-License-Identifier: MIT */
#ifndef SN_SPAWN_TREE_H
#define SN_SPAWN_TREE_H

#include "plan/plan.h"

/*
 * Theory of operation
 *
 * Of some 25 mounts that a sandbox sees, four are its own: /proc, /tmp, /work and /dev/shm. The others are the same in
 * every sandbox that is made alike, and read-only. They are made once, by a PID 1 in a mount namespace of the caller's
 * user namespace that ends when it has done so; what is left is that namespace, by a descriptor, with its root and
 * nothing of the host's beside it. A launcher enters it, and the PID 1 that it clones into a mount namespace of its own
 * has a copy: in another user namespace, so that the kernel locks every mount with its flags to where it is.
 *
 * That saves not only the making. A mount that goes makes the kernel wait for all processors, and pivot_root() looks at
 * every process of the host.
 *
 * A tree is good for as long as the plan says the same and each source is the file that it was.
 */

/*
 * A mount namespace with the tree of `plan`, which was made by sn__plan_split(): a descriptor to be closed, and the
 * tree's number, which no other one ever has. -1: there is none, and it does not pay to make one or that did not work;
 * then each sandbox has to make its own.
 */
int sn__tree_get(struct sn__planner *plan, uint64_t *ret_number);
/* One of them could not be used: no more of them. */
void sn__tree_refuse(void);
/* With the last sandbox of this process. */
void sn__tree_forget(void);

#endif
