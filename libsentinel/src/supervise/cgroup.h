/* SPDX-License-Identifier: MIT */
#ifndef SN_SUPERVISE_CGROUP_H
#define SN_SUPERVISE_CGROUP_H

#include <sentinel/error.h>
#include <sentinel/limits.h>

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Theory of operation
 *
 * Every sandbox owns a slot (plan/slot.h), and in each hierarchy one group "sentinel/s<slot>" with two kinds of leaves:
 * "init" holds the sandbox's PID 1, "r<n>" the processes of a run. A run gets a leaf that is fresh or as good as that:
 * its counters start at zero and page cache that an earlier run dirtied is not charged to it. The leaf is removed, or
 * kept for the next run, when the run's figures have been read; "s<slot>" goes with the sandbox.
 *
 * Whoever holds a slot owns the groups of that name: one that is there when a slot is taken was left by a host that
 * died, and is killed and removed (sn__cgroup_reap_stale() does that for all free slots).
 *
 * Creation is in two moves because a cgroup namespace is rooted where its creator sits: PID 1 is in "s<slot>" itself
 * when it gets its cgroup namespace, and moves to "s<slot>/init" then (v2 does not allow processes beside enabled
 * controllers). Seen from inside, nothing above "s<slot>" exists. On v1 the launcher goes first, PID 1 is born there,
 * and each moves itself, by its single thread: moving another process makes the kernel wait until no thread anywhere
 * is about to fork or exit, which is a grace period of RCU where nobody has moved one lately. On v2 only whole
 * processes can be moved, so the host does it: enter(), and after PID 1 has unshared its cgroup namespace settle().
 */

/* What one run used. Times in nanoseconds, sizes in bytes; all figures since the run's leaf was made. */
struct sn__usage {
    uint64_t cpu_ns;
    uint64_t user_ns;
    uint64_t system_ns;
    uint64_t throttled_ns;
    uint64_t memory_peak;
    uint64_t memory_refused;    /* times that an allocation at the limit found nothing left to reclaim */
    uint64_t oom_kills;         /* processes of the run that the kernel killed for memory */
    uint64_t processes_refused; /* forks and threads refused: pids.events max */
    const char *cpu_source;     /* static strings */
    const char *memory_source;
};

#define SN__CGROUP_JOIN_MAX 8

/* How a new process gets into the leaf of a run. */
struct sn__cgroup_join {
    int clone_into;                 /* v2: directory for CLONE_INTO_CGROUP, or -1 */
    int procs[SN__CGROUP_JOIN_MAX]; /* v1: write "0" to each of these from inside the new process, while it has one
                                       thread */
    uint32_t procs_count;
};

/* How a sandbox's PID 1 gets into its groups by itself: v1. Descriptors to write "0" to, owned by who asked for them.
 */
struct sn__cgroup_launch {
    int launcher[SN__CGROUP_JOIN_MAX]; /* by the process that will clone PID 1 */
    uint32_t launcher_count;
    int init; /* then by PID 1, which has its cgroup namespace by then; or -1 */
};

#define cleanup_launch __attribute__((cleanup(sn__cgroup_launch_clear)))
void sn__cgroup_launch_clear(struct sn__cgroup_launch *launch);

struct sn__cgroup;     /* the groups of one sandbox */
struct sn__cgroup_run; /* the leaf of one run */

struct sn__cgroup_driver {
    const char *name; /* "v2", "v1" */

    /* Makes "s<slot>" (after killing and removing one left by a dead host). */
    int (*create)(const char *parent, uint32_t slot, uid_t init_uid, struct sn__cgroup **ret_cgroup,
                  sn_error **ret_error);
    /*
     * Makes the leaf of PID 1 and opens what it and its launcher enter the groups by; then enter() and settle() are not
     * called. NULL: the hierarchy cannot be entered so. To be cleared, on failure too.
     */
    int (*launch)(struct sn__cgroup *cgroup, struct sn__cgroup_launch *ret_launch, sn_error **ret_error);
    /* Puts the sandbox's PID 1 into "s<slot>", then (settle) makes its leaf, moves it there, enables controllers. */
    int (*enter)(struct sn__cgroup *cgroup, pid_t init, sn_error **ret_error);
    int (*settle)(struct sn__cgroup *cgroup, pid_t init, sn_error **ret_error);
    /* Confines what will be in it to a list of processors (cpuset.h); before enter(). Errors as of cpuset.h. */
    int (*confine)(struct sn__cgroup *cgroup, const char *cpus, sn_error **ret_error);
    /* Puts PID 1 where it is confined to its processors, if confine() was called: before its cgroup namespace is made.
     */
    int (*enter_cpus)(struct sn__cgroup *cgroup, pid_t init, sn_error **ret_error);
    /*
     * Makes the leaf of a run with its limits in force (all fields resolved: nothing is 0 but cpu_percent).
     * `has_files`: earlier runs of the sandbox left some, which may be charged to a leaf that is kept, and count apart.
     */
    int (*run_begin)(struct sn__cgroup *cgroup, const sn_limits *limits, bool has_files,
                     struct sn__cgroup_run **ret_run, sn_error **ret_error);
    /* The descriptors stay owned by the run. */
    void (*run_join)(const struct sn__cgroup_run *run, struct sn__cgroup_join *ret_join);
    /* CPU time so far: cheap, called while the run goes on. */
    int (*run_cpu)(const struct sn__cgroup_run *run, uint64_t *ret_cpu_ns);
    /* What it used until now is not the program's: run_cpu() and run_usage() count from here on. */
    void (*run_mark)(struct sn__cgroup_run *run);
    /* Opens now what run_usage() will read, some more descriptors, for a run that is got ready ahead. */
    void (*run_keep_open)(struct sn__cgroup_run *run);
    /*
     * A descriptor that becomes readable when the run is out of memory, for hosts whose kernel then kills one process
     * and lets the others go on (v1); -1 where it kills all of them (v2 memory.oom.group). Owned by the run.
     */
    int (*run_oom_fd)(const struct sn__cgroup_run *run);
    /* All figures; called once, when no process is left in it. */
    int (*run_usage)(struct sn__cgroup_run *run, struct sn__usage *ret_usage, sn_error **ret_error);
    /*
     * SIGKILL for everything in it, however many times it forks, and then waits (at most a second) until it is empty.
     * A process that is on its way in by `procs` is reached only once it has written to all of them.
     */
    void (*run_kill)(const struct sn__cgroup_run *run);
    /*
     * Removes the leaf (killing what is left) and frees; or keeps it for a run with the same limits, in this sandbox or
     * the next one that has these groups, if all of its counters can be put where those of a fresh one begin. NULL is
     * accepted.
     */
    void (*run_end)(struct sn__cgroup_run *run);
    /* How long groups above the sandbox's own were throttled by now, nanoseconds; 0 also where it cannot be told. */
    uint64_t (*throttled_above)(const struct sn__cgroup *cgroup);
    /* Kills what is left, removes the groups and frees. NULL is accepted. */
    void (*destroy)(struct sn__cgroup *cgroup);
    /* In a process that was forked from the one that has them: gives the copies back. NULL is accepted. */
    void (*forget)(struct sn__cgroup *cgroup);
    /*
     * Whether the groups of a sandbox whose processes are all dead are as create() made them; then launch() may be
     * called again. NULL: never.
     */
    bool (*is_as_new)(struct sn__cgroup *cgroup);
    /* Removes the groups of slots nobody holds. */
    void (*reap_stale)(const char *parent);
};

extern const struct sn__cgroup_driver sn__cgroup_v1;
extern const struct sn__cgroup_driver sn__cgroup_v2;

/*
 * Picks the driver this process can use here and the parent to give it (to be freed). `wanted` is the caller's
 * cgroup_parent or NULL. SN_EHOST with a message that says what is missing and the command that gives it.
 */
int sn__cgroup_pick(const char *wanted, const struct sn__cgroup_driver **ret_driver, char **ret_parent,
                    sn_error **ret_error);
/* The same; what it found is kept, by a descriptor, and used again while no mount and no group of this process changes.
 */
int sn__cgroup_pick_again(const char *wanted, const struct sn__cgroup_driver **ret_driver, char **ret_parent,
                          sn_error **ret_error);
void sn__cgroup_forget(void);

#endif
