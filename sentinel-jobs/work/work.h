/* SPDX-License-Identifier: MIT */
#ifndef JOBS_WORK_WORK_H
#define JOBS_WORK_WORK_H

#include "events/events.h"
#include "executor/client.h"
#include "guard/guard.h"
#include "observe/host.h"
#include "observe/metrics.h"
#include "observe/trace.h"
#include "queue/queue.h"
#include "store/store.h"

/*
 * Theory of operation. The consumer of the queue, the same in a worker and in a server that executes by itself. There
 * is a thread for each slot of the executor (slot.c): it takes a delivery, claims the job, has it executed, tells what
 * happens, stores the result, and only then settles the delivery. It holds one job at a time, so nothing is taken that
 * cannot be executed now. One more thread, the keeper (keeper.c), prolongs the leases of what is being executed, learns
 * what was cancelled or lost, and tells the store that this worker lives.
 *
 * A dependency that is away is waited for: a job that was taken stays taken, a result that could not be stored is kept.
 * What others may then have done to the job is decided by the store alone, by its attempts.
 */
struct work;

struct work_options {
    struct store *store;
    struct queue *queue;
    struct events *events;
    struct guard *guard;
    struct metrics *metrics;
    struct tracer *tracer; /* NULL: none */
    struct host *host;     /* whose figures the worker's record has, read by this work alone; NULL: none */
    const char *worker;    /* its name, for the store: at most 79 bytes */
    uint32_t attempts_max;
    uint64_t lease_ms;
    /* A job ended: a webhook may be due. May be NULL. */
    void (*on_finished)(void *arg);
    /* The executor is gone: nothing is executed any more, the process is to end. Any thread. */
    void (*on_gone)(void *arg);
    void *arg;
};

/*
 * Waits for the executor at the other end of `socket` (which it takes over) to say that it is ready; takes nothing yet:
 * the caller may have to open the queue with as many deliveries as there are slots. *ret_work ends by work_stop().
 */
int work_connect(int socket, struct work **ret_work, struct failure *failure);
const struct executor_hello *work_hello(const struct work *work);
/* Begins to take. Everything the options point to outlives the work. */
int work_start(struct work *work, const struct work_options *options, struct failure *failure);

/*
 * No new job is taken, and those that are being executed have so long to end; what has not by then is handed back, for
 * others at once and without counting as an attempt. Blocks.
 */
void work_drain(struct work *work, uint64_t bound_ms);
/* The same from a thread that waits in work_drain(): the bound is over now. */
void work_hurry(struct work *work);
/* Drains with a bound of nothing, if that was not done, and ends everything. NULL is accepted. */
void work_stop(struct work *work);

struct work_figures {
    uint32_t slots;
    uint32_t active;
};
void work_figures(struct work *work, struct work_figures *ret_figures);

#endif
