/* SPDX-License-Identifier: MIT */
/* sandboxes that are ready before they are asked for */
#ifndef SENTINEL_POOL_H
#define SENTINEL_POOL_H

#include <sentinel/run.h>
#include <sentinel/sandbox.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A pool keeps sandboxes of one configuration ready: made, and with their first run armed (SN_ARM_ALWAYS), so that a
 * job costs hardly more than its program. Each of them is given to one job and then destroyed; none is ever used for
 * another. Threads of the pool's own make and destroy them (they block every signal), off the path of the caller.
 *
 * Any number of threads may use a pool. It belongs to the process that made it: in a child forked from that,
 * sn_pool_take() and sn_pool_run() refuse (SN_EINVAL), and sn_pool_destroy() gives back the child's copies only.
 *
 * A pool hides what making and ending sandboxes costs, it does not spare it: it helps where jobs come with pauses.
 * Where they come faster than its threads make sandboxes, `missed` grows, and a job costs what it does with one of its
 * own; more ready ones carry it over a rush, more threads help where processors are idle. It is for commands: a program
 * in a language has a sandbox of its own, and SN_PROGRAM_CACHED and templates (sentinel/language.h) to be quick.
 *
 * A ready sandbox takes about 150 KiB of memory, no CPU time, and some 30 descriptors of this process.
 */
typedef struct sn_pool sn_pool;

/* What is kept ready. Call sn_pool_options_init() first. */
typedef struct sn_pool_options {
    size_t size;                       /* sizeof(sn_pool_options), set by sn_pool_options_init() */
    const sn_sandbox_options *sandbox; /* how they are made; NULL: all defaults */
    uint64_t max_age_ms;               /* one that has waited for longer is replaced; 0: 10 minutes */
    uint32_t ready;                    /* how many are kept ready, at most 1024; 0: two for each CPU */
    uint32_t threads;                  /* that make and destroy them, at most 64; 0: one */
} sn_pool_options;

/* Makes it all zero but the size. The _sized form is for bindings, with the size of their own layout. */
SN_API void sn_pool_options_init_sized(sn_pool_options *options, size_t size);
static inline void sn_pool_options_init(sn_pool_options *options)
{
    sn_pool_options_init_sized(options, sizeof(*options));
}

/*
 * Makes a pool; options NULL means all defaults. The first sandbox is made before it returns, so that a configuration
 * that cannot be had is refused here; the others follow. Everything the options point to may be freed afterwards.
 * *ret_pool ends by sn_pool_destroy(). Errors: those of sn_sandbox_create(); SN_ELIMIT: this process may not have the
 * descriptors that so many would take.
 */
SN_API int sn_pool_create(const sn_pool_options *options, sn_pool **ret_pool, sn_error **ret_error);

/*
 * Takes the sandbox that has waited longest. If none is ready it makes one, which takes as long as sn_sandbox_create().
 * It is the caller's: for any number of runs of one job. It ends by sn_pool_retire(), or by sn_sandbox_destroy(). Only
 * runs with the limits, the policy and the cwd of the pool's configuration start as fast as they can.
 * Errors: those of sn_sandbox_create().
 */
SN_API int sn_pool_take(sn_pool *pool, sn_sandbox **ret_sandbox, sn_error **ret_error);

/*
 * Has a sandbox of this pool destroyed in the background; a run in it must be over and freed. When more wait for that
 * than the pool keeps ready, the caller does it. NULL is accepted.
 */
SN_API void sn_pool_retire(sn_pool *pool, sn_sandbox *sandbox);

/*
 * One run in a sandbox of its own: takes one, runs, retires it. Errors: those of sn_pool_take() and sn_run().
 */
SN_API int sn_pool_run(sn_pool *pool, const sn_run_options *options, sn_result **ret_result, sn_error **ret_error);

/* How a pool is doing. Call sn_pool_status_init() first. */
typedef struct sn_pool_status {
    size_t size;       /* sizeof(sn_pool_status), set by sn_pool_status_init() */
    uint64_t taken;    /* since its creation */
    uint64_t missed;   /* of those, the times that none was ready */
    uint64_t replaced; /* that were too old, or had been killed from outside */
    uint64_t
        failed; /* that could not be made in the background; it is tried again, at ever longer intervals up to 5 s */
    uint32_t ready;   /* now */
    uint32_t retired; /* being destroyed, or waiting for it, now */
} sn_pool_status;

/* Makes it all zero but the size. The _sized form is for bindings, with the size of their own layout. */
SN_API void sn_pool_status_init_sized(sn_pool_status *status, size_t size);
static inline void sn_pool_status_init(sn_pool_status *status)
{
    sn_pool_status_init_sized(status, sizeof(*status));
}

/* Never blocks for long. Errors: SN_EINVAL. */
SN_API int sn_pool_status_get(sn_pool *pool, sn_pool_status *ret_status, sn_error **ret_error);

/*
 * Ends the pool: its threads end what they are at, and everything ready or retired is destroyed before this returns.
 * Sandboxes that were taken stay their takers'; they end by sn_sandbox_destroy() then. No other thread may be using the
 * pool. NULL is accepted.
 */
SN_API void sn_pool_destroy(sn_pool *pool);

#ifdef __cplusplus
}
#endif
#endif
