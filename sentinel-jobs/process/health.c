/* SPDX-License-Identifier: MIT */
#include "process/health.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void health_alive(void *arg, const struct http_request *request, struct http_response *response)
{
    static const char text[] = "{\"status\":\"ok\"}";

    (void)arg;
    (void)request;
    http_respond(response, 200, "application/json", strdup(text), sizeof(text) - 1);
}

/* ---- what it depends on ------------------------------------------------------------------------------------------ */

struct watch {
    struct health *health;
    struct health_check check;
    pthread_t thread;
    uint64_t asked_ns; /* 0: nothing is to be answered */
    uint64_t answers;  /* how many there were */
    int error;         /* the last one */
    struct failure failure;
};

struct health {
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t asked;
    pthread_cond_t answered;
    bool is_stopping;
    size_t count; /* of those that have a thread */
    struct watch watches[HEALTH_CHECKS_MAX];
};

static int ask_store(void *store, struct failure *failure)
{
    return store_ping(store, failure);
}

static int ask_queue(void *queue, struct failure *failure)
{
    return queue_ping(queue, failure);
}

static int ask_events(void *events, struct failure *failure)
{
    return events_ping(events, failure);
}

static int ask_guard(void *guard, struct failure *failure)
{
    return guard_ping(guard, failure);
}

void health_dependencies(struct store *store, struct queue *queue, struct events *events, struct guard *guard,
                         struct health_check *ret_checks)
{
    ret_checks[HEALTH_STORE] = (struct health_check){"store", ask_store, store};
    ret_checks[HEALTH_QUEUE] = (struct health_check){"queue", ask_queue, queue};
    ret_checks[HEALTH_EVENTS] = (struct health_check){"events", ask_events, events};
    ret_checks[HEALTH_GUARD] = (struct health_check){"guard", ask_guard, guard};
}

static void *watch_main(void *arg)
{
    struct watch *watch = arg;
    struct health *health = watch->health;

    pthread_mutex_lock(&health->lock);
    for (;;) {
        struct failure failure = {0};
        int error;

        while (!watch->asked_ns && !health->is_stopping)
            pthread_cond_wait(&health->asked, &health->lock);
        if (health->is_stopping)
            break;
        pthread_mutex_unlock(&health->lock);
        error = watch->check.ask(watch->check.arg, &failure);
        pthread_mutex_lock(&health->lock);
        watch->error = error;
        watch->failure = failure;
        watch->asked_ns = 0;
        watch->answers++;
        pthread_cond_broadcast(&health->answered);
    }
    pthread_mutex_unlock(&health->lock);
    return NULL;
}

int health_start(const struct health_check *checks, size_t count, struct health **ret_health, struct failure *failure)
{
    struct health *health = calloc(1, sizeof(*health));
    bool has_threads = true;

    if (!health)
        return fail_nomem(failure);
    pthread_mutex_init(&health->lock, NULL);
    pthread_cond_init(&health->asked, NULL);
    pthread_cond_init(&health->answered, NULL);
    for (size_t i = 0; has_threads && i < count; i++) {
        struct watch *watch = &health->watches[i];

        watch->health = health;
        watch->check = checks[i];
        has_threads = pthread_create(&watch->thread, NULL, watch_main, watch) == 0;
        health->count += has_threads;
    }
    if (!has_threads) {
        health_stop(health);
        return fail(failure, FAIL_INTERNAL, "no thread to ask for the health of what is depended on");
    }
    *ret_health = health;
    return 0;
}

void health_stop(struct health *health)
{
    if (!health)
        return;
    pthread_mutex_lock(&health->lock);
    health->is_stopping = true;
    pthread_cond_broadcast(&health->asked);
    pthread_mutex_unlock(&health->lock);
    for (size_t i = 0; i < health->count; i++)
        pthread_join(health->watches[i].thread, NULL);
    pthread_cond_destroy(&health->answered);
    pthread_cond_destroy(&health->asked);
    pthread_mutex_destroy(&health->lock);
    free(health);
}

/* Waits for an answer after the first `seen` of them; under the lock. */
static bool await(struct health *health, const struct watch *watch, uint64_t seen, uint64_t until_ns)
{
    struct timespec until = sn__timespec(until_ns);
    int error = 0;

    while (watch->answers == seen && error == 0)
        error = pthread_cond_clockwait(&health->answered, &health->lock, CLOCK_MONOTONIC, &until);
    return watch->answers != seen;
}

/* Is it up? */
static bool add(json_t *checks, const struct watch *watch, bool is_answered, bool with_reason)
{
    bool is_up = is_answered && watch->error >= 0;
    char late[40];

    snprintf(late, sizeof(late), "no answer within %d ms", HEALTH_PATIENCE_MS);
    json_object_set_new(
        checks, watch->check.name,
        json_pack("{s:s, s:o}", "status", is_up ? "up" : "down", "reason",
                  is_up || !with_reason ? json_null() : json_text(is_answered ? watch->failure.message : late)));
    return is_up;
}

json_t *health_ask(struct health *health, bool with_reasons, bool *ret_is_ready)
{
    json_t *checks = json_object();
    uint64_t until[HEALTH_CHECKS_MAX];
    uint64_t seen[HEALTH_CHECKS_MAX];
    bool is_ready = true;

    pthread_mutex_lock(&health->lock);
    for (size_t i = 0; i < health->count; i++) {
        struct watch *watch = &health->watches[i];

        if (!watch->asked_ns)
            watch->asked_ns = sn__now_ns();
        until[i] = watch->asked_ns + HEALTH_PATIENCE_MS * UINT64_C(1000000);
        seen[i] = watch->answers;
    }
    pthread_cond_broadcast(&health->asked);
    for (size_t i = 0; i < health->count; i++) {
        const struct watch *watch = &health->watches[i];

        is_ready &= add(checks, watch, await(health, watch, seen[i], until[i]), with_reasons);
    }
    pthread_mutex_unlock(&health->lock);
    *ret_is_ready = is_ready;
    return json_pack("{s:s, s:o}", "status", is_ready ? "ready" : "degraded", "checks", checks);
}

/* ---- metrics ----------------------------------------------------------------------------------------------------- */

char *health_metrics(struct metrics *metrics, struct work *work, const struct tracer *tracer, size_t *ret_length)
{
    struct work_figures figures;

    if (work) {
        work_figures(work, &figures);
        metrics_set(metrics, "sentinel_slots", NULL, figures.slots);
        metrics_set(metrics, "sentinel_slots_busy", NULL, figures.active);
    }
    metrics_raise(metrics, "sentinel_trace_spans_dropped_total", NULL, (double)tracer_dropped(tracer));
    return metrics_print(metrics, ret_length);
}
