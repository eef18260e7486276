/* SPDX-License-Identifier: MIT */
#include "work/relay.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "common/log.h"
#include "common/wallclock.h"

#include <pthread.h>
#include <string.h>

enum {
    BATCH = 256,           /* published and marked together */
    PENDING_MAX = 1 << 16, /* beyond, jobs are left to the outbox */
    SWEEP_MS = 1000,       /* between looks into the outbox */
    RETIRE_MS = 600000,
};
/* A job that is younger is about to be published by who accepted it. */
#define OUTBOX_AGE_US INT64_C(2000000)

struct relay {
    struct relay_options options;
    pthread_t thread;
    pthread_mutex_t lock; /* for all below */
    pthread_cond_t changed;
    struct queue_message *pending; /* a ring would not be simpler: it is taken whole */
    size_t count;
    size_t capacity;
    bool is_stopping;
};

void relay_add(struct relay *relay, const struct queue_message *message)
{
    pthread_mutex_lock(&relay->lock);
    if (relay->count == relay->capacity && relay->capacity < PENDING_MAX) {
        size_t capacity = relay->capacity ? relay->capacity * 2 : BATCH;
        struct queue_message *grown = reallocarray(relay->pending, capacity, sizeof(*grown));

        if (grown) {
            relay->pending = grown;
            relay->capacity = capacity;
        }
    }
    /* One that finds no room is in the outbox all the same. */
    if (relay->count < relay->capacity)
        relay->pending[relay->count++] = *message;
    pthread_cond_signal(&relay->changed);
    pthread_mutex_unlock(&relay->lock);
}

/* 0 when the queue has them; marking that failed only means that they are published twice. */
static int publish(struct relay *relay, const struct queue_message *messages, size_t count)
{
    struct uuid ids[BATCH];
    struct failure failure;
    int error = queue_publish(relay->options.queue, messages, count, &failure);

    if (error < 0) {
        log_warn("%zu jobs wait in the outbox: %s", count, failure.message);
        return error;
    }
    for (size_t i = 0; i < count; i++)
        ids[i] = messages[i].job;
    if (store_mark_published(relay->options.store, ids, count, wallclock_us(), &failure) < 0)
        log_warn("%zu jobs will be published twice: %s", count, failure.message);
    metrics_add(relay->options.metrics, "sentinel_jobs_published_total", NULL, (double)count);
    return 0;
}

/* What was added since; up to BATCH at a time. */
static size_t take(struct relay *relay, struct queue_message *batch)
{
    size_t count = relay->count < BATCH ? relay->count : BATCH;

    if (count == 0)
        return 0;
    memcpy(batch, relay->pending, count * sizeof(*batch));
    relay->count -= count;
    memmove(relay->pending, relay->pending + count, relay->count * sizeof(*batch));
    return count;
}

static void sweep_outbox(struct relay *relay, int64_t before)
{
    struct queue_message batch[BATCH];
    struct uuid ids[BATCH];
    struct failure failure;
    size_t count;

    do {
        if (store_unpublished(relay->options.store, before, ids, BATCH, &count, &failure) < 0) {
            log_warn("the outbox cannot be read: %s", failure.message);
            return;
        }
        for (size_t i = 0; i < count; i++)
            batch[i] = (struct queue_message){.job = ids[i]};
        if (count > 0)
            log_info("publishing %zu jobs of the outbox", count);
    } while (count > 0 && publish(relay, batch, count) == 0 && count == BATCH);
}

static void sweep(struct relay *relay)
{
    int64_t now = wallclock_us();
    struct failure failure;
    size_t count = 0;

    if (store_expire(relay->options.store, now, &count, &failure) == 0 && count > 0)
        log_warn("%zu jobs were left by whoever executed them, and go to others", count);
    sweep_outbox(relay, now - OUTBOX_AGE_US);
}

static void retire(struct relay *relay)
{
    int64_t now = wallclock_us();
    struct failure failure;
    size_t count = 0;
    /* Without retention nothing is old enough, but there is room to be made for the coming days. */
    int64_t before = relay->options.retention_us ? now - (int64_t)relay->options.retention_us : 0;

    if (store_retire(relay->options.store, before, now, &count, &failure) < 0)
        log_warn("what is past its retention stays: %s", failure.message);
    else if (count > 0)
        log_info("%zu jobs were past their retention", count);
}

static void *relay_main(void *arg)
{
    struct relay *relay = arg;
    struct queue_message batch[BATCH];
    uint64_t swept = 0;
    uint64_t retired = 0;

    if (relay->options.is_queue_volatile && store_recall(relay->options.store, NULL) < 0)
        log_warn("jobs that the queue may have forgotten are not looked for");
    for (;;) {
        struct timespec until;
        uint64_t now = sn__now_ns();
        bool is_stopping;
        size_t count;

        if (now - swept >= SWEEP_MS * UINT64_C(1000000)) {
            sweep(relay);
            swept = now;
        }
        if (retired == 0 || now - retired >= RETIRE_MS * UINT64_C(1000000)) {
            retire(relay);
            retired = now;
        }
        now = swept + SWEEP_MS * UINT64_C(1000000);
        until = sn__timespec(now);
        pthread_mutex_lock(&relay->lock);
        if (relay->count == 0 && !relay->is_stopping)
            pthread_cond_clockwait(&relay->changed, &relay->lock, CLOCK_MONOTONIC, &until);
        count = take(relay, batch);
        is_stopping = relay->is_stopping && count == 0;
        pthread_mutex_unlock(&relay->lock);
        if (is_stopping)
            return NULL;
        if (count > 0 && publish(relay, batch, count) < 0) {
            pthread_mutex_lock(&relay->lock);
            is_stopping = relay->is_stopping;
            pthread_mutex_unlock(&relay->lock);
            if (is_stopping)
                return NULL;
        }
    }
}

int relay_start(const struct relay_options *options, struct relay **ret_relay, struct failure *failure)
{
    struct relay *relay = calloc(1, sizeof(*relay));

    if (!relay)
        return fail_nomem(failure);
    relay->options = *options;
    pthread_mutex_init(&relay->lock, NULL);
    pthread_cond_init(&relay->changed, NULL);
    if (pthread_create(&relay->thread, NULL, relay_main, relay) != 0) {
        free(relay);
        return fail(failure, FAIL_INTERNAL, "no thread for the relay");
    }
    *ret_relay = relay;
    return 0;
}

void relay_stop(struct relay *relay)
{
    if (!relay)
        return;
    pthread_mutex_lock(&relay->lock);
    relay->is_stopping = true;
    pthread_cond_signal(&relay->changed);
    pthread_mutex_unlock(&relay->lock);
    pthread_join(relay->thread, NULL);
    pthread_mutex_destroy(&relay->lock);
    pthread_cond_destroy(&relay->changed);
    free(relay->pending);
    free(relay);
}
