/* SPDX-License-Identifier: MIT */
#ifndef SN_SPAWN_SANDBOX_H
#define SN_SPAWN_SANDBOX_H

#include "base/steps.h"
#include "config/options.h"
#include "plan/idmap.h"
#include "spawn/kept.h"
#include "spawn/stem.h"
#include "supervise/cgroup.h"

#include <sentinel/sandbox.h>

#include <stdatomic.h>

/* What became of the child that was armed for the next run (supervise/armed.h), as PID 1 tells it. */
enum sn__waiting_state { SN__WAITING_NOBODY, SN__WAITING_ASKED, SN__WAITING_READY, SN__WAITING_GONE };

struct sn__waiting {
    enum sn__waiting_state state;
    bool was_ready;
    uint32_t serial;
    int listener; /* what it waits for is answered here */
    uint64_t notification;
    /* what PID 1 sees of it; NULL: nobody waits */
    uint64_t *put_bytes; /* that the caller has put into files meanwhile */
    uint64_t *go_ns;     /* when it was let go */
};

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
    uint64_t circumstances;      /* in which it is made: of a caller that has places */
    uint64_t kind;               /* of stem that could be used */
    uint32_t uses;               /* of its place, by sandboxes just before that a stem could have served */
    struct sn__stem *stem;       /* of its place, which forked PID 1; or NULL */
    int tree_fd;                 /* of what its tree is a copy, while it is made; or -1 */
    struct sn__network *network; /* its namespace, if that may be used again; or NULL */
    uint64_t layers;             /* in force */
    struct sn__steps steps;      /* of its creation */
    uint32_t landlock_abi;
    uint32_t apparmor;             /* enum sn__apparmor_state */
    int landlock_fd;               /* PID 1's number of its ruleset, or -1 */
    uint64_t left_bytes;           /* in files of earlier runs: memory of the next one */
    uint32_t serial;               /* of the latest run or file operation */
    atomic_bool busy;              /* a run or a file operation is going on */
    uint32_t claims, quiet_claims; /* how often it was claimed, and for what cannot have touched its network */
    bool may_have_keys;            /* one of its runs may have left some */
    bool is_dead;                  /* PID 1 was found gone */
    struct sn__armed *armed;       /* NULL: nothing ever was */
    struct sn__waiting waiting;
    bool cannot_arm;    /* this host, or what is around us, does not let it */
    uint8_t bad_forks;  /* in a row, of templates that live */
    bool is_single_use; /* there will be no run after the first */
    uint32_t runs;      /* started so far */
    pid_t owner;        /* the process that made it; a child that it forked has a copy of all this */
};

/* sn_sandbox_create() of what has been checked; a copy of `spec` is kept. */
int sn__sandbox_create(const struct sn__spec *spec, sn_sandbox **ret_sandbox, sn_error **ret_error);

/* Is this the process that made it? Another one must not touch what both have: sockets, the epoll set, groups. */
bool sn__sandbox_is_ours(const sn_sandbox *sandbox);
int sn__sandbox_refuse_other(sn_error **ret_error);

/* Claims the sandbox for one operation: SN_EBUSY, SN_EDIED, SN_EINVAL for another process. */
int sn__sandbox_claim(sn_sandbox *sandbox, sn_error **ret_error);
void sn__sandbox_release(sn_sandbox *sandbox);
/* What the claim is for: a run under a policy (NULL: none), or files. Not said: it may be anything. */
void sn__sandbox_note_policy(sn_sandbox *sandbox, const sn_policy *policy);
void sn__sandbox_note_files(sn_sandbox *sandbox);

/*
 * Takes what PID 1 says of the armed child, which may come while something else is waited for; false: it is about
 * something else. `fd` is taken with it.
 */
struct sn__message;
bool sn__sandbox_hear(sn_sandbox *sandbox, const struct sn__message *message, int fd);

/* PID 1 does not answer any more: marks the sandbox dead and makes the error. */
int sn__sandbox_died(sn_sandbox *sandbox, const char *step, sn_error **ret_error);

#endif
