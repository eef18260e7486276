/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SERVICE_EVENTS_COLLECTOR_H
#define TESTS_SERVICE_EVENTS_COLLECTOR_H

#include "events/events.h"

/* cmocka.h wants these first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/*
 * Who is subscribed in the tests of events: what it is told may come on any thread at any time, so it is gathered
 * here, and the test waits for what it expects, for half a minute at most.
 */
struct heard {
    uint64_t sequence;
    enum event_kind kind;
    size_t length;
    unsigned char *data;
};

struct collector {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct uuid job;
    bool is_over;           /* unsubscribed: nothing may come any more */
    unsigned wrong_job;     /* how often it was told what it must not be */
    unsigned after_its_end; /* the same */
    unsigned out_of_order;  /* the same: not greater than the one before */
    size_t count;
    size_t capacity;
    struct heard *heard;
};

static inline void collector_init(struct collector *collector, const struct uuid *job)
{
    memset(collector, 0, sizeof(*collector));
    pthread_mutex_init(&collector->mutex, NULL);
    pthread_cond_init(&collector->changed, NULL);
    collector->job = *job;
}

static inline void collector_clear(struct collector *collector)
{
    for (size_t i = 0; i < collector->count; i++)
        free(collector->heard[i].data);
    free(collector->heard);
    pthread_cond_destroy(&collector->changed);
    pthread_mutex_destroy(&collector->mutex);
}

/* An event_function. `event` NULL says that some may be missing, which no test here brings about or looks at. */
static inline void collector_add(void *arg, const struct event *event)
{
    struct collector *collector = arg;

    if (!event)
        return;
    pthread_mutex_lock(&collector->mutex);
    if (collector->count == collector->capacity) {
        collector->capacity = collector->capacity ? 2 * collector->capacity : 64;
        collector->heard = realloc(collector->heard, collector->capacity * sizeof(*collector->heard));
        if (!collector->heard)
            abort();
    }
    collector->wrong_job += uuid_compare(&event->job, &collector->job) != 0;
    collector->after_its_end += collector->is_over;
    collector->out_of_order +=
        collector->count > 0 && event->sequence <= collector->heard[collector->count - 1].sequence;
    collector->heard[collector->count] = (struct heard){
        .sequence = event->sequence, .kind = event->kind, .length = event->length, .data = malloc(event->length + 1)};
    if (!collector->heard[collector->count].data)
        abort();
    if (event->length > 0)
        memcpy(collector->heard[collector->count].data, event->data, event->length);
    collector->count++;
    pthread_cond_broadcast(&collector->changed);
    pthread_mutex_unlock(&collector->mutex);
}

static inline struct timespec collector_deadline(void)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 30;
    return until;
}

/* Until there are so many, or one of that sequence (or a greater one); false after half a minute. */
static inline bool collector_wait(struct collector *collector, size_t count, uint64_t sequence)
{
    struct timespec until = collector_deadline();
    bool is_there;
    int error = 0;

    pthread_mutex_lock(&collector->mutex);
    for (;;) {
        is_there =
            collector->count >= count &&
            (sequence == 0 || (collector->count > 0 && collector->heard[collector->count - 1].sequence >= sequence));
        if (is_there || error == ETIMEDOUT)
            break;
        error = pthread_cond_timedwait(&collector->changed, &collector->mutex, &until);
    }
    pthread_mutex_unlock(&collector->mutex);
    return is_there;
}

/* After this nothing may come; what did come is then the test's alone to look at. */
static inline void collector_end(struct collector *collector, struct events *events, struct subscription *subscription)
{
    events_unsubscribe(events, subscription);
    pthread_mutex_lock(&collector->mutex);
    collector->is_over = true;
    pthread_mutex_unlock(&collector->mutex);
}

static inline bool collector_is_clean(const struct collector *collector)
{
    return collector->wrong_job == 0 && collector->after_its_end == 0 && collector->out_of_order == 0;
}

/* A thread that publishes 1 to `last` in calls of random size, then the end; `acknowledged` is what is there for sure.
 */
struct publisher {
    pthread_t thread;
    struct events *events;
    struct uuid job;
    uint64_t last;
    unsigned seed;
    _Atomic uint64_t acknowledged;
    int error;
};

static inline void *publish_all(void *arg)
{
    struct publisher *publisher = arg;
    struct event list[16];
    uint64_t next = 1;

    while (next <= publisher->last + 1 && publisher->error == 0) {
        size_t count = 1 + (size_t)rand_r(&publisher->seed) % (sizeof(list) / sizeof(list[0]));
        size_t filled = 0;

        for (; filled < count && next <= publisher->last + 1; filled++, next++)
            list[filled] = (struct event){.job = publisher->job,
                                          .sequence = next <= publisher->last ? next : EVENT_SEQUENCE_END,
                                          .kind = next <= publisher->last ? EVENT_STDOUT : EVENT_END,
                                          .data = "abcdefgh",
                                          .length = next % 9};
        publisher->error = events_publish(publisher->events, list, filled, NULL);
        atomic_store(&publisher->acknowledged, next - 1);
    }
    return NULL;
}

/* Is it `after` + 1, + 2 and so on, without a gap, to wherever it ended? */
static inline bool is_gapless(const struct collector *collector, uint64_t after, uint64_t last)
{
    for (size_t i = 0; i < collector->count; i++) {
        uint64_t expected = after + 1 + i <= last ? after + 1 + i : EVENT_SEQUENCE_END;

        if (collector->heard[i].sequence != expected ||
            collector->heard[i].length != (expected == EVENT_SEQUENCE_END ? last + 1 : expected) % 9)
            return false;
    }
    return collector_is_clean(collector);
}

#endif
