/* SPDX-License-Identifier: MIT */
#ifndef JOBS_EVENTS_EVENTS_H
#define JOBS_EVENTS_EVENTS_H

#include "common/failure.h"
#include "common/uuid.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What happens in a job while it happens, from who executes it to who watches it, and back (input, cancelling). Two
 * implementations, chosen by the URL:
 *   memory:                both are in this process
 *   postgresql://...       rows of an unlogged table, told of by NOTIFY; one connection listens
 * One conformance suite (tests/service/parts/test_events*) runs against both.
 *
 * Events are for watching: what must not be lost is in the store. Those of a job are kept until events_forget(), at
 * most EVENTS_JOB_BYTES of them, from the first one on: from the first output on that does not fit, no output is kept
 * any more, but what is not output (EVENT_STATE, EVENT_CASE, EVENT_END) still is. So who subscribes late sees the
 * beginning of the output without a hole, and how it ends; who is subscribed is told everything. Any thread may call
 * anything.
 */
struct events;

#define EVENTS_JOB_BYTES (4U << 20)

enum event_kind {
    EVENT_STATE = 1, /* data: a JSON object: status, at, attempt */
    EVENT_COMPILE,   /* data: bytes of the compiler's output */
    EVENT_STDOUT,    /* data: bytes */
    EVENT_STDERR,    /* data: bytes */
    EVENT_CASE,      /* data: a JSON object: index, status, time, memory; nothing hidden */
    EVENT_END        /* data: a JSON object: status; the result is in the store by now. The last of a job. */
};

/*
 * sequence ascends within a job: when its attempt began in the upper 32 bits, so a later attempt's events come after an
 * earlier one's (numbers of attempts come again after a job was handed back), and a count from 1 in the lower ones.
 * EVENT_END has the greatest, UINT64_MAX / 2.
 */
#define EVENT_SEQUENCE(began, count) ((uint64_t)(began) << 32 | (count))
#define EVENT_SEQUENCE_END (UINT64_MAX / 2)

/* Tenths of a second since 2026, of the time of a claim in microseconds: good for 6 years in 31 bits, and ascending. */
static inline uint32_t event_began(int64_t claimed_us)
{
    return (uint32_t)((claimed_us - INT64_C(1767225600000000)) / 100000) & 0x7fffffff;
}

struct event {
    struct uuid job;
    uint64_t sequence;
    enum event_kind kind;
    const void *data;
    size_t length;
};

int events_open(const char *url, struct events **ret_events, struct failure *failure);
/* Subscriptions have ended before. */
void events_close(struct events *events);
int events_ping(struct events *events, struct failure *failure);

/*
 * Publishes events of any jobs, each job's in ascending order. One that is there already (same job and sequence) is
 * dropped: publishing twice after a failure is safe.
 */
int events_publish(struct events *events, const struct event *list, size_t count, struct failure *failure);

/*
 * Called with one event after the other, each once, in order of its sequence; on a thread of the implementation, or on
 * the one that publishes or subscribes. It must not block and must not call into the events. `event` NULL: the
 * implementation lost its connection and cannot promise to have seen everything; who cares asks the store.
 */
typedef void (*event_function)(void *arg, const struct event *event);

struct subscription;
/* What is kept of the job with a sequence greater than `after` comes first, then what happens. */
int events_subscribe(struct events *events, const struct uuid *job, uint64_t after, event_function function, void *arg,
                     struct subscription **ret_subscription, struct failure *failure);
/* When it returns, the function is not running and will not be called. NULL is accepted. */
void events_unsubscribe(struct events *events, struct subscription *subscription);
/* Drops what is kept of a job; whoever is subscribed stays so. */
int events_forget(struct events *events, const struct uuid *job, struct failure *failure);

/* The way back: to whoever executes the job. */
enum control_kind {
    CONTROL_CANCEL = 1,
    CONTROL_STDIN = 2, /* data: bytes */
    CONTROL_STDIN_END = 3
};
#define CONTROL_DATA_MAX (64U << 10)

/* Sent to the executor of a job, in the order of the calls of one thread; lost if nobody executes it now. */
int events_control(struct events *events, const struct uuid *job, enum control_kind kind, const void *data,
                   size_t length, struct failure *failure);
/* Called on a thread of the implementation or the sender's; must not block nor call into the events. */
typedef void (*control_function)(void *arg, const struct uuid *job, enum control_kind kind, const void *data,
                                 size_t length);
/* One receiver a process, set once; it hears of the jobs that it watches. */
void events_on_control(struct events *events, control_function function, void *arg);
int events_watch(struct events *events, const struct uuid *job, struct failure *failure);
void events_unwatch(struct events *events, const struct uuid *job);

#endif
