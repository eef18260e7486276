/* SPDX-License-Identifier: MIT */
#include "work/work.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "common/log.h"
#include "common/wallclock.h"
#include "work/parts.h"

#include <signal.h>
#include <string.h>

#ifdef JOBS_KILL_POINTS
void kill_point(const char *name)
{
    const char *wanted = getenv("SENTINEL_KILL_AT");

    if (wanted && strcmp(wanted, name) == 0)
        raise(SIGKILL);
}
#endif

static struct timespec deadline_in(uint64_t ms)
{
    uint64_t ns = sn__now_ns() + ms * 1000000;

    return sn__timespec(ns);
}

bool work_pause(struct work *work, uint64_t ms)
{
    struct timespec until = deadline_in(ms);
    bool is_stopping;
    int error = 0;

    pthread_mutex_lock(&work->lock);
    while (!work->is_stopping && error == 0)
        error = pthread_cond_clockwait(&work->changed, &work->lock, CLOCK_MONOTONIC, &until);
    is_stopping = work->is_stopping;
    pthread_mutex_unlock(&work->lock);
    return is_stopping;
}

void work_count(struct work *work, const char *language, enum job_status status)
{
    const char *name = job_status_name(status);
    json_t *of_language;

    pthread_mutex_lock(&work->lock);
    of_language = json_object_get(work->counts, language);
    if (!of_language) {
        of_language = json_object();
        json_object_set_new(work->counts, language, of_language);
    }
    json_object_set_new(of_language, name, json_integer(json_integer_value(json_object_get(of_language, name)) + 1));
    pthread_mutex_unlock(&work->lock);
}

static void on_gone(void *owner)
{
    struct work *work = owner;
    void (*tell)(void *arg);
    void *arg;

    pthread_mutex_lock(&work->lock);
    work->is_gone = true;
    work->is_stopping = true;
    tell = work->options.on_gone;
    arg = work->options.arg;
    pthread_cond_broadcast(&work->changed);
    pthread_mutex_unlock(&work->lock);
    for (unsigned i = 0; i < work->slot_count; i++) {
        struct slot *slot = &work->slots[i];

        pthread_mutex_lock(&slot->lock);
        if (slot->fate == SLOT_RUNNING)
            slot->fate = SLOT_GONE;
        pthread_cond_broadcast(&slot->changed);
        pthread_mutex_unlock(&slot->lock);
    }
    if (tell)
        tell(arg);
}

/* What a client sends to whoever executes a job. */
static void on_control(void *arg, const struct uuid *job, enum control_kind kind, const void *data, size_t length)
{
    struct work *work = arg;

    for (unsigned i = 0; i < work->slot_count; i++) {
        struct slot *slot = &work->slots[i];
        bool is_this;
        uint64_t tag;

        pthread_mutex_lock(&slot->lock);
        is_this = slot->is_busy && uuid_compare(&slot->id, job) == 0;
        tag = slot->tag;
        pthread_mutex_unlock(&slot->lock);
        if (!is_this)
            continue;
        if (kind == CONTROL_CANCEL)
            slot_interrupt(slot, &slot->is_cancelled);
        else if (kind == CONTROL_STDIN && (!tag || executor_stdin(work->client, tag, data, length, NULL) == FAIL_LIMIT))
            slot_input_lost(slot);
        else if (kind == CONTROL_STDIN_END && tag)
            executor_stdin_end(work->client, tag);
    }
}

static void free_work(struct work *work)
{
    for (unsigned i = 0; i < work->slot_count; i++) {
        pthread_mutex_destroy(&work->slots[i].lock);
        pthread_cond_destroy(&work->slots[i].changed);
    }
    free(work->slots);
    json_decref(work->counts);
    pthread_mutex_destroy(&work->lock);
    pthread_cond_destroy(&work->changed);
    free(work);
}

int work_connect(int socket, struct work **ret_work, struct failure *failure)
{
    static const struct executor_listener listener = {.on_status = slot_on_status,
                                                      .on_output = slot_on_output,
                                                      .on_case = slot_on_case,
                                                      .on_end = slot_on_end,
                                                      .on_gone = on_gone};
    struct work *work = calloc(1, sizeof(*work));
    int error;

    if (!work) {
        sn__close(socket);
        return fail_nomem(failure);
    }
    pthread_mutex_init(&work->lock, NULL);
    pthread_cond_init(&work->changed, NULL);
    work->counts = json_object();
    error = executor_connect(socket, &listener, work, &work->client, failure);
    if (error < 0) {
        free_work(work);
        return error;
    }
    work->hello = executor_hello(work->client);
    work->slots = calloc(work->hello->slots, sizeof(*work->slots));
    if (!work->slots || !work->counts) {
        executor_disconnect(work->client);
        free_work(work);
        return fail_nomem(failure);
    }
    for (unsigned i = 0; i < work->hello->slots; i++) {
        struct slot *slot = &work->slots[i];

        slot->work = work;
        slot->last = &slot->first;
        pthread_mutex_init(&slot->lock, NULL);
        pthread_cond_init(&slot->changed, NULL);
    }
    pthread_mutex_lock(&work->lock);
    work->slot_count = work->hello->slots;
    pthread_mutex_unlock(&work->lock);
    *ret_work = work;
    return 0;
}

const struct executor_hello *work_hello(const struct work *work)
{
    return work->hello;
}

static void begin_executions(struct work *work, enum job_status status)
{
    for (size_t i = 0; i < work->hello->language_count; i++)
        metrics_add(work->options.metrics, "sentinel_executions_total",
                    (const char *const[]){work->hello->languages[i].name, job_status_name(status), NULL}, 0);
}

/*
 * From the beginning, for the same reason as counters without labels: the first failures of a process are an increase,
 * too. Those first: where languages are many, a family may have no room for all the rest.
 */
static void begin_figures(struct work *work)
{
    begin_executions(work, JOB_INTERNAL_ERROR);
    for (size_t i = 0; job_statuses[i] >= 0; i++)
        if (job_status_is_over((enum job_status)job_statuses[i]))
            begin_executions(work, (enum job_status)job_statuses[i]);
}

int work_start(struct work *work, const struct work_options *options, struct failure *failure)
{
    bool is_gone;

    pthread_mutex_lock(&work->lock);
    work->options = *options;
    work->started = wallclock_us();
    is_gone = work->is_gone;
    pthread_mutex_unlock(&work->lock);
    if (is_gone)
        return fail(failure, FAIL_CLOSED, "the executor is gone");
    begin_figures(work);
    events_on_control(options->events, on_control, work);
    if (pthread_create(&work->keeper, NULL, keeper_main, work) != 0)
        return fail(failure, FAIL_INTERNAL, "no thread for the keeper of leases");
    work->has_keeper = true;
    for (unsigned i = 0; i < work->slot_count; i++) {
        if (pthread_create(&work->slots[i].thread, NULL, slot_main, &work->slots[i]) != 0)
            return fail(failure, FAIL_INTERNAL, "no thread for slot %u", i);
        work->slots[i].has_thread = true;
    }
    return 0;
}

void work_figures(struct work *work, struct work_figures *ret_figures)
{
    struct work_figures figures = {.slots = work->slot_count};

    for (unsigned i = 0; i < work->slot_count; i++) {
        pthread_mutex_lock(&work->slots[i].lock);
        figures.active += work->slots[i].is_busy;
        pthread_mutex_unlock(&work->slots[i].lock);
    }
    *ret_figures = figures;
}

void work_hurry(struct work *work)
{
    pthread_mutex_lock(&work->lock);
    work->is_hurried = true;
    pthread_cond_broadcast(&work->changed);
    pthread_mutex_unlock(&work->lock);
}

void work_drain(struct work *work, uint64_t bound_ms)
{
    struct timespec until = deadline_in(bound_ms);
    struct work_figures figures;

    pthread_mutex_lock(&work->lock);
    if (work->is_draining || !work->options.queue) {
        pthread_mutex_unlock(&work->lock);
        return;
    }
    work->is_draining = true;
    pthread_mutex_unlock(&work->lock);
    queue_stop(work->options.queue);
    for (;;) {
        struct timespec look_again = deadline_in(50);
        bool is_over;

        work_figures(work, &figures);
        if (figures.active == 0)
            break;
        pthread_mutex_lock(&work->lock);
        is_over = work->is_hurried || work->is_stopping || (look_again.tv_sec > until.tv_sec) ||
                  (look_again.tv_sec == until.tv_sec && look_again.tv_nsec >= until.tv_nsec);
        if (!is_over)
            pthread_cond_clockwait(&work->changed, &work->lock, CLOCK_MONOTONIC, &look_again);
        pthread_mutex_unlock(&work->lock);
        if (is_over)
            break;
    }
    if (figures.active > 0)
        log_warn("handing back %u jobs that did not end in time", figures.active);
    for (unsigned i = 0; i < work->slot_count; i++)
        slot_interrupt(&work->slots[i], &work->slots[i].is_returned);
}

void work_stop(struct work *work)
{
    if (!work)
        return;
    work_drain(work, 0);
    pthread_mutex_lock(&work->lock);
    work->is_stopping = true;
    pthread_cond_broadcast(&work->changed);
    pthread_mutex_unlock(&work->lock);
    for (unsigned i = 0; i < work->slot_count; i++)
        if (work->slots[i].has_thread)
            pthread_join(work->slots[i].thread, NULL);
    if (work->has_keeper)
        pthread_join(work->keeper, NULL);
    if (work->options.events)
        events_on_control(work->options.events, NULL, NULL);
    executor_disconnect(work->client);
    free_work(work);
}
