/* SPDX-License-Identifier: MIT */
#ifndef JOBS_EVENTS_MEMORY_CHANNEL_H
#define JOBS_EVENTS_MEMORY_CHANNEL_H

#include "events/events.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/queue.h>

/*
 * Theory of operation
 *
 * A channel is what there is of one job: a log and those who are subscribed. Its mutex is held while an event is added
 * to the log and told to every subscriber, and while a new subscriber is told what is in the log. So whoever subscribes
 * does so between two events: what is before is in the log, what comes after is told to it, nothing is missed or told
 * twice. The functions are called with that mutex held, and no other: a slow one holds up those who publish, subscribe
 * or unsubscribe for the same job, nobody else. It is also what unsubscribing waits for; the thread that runs the
 * functions is written down, so that it may unsubscribe from within one: the subscription then ends at once and is
 * freed when the function has returned.
 *
 * Beyond EVENTS_JOB_BYTES (with what an event itself needs) output is not kept any more, from the first event on that
 * does not fit: whoever subscribes later sees the beginning of the output without a hole, then what is not output
 * (states, cases, the end), which is always kept (within twice the bound; the end even then). Those who are subscribed
 * are told everything.
 */

struct event_entry {
    STAILQ_ENTRY(event_entry) next;
    uint64_t sequence;
    enum event_kind kind;
    size_t length;
    unsigned char data[];
};

struct subscription {
    TAILQ_ENTRY(subscription) in_channel;
    struct channel *channel;
    event_function function;
    void *arg;
    uint64_t last;
    bool is_ended; /* from within a function of its channel */
};

struct channel {
    struct uuid job; /* the first member: what the tree of channels compares */

    /* The hub's (memory.c), under its mutex. */
    size_t references;
    int64_t counted; /* bytes; may be below 0 for a moment, when a change is told before an earlier one */
    uint64_t since_ns;
    bool is_listed;
    bool is_ended;
    bool is_watched;
    TAILQ_ENTRY(channel) by_age;

    pthread_mutex_t mutex; /* for what is below */
    _Atomic(const void *) caller;
    STAILQ_HEAD(, event_entry) log;
    size_t log_bytes;
    bool is_full;
    bool has_end;
    uint64_t greatest;
    TAILQ_HEAD(, subscription) subscriptions;
    bool has_ended_subscriptions;
};

/* What a call changed, for the hub: to be told to it after the channel's mutex is free. */
struct channel_change {
    int64_t bytes;
    size_t subscriptions_ended;
    bool has_end;
};

/* NULL without memory. */
struct channel *channel_make(const struct uuid *job);
void channel_free(struct channel *channel);

/* Events of this job, in ascending order. FAIL_NOMEM: those before it are published. */
int channel_publish(struct channel *channel, const struct event *list, size_t count, struct channel_change *ret_change,
                    struct failure *failure);
/* The subscription is filled in but for `channel`. *ret_subscription is set before the first call of its function. */
void channel_subscribe(struct channel *channel, struct subscription *subscription,
                       struct subscription **ret_subscription, struct channel_change *ret_change);
/* False: this thread is in a function of the channel, which frees the subscription later. Else it is freed. */
bool channel_unsubscribe(struct channel *channel, struct subscription *subscription);
/* Drops the log. With must_not_wait: false if somebody uses the channel just now. */
bool channel_forget(struct channel *channel, bool must_not_wait, struct channel_change *ret_change);

#endif
