/* SPDX-License-Identifier: MIT */
#include "pulse.h"

#include "base/clock.h"
#include "common/wallclock.h"

#include <pthread.h>

struct pulse {
    struct api *api;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_stopping;
    bool is_queue_down; /* as the log was told */
    bool is_store_away; /* the same */
};

static void tell_up(struct metrics *metrics, const char *name, bool is_up)
{
    metrics_set(metrics, "sentinel_dependency_up", (const char *const[]){name, NULL}, is_up);
}

static void look_at_queue(struct pulse *pulse)
{
    struct api *api = pulse->api;
    struct queue_depth depth;
    struct failure failure;
    bool is_away = queue_depth(api->queue, &depth, &failure) < 0;
    /* One that can be read may still take nothing: then what is accepted waits in the store. */
    bool is_down = is_away || queue_ping(api->queue, &failure) < 0;

    if (is_down && !pulse->is_queue_down)
        log_warn("the queue is away: %s", failure.message);
    else if (!is_down && pulse->is_queue_down)
        log_info("the queue is back");
    pulse->is_queue_down = is_down;
    api->is_queue_away = is_away;
    tell_up(api->metrics, "queue", !is_down);
    if (is_away)
        return;
    api->waiting = depth.ready;
    metrics_set(api->metrics, "sentinel_queue_depth", (const char *const[]){"ready", NULL}, (double)depth.ready);
    metrics_set(api->metrics, "sentinel_queue_depth", (const char *const[]){"unsettled", NULL},
                (double)depth.unsettled);
    metrics_set(api->metrics, "sentinel_queue_depth", (const char *const[]){"dead", NULL}, (double)depth.dead);
}

static void look_at_store(struct pulse *pulse)
{
    struct api *api = pulse->api;
    struct worker_record *workers = NULL;
    size_t count = 0;
    struct failure failure;
    bool is_away = store_ping(api->store, &failure) < 0 ||
                   store_worker_list(api->store, wallclock_us() - WORKER_AGE_US, &workers, &count, &failure) < 0;

    if (is_away && !pulse->is_store_away)
        log_warn("the store is away: %s", failure.message);
    else if (!is_away && pulse->is_store_away)
        log_info("the store is back");
    pulse->is_store_away = is_away;
    tell_up(api->metrics, "store", !is_away);
    if (is_away)
        return;
    metrics_set(api->metrics, "sentinel_workers_active", NULL, (double)count);
    store_workers_free(workers, count);
}

static void look_at_rest(struct api *api)
{
    tell_up(api->metrics, "events", events_ping(api->events, NULL) == 0);
    tell_up(api->metrics, "guard", guard_ping(api->guard, NULL) == 0);
}

static void look_at_host(struct api *api)
{
    struct host_figures figures;

    host_read(api->host, &figures);
    host_tell(api->metrics, &figures);
}

static void *pulse_main(void *arg)
{
    struct pulse *pulse = arg;
    bool is_stopping;

    do {
        uint64_t ns;
        struct timespec until;
        int error = 0;

        look_at_queue(pulse);
        look_at_store(pulse);
        look_at_rest(pulse->api);
        look_at_host(pulse->api);
        ns = sn__now_ns() + 1000000000;
        until = sn__timespec(ns);
        pthread_mutex_lock(&pulse->lock);
        while (!pulse->is_stopping && error == 0)
            error = pthread_cond_clockwait(&pulse->changed, &pulse->lock, CLOCK_MONOTONIC, &until);
        is_stopping = pulse->is_stopping;
        pthread_mutex_unlock(&pulse->lock);
    } while (!is_stopping);
    return NULL;
}

int pulse_start(struct api *api, struct pulse **ret_pulse, struct failure *failure)
{
    struct pulse *pulse = calloc(1, sizeof(*pulse));

    if (!pulse)
        return fail_nomem(failure);
    pulse->api = api;
    pthread_mutex_init(&pulse->lock, NULL);
    pthread_cond_init(&pulse->changed, NULL);
    if (pthread_create(&pulse->thread, NULL, pulse_main, pulse) != 0) {
        free(pulse);
        return fail(failure, FAIL_INTERNAL, "no thread for the pulse");
    }
    *ret_pulse = pulse;
    return 0;
}

void pulse_stop(struct pulse *pulse)
{
    if (!pulse)
        return;
    pthread_mutex_lock(&pulse->lock);
    pulse->is_stopping = true;
    pthread_cond_signal(&pulse->changed);
    pthread_mutex_unlock(&pulse->lock);
    pthread_join(pulse->thread, NULL);
    pthread_mutex_destroy(&pulse->lock);
    pthread_cond_destroy(&pulse->changed);
    free(pulse);
}
