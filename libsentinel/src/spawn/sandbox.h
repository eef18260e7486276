/* SPDX-License-Identifier: MIT */
#ifndef SN_SPAWN_SANDBOX_H
#define SN_SPAWN_SANDBOX_H

#include "config/options.h"
#include "plan/idmap.h"
#include "spawn/kept.h"
#include "supervise/cgroup.h"

#include <sentinel/sandbox.h>

#include <stdatomic.h>

struct sn_sandbox {
    struct sn__spec spec;
    struct sn__idmap ids;
    uint32_t slot;
    int slot_fd;
    const struct sn__cgroup_driver *driver; /* NULL: the caller accepted rlimits and polling */
    struct sn__cgroup *cgroup;
    char *cgroup_parent; /* what the driver made it in */
    pid_t pid;           /* only to write cgroups with while pidfd says it lives */
    pid_t pid_in_proc;   /* the same for the id maps */
    int pidfd;
    int control;
    int tree_fd;                 /* of what its tree is a copy, while it is made; or -1 */
    struct sn__network *network; /* its namespace, if that may be used again; or NULL */
    uint64_t layers;             /* in force */
    uint32_t landlock_abi;
    uint32_t apparmor;             /* enum sn__apparmor_state */
    uint64_t left_bytes;           /* in files of earlier runs: memory of the next one */
    uint32_t serial;               /* of the latest run or file operation */
    atomic_bool busy;              /* a run or a file operation is going on */
    uint32_t claims, quiet_claims; /* how often it was claimed, and for what cannot have touched its network */
    bool is_dead;                  /* PID 1 was found gone */
    pid_t owner;                   /* the process that made it; a child that it forked has a copy of all this */
};

/* Is this the process that made it? Another one must not touch what both have: sockets, the epoll set, groups. */
bool sn__sandbox_is_ours(const sn_sandbox *sandbox);
int sn__sandbox_refuse_other(sn_error **ret_error);

/* Claims the sandbox for one operation: SN_EBUSY, SN_EDIED, SN_EINVAL for another process. */
int sn__sandbox_claim(sn_sandbox *sandbox, sn_error **ret_error);
void sn__sandbox_release(sn_sandbox *sandbox);
/* What the claim is for: a run under a policy (NULL: none), or files. Not said: it may be anything. */
void sn__sandbox_note_policy(sn_sandbox *sandbox, const sn_policy *policy);
void sn__sandbox_note_files(sn_sandbox *sandbox);

/* PID 1 does not answer any more: marks the sandbox dead and makes the error. */
int sn__sandbox_died(sn_sandbox *sandbox, const char *step, sn_error **ret_error);

#endif
