/* SPDX-License-Identifier: MIT */
#ifndef SN_SUPERVISE_CPUSET_H
#define SN_SUPERVISE_CPUSET_H

#include <sentinel/error.h>

#include <sys/types.h>

/*
 * Theory of operation
 *
 * A sandbox that was given a list of processors is confined to it by the cgroup controller cpuset, and not by
 * sched_setaffinity(2), which any program may call again. PID 1 sits in the confined group before it starts anything,
 * and all that it starts inherits that: a run costs nothing more.
 *
 * v2: "s<slot>" itself gets the list. v1: the hierarchy of cpuset is none of those that the driver uses, and it has an
 * "s<slot>" there that holds PID 1 and all runs. A v1 group holds no process before it has processors and nodes of
 * memory, and none that its parent does not have; so "sentinel" gets all of its parent's, and s<slot> the same nodes.
 *
 * What is asked for must lie within the set of the caller's own group, wherever the sandboxes' groups are.
 */

/* The group of a sandbox in the hierarchy of cpuset, in v1. */
struct sn__cpuset {
    char *parent; /* ".../sentinel", or NULL: not confined */
    int dir;      /* its s<slot> */
};

/*
 * Makes a group of this name that is confined to the list, and removes those that dead hosts left. SN_EHOST: there is
 * no cpuset; SN_EINVAL: a processor that is not online, or not the caller's; SN_EBUSY, SN_ESYS, SN_ENOMEM.
 */
int sn__cpuset_v1_create(const char *name, const char *list, struct sn__cpuset *ret_cpuset, sn_error **ret_error);
/* Moves PID 1 into it. */
int sn__cpuset_v1_enter(const struct sn__cpuset *cpuset, const char *name, pid_t init, sn_error **ret_error);
/* Removes it with what is in it; one that was not made is left alone. */
void sn__cpuset_v1_destroy(struct sn__cpuset *cpuset, const char *name);

/* Confines the group `dir` ("s<slot>" in `parent`), in which no process is yet. Errors as above. */
int sn__cpuset_v2_confine(const char *parent, int dir, const char *list, sn_error **ret_error);

/* Once PID 1 is in: the affinity that the caller has is not handed on. */
int sn__cpuset_set_affinity(pid_t init, const char *list, sn_error **ret_error);

#endif
