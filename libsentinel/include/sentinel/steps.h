/* SPDX-License-Identifier: MIT */
/* where the time of a creation and of a run goes */
#ifndef SENTINEL_STEPS_H
#define SENTINEL_STEPS_H

#include <sentinel/result.h>
#include <sentinel/sandbox.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One of the steps that make up a creation or a run, in the order in which they were made. */
typedef struct sn_step {
    const char *name;  /* one word, for a report; a static string */
    uint64_t ns;       /* how long it took by the clock, nanoseconds */
    uint32_t is_ahead; /* 1: it was made before the run was asked for (SN_ARM_...) */
    uint32_t reserved; /* 0 */
} sn_step;

/*
 * Those of the sandbox's creation: place (its number, uids and groups), plan (what it will see), clone (PID 1 with its
 * namespaces), ids (the id maps, and groups that are entered from outside), setup (what PID 1 does but mounts), mounts.
 * The array lives as long as the sandbox.
 */
SN_API const sn_step *sn_sandbox_steps(const sn_sandbox *sandbox, size_t *ret_count);

/*
 * Those of a run: prepare (from the call until PID 1 or a process that waited is told; the group and the pipes are in
 * it), clone (the program's process), join (its groups, its limits, standard input and output), confine (ids,
 * capabilities, keyring, Landlock), seccomp (loading the filter), exec, run (until the end of its first process), reap
 * (until no process of it exists and the caller's side knows), figures (output, counters, the verdict). Of a process
 * that waited, exec is part of run. The array lives as long as the result.
 */
SN_API const sn_step *sn_result_steps(const sn_result *result, size_t *ret_count);

#ifdef __cplusplus
}
#endif
#endif
