/* SPDX-License-Identifier: MIT */
#ifndef SN_RESULT_VERDICT_H
#define SN_RESULT_VERDICT_H

#include "supervise/cgroup.h"

#include <sentinel/limits.h>
#include <sentinel/result.h>

#include <stdbool.h>

/* Everything that a verdict depends on. */
struct sn__evidence {
    int32_t exit_code; /* -1: a signal ended the first process */
    int32_t signal;    /* 0: it exited */
    uint64_t wall_ns;
    struct sn__usage usage;
    bool denied;               /* the listener saw a system call outside the policy */
    bool memory_refused_large; /* the listener refused a mapping larger than the memory limit */
    bool output_exceeded;      /* stdout or stderr went over output_bytes */
    bool wall_killed;          /* we killed it for wall time */
    bool cpu_killed;           /* we killed it for CPU time */
    bool memory_killed;        /* we killed it for memory (no cgroup: polling) */
    bool cancelled;            /* we killed it because the caller asked */
    bool broken;               /* the supervision itself failed */
};

/*
 * The verdict: a pure function of what was measured. Order, first match wins: broken; denied; output; memory (killed
 * for it, or any oom_kill: what went on afterwards is a consequence); cpu (killed, or used more than cpu_ms); wall
 * (same); cancelled; memory refused; processes; exit status.
 * A kill for memory with the peak below three quarters of the limit was not for our limit but for one above it (a
 * container's): INTERNAL_ERROR.
 * Memory refused: the program failed (non-zero or signal) after allocations failed with the peak at the limit (within
 * 1 MiB or 2 % of it), or after a refused large mapping.
 * Processes: the program failed after forks were refused.
 */
sn_verdict sn__verdict_decide(const struct sn__evidence *evidence, const sn_limits *limits, sn_limit *ret_limit);

#endif
