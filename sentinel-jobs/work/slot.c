/* SPDX-License-Identifier: MIT */
#include "work/parts.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "common/log.h"
#include "common/wallclock.h"
#include "job/request.h"
#include "job/result.h"

#include <string.h>

/* How long a slot waits in one call of queue_take(). */
enum { TAKE_MS = 1000 };
/* Between attempts at a dependency that is away: twice as long each time, up to the last. */
enum { RETRY_MS = 300, RETRY_MOST_MS = 10000 };

/* ---- what the executor says, on the client's thread -------------------------------------------------------------- */

static void add_notice(struct slot *slot, struct notice *notice)
{
    pthread_mutex_lock(&slot->lock);
    *slot->last = notice;
    slot->last = &notice->next;
    pthread_cond_signal(&slot->changed);
    pthread_mutex_unlock(&slot->lock);
}

void slot_on_status(void *arg, enum job_status status)
{
    struct notice *notice = calloc(1, sizeof(*notice));

    if (!notice)
        return; /* one that watches misses a line; the result tells the same */
    notice->what = NOTICE_STATUS;
    notice->status = status;
    notice->at = wallclock_us();
    add_notice(arg, notice);
}

void slot_on_output(void *arg, enum executor_stream stream, const void *data, size_t length)
{
    struct notice *notice = calloc(1, sizeof(*notice));

    if (!notice)
        return;
    notice->what = NOTICE_OUTPUT;
    notice->kind = stream == EXECUTOR_COMPILE_OUTPUT ? EVENT_COMPILE
                   : stream == EXECUTOR_STDERR       ? EVENT_STDERR
                                                     : EVENT_STDOUT;
    notice->data = malloc(length);
    if (!notice->data) {
        free(notice);
        return;
    }
    memcpy(notice->data, data, length);
    notice->length = length;
    add_notice(arg, notice);
}

void slot_on_case(void *arg, size_t index, const struct case_outcome *outcome)
{
    struct slot *slot = arg;
    struct notice *notice = calloc(1, sizeof(*notice));
    cleanup_json json_t *text = NULL;

    if (!notice)
        return;
    notice->what = NOTICE_CASE;
    text = index < slot->spec->case_count ? result_case_event(index, &slot->spec->cases[index], outcome) : NULL;
    notice->data = json_print(text, &notice->length);
    if (!notice->data) {
        free(notice);
        return;
    }
    add_notice(slot, notice);
}

void slot_input_lost(struct slot *slot)
{
    struct notice *notice = calloc(1, sizeof(*notice));

    if (!notice)
        return;
    notice->what = NOTICE_INPUT_LOST;
    add_notice(slot, notice);
}

void slot_on_end(void *arg, struct outcome *outcome)
{
    struct slot *slot = arg;

    pthread_mutex_lock(&slot->lock);
    slot->outcome = *outcome;
    *outcome = (struct outcome){0};
    slot->fate = SLOT_ENDED;
    pthread_cond_signal(&slot->changed);
    pthread_mutex_unlock(&slot->lock);
}

void slot_interrupt(struct slot *slot, bool *flag)
{
    uint64_t tag = 0;

    pthread_mutex_lock(&slot->lock);
    if (slot->is_busy) {
        *flag = true;
        tag = slot->tag;
    }
    pthread_mutex_unlock(&slot->lock);
    if (tag)
        executor_cancel(slot->work->client, tag);
}

/* ---- one job ----------------------------------------------------------------------------------------------------- */

/* What there is of a job while its slot has it. */
struct task {
    struct slot *slot;
    struct work *work;
    const struct work_options *options;
    const struct delivery *delivery;
    struct job *job;
    struct spec spec;
    struct job_times times;
    uint32_t count; /* of events */
    uint64_t begun_ns;
    bool are_events_lost; /* said once */
    char name[UUID_TEXT_SIZE];
    struct log_about about;
};

/*
 * One of our slots may have this job already: it was published twice, or came again by a new connection. Then the other
 * one sees to it; should this process die, its lease ends and the outbox publishes it.
 */
static bool reserve(struct slot *slot, const struct uuid *id)
{
    struct work *work = slot->work;
    bool is_taken = false;

    pthread_mutex_lock(&work->lock);
    for (unsigned i = 0; i < work->slot_count; i++)
        is_taken |= work->slots[i].has_taken && uuid_compare(&work->slots[i].taken, id) == 0;
    if (!is_taken) {
        slot->has_taken = true;
        slot->taken = *id;
    }
    pthread_mutex_unlock(&work->lock);
    return !is_taken;
}

static void unreserve(struct slot *slot)
{
    pthread_mutex_lock(&slot->work->lock);
    slot->has_taken = false;
    pthread_mutex_unlock(&slot->work->lock);
}

static void settle(struct task *task, enum queue_settlement settlement, const char *reason)
{
    struct failure failure;
    int error;

    /* Whoever gets it next may be another slot of ours, which is not to take it for one too many. */
    if (settlement == QUEUE_AGAIN)
        unreserve(task->slot);
    error = queue_settle(task->options->queue, task->delivery, settlement, reason, &failure);
    /* One that cannot be settled comes again, and store_claim() will know what has become of it. */
    if (error < 0 && error != FAIL_CONFLICT)
        log_line(LOG_WARN_LEVEL, &task->about, "a delivery was not settled: %s", failure.message);
}

static void publish(struct task *task, uint64_t sequence, enum event_kind kind, const void *data, size_t length)
{
    struct event event = {
        .job = task->delivery->message.job, .sequence = sequence, .kind = kind, .data = data, .length = length};
    struct failure failure;

    if (events_publish(task->options->events, &event, 1, &failure) == 0)
        return;
    if (!task->are_events_lost)
        log_line(LOG_WARN_LEVEL, &task->about, "events are not told: %s", failure.message);
    task->are_events_lost = true;
}

static void publish_next(struct task *task, enum event_kind kind, const void *data, size_t length)
{
    publish(task, EVENT_SEQUENCE(event_began(task->job->times.claimed), ++task->count), kind, data, length);
}

static void publish_state(struct task *task, uint64_t sequence, enum event_kind kind, enum job_status status,
                          int64_t at)
{
    cleanup_json json_t *object = json_pack("{s:s, s:o, s:I}", "status", job_status_name(status), "at", json_time(at),
                                            "attempt", (json_int_t)task->job->attempt);
    size_t length = 0;
    cleanup_free char *text = json_print(object, &length);

    if (text)
        publish(task, sequence, kind, text, length);
}

/* Something that is tried until it is done. */
struct patience {
    const char *what; /* "its result cannot be stored yet" */
    uint64_t pause_ms;
};

/* Waits for the next attempt, and says why once; true: there is to be none, as by work_pause(). */
static bool wait_again(struct task *task, struct patience *patience, const struct failure *failure)
{
    if (!patience->pause_ms) {
        log_line(LOG_WARN_LEVEL, &task->about, "%s: %s", patience->what, failure->message);
        patience->pause_ms = RETRY_MS;
    } else {
        patience->pause_ms *= 2;
    }
    if (patience->pause_ms > RETRY_MOST_MS)
        patience->pause_ms = RETRY_MOST_MS;
    return work_pause(task->work, patience->pause_ms);
}

static void end_waiting(struct task *task, const struct patience *patience, const char *what)
{
    if (patience->pause_ms)
        log_line(LOG_INFO_LEVEL, &task->about, "%s", what);
}

/*
 * Claims: 0, and the task has the job; 1: it was settled, there is nothing to do. The guard's word is only taken where
 * the queue does not say that an earlier taker is gone.
 */
static int claim(struct task *task)
{
    const struct work_options *options = task->options;
    const struct uuid *id = &task->delivery->message.job;
    bool takeover = task->delivery->is_redelivered;
    struct patience patience = {.what = "it cannot be claimed yet"};
    struct failure failure;

    if (takeover) {
        guard_take_over(options->guard, task->name, options->worker, options->lease_ms / 2, NULL);
    } else if (guard_claim(options->guard, task->name, options->worker, options->lease_ms / 2, NULL) == 0) {
        log_line(LOG_DEBUG_LEVEL, &task->about, "another worker has it: this delivery is one too many");
        settle(task, QUEUE_DONE, NULL);
        return 1;
    }
    for (;;) {
        int64_t now = wallclock_us();
        int error = store_claim(options->store, id, options->worker, now, now + (int64_t)options->lease_ms * 1000,
                                takeover, &task->job, &failure);

        if (error == 0) {
            end_waiting(task, &patience, "it is claimed now");
            return 0;
        }
        if (error == FAIL_NOT_FOUND) {
            log_line(LOG_WARN_LEVEL, &task->about, "the queue has a job that the store does not know");
            settle(task, QUEUE_DEAD, "no such job");
            break;
        }
        if (error == 1 || error == FAIL_CONFLICT) {
            log_line(LOG_DEBUG_LEVEL, &task->about, "it is %s: this delivery is one too many",
                     error == 1 ? "over" : "another worker's");
            settle(task, QUEUE_DONE, NULL);
            break;
        }
        if (wait_again(task, &patience, &failure)) {
            settle(task, QUEUE_AGAIN, NULL);
            break;
        }
    }
    guard_release(options->guard, task->name, options->worker, NULL);
    return 1;
}

/* Was it claimed only to be given up? */
static bool is_given_up(const struct task *task)
{
    return task->job->attempt > task->options->attempts_max;
}

/* Stores the end of a job, however long that takes: 0, or FAIL_CONFLICT: somebody else has ended it, or will. */
static int finish(struct task *task, enum job_status status, const char *result, uint64_t time_ms, uint64_t memory_kb)
{
    const struct work_options *options = task->options;
    struct store_outcome outcome = {.status = status,
                                    .result = result,
                                    .time_used_ms = time_ms,
                                    .memory_used_kb = memory_kb,
                                    .times = task->times,
                                    .is_given_up = is_given_up(task)};
    struct patience patience = {.what = "its result cannot be stored yet"};
    uint64_t begun = sn__now_ns();
    struct failure failure;
    int error;

    while ((error = store_finish(options->store, &task->job->id, task->job->attempt, &outcome, &failure)) < 0) {
        if (error == FAIL_CONFLICT || error == FAIL_NOT_FOUND)
            break;
        if (wait_again(task, &patience, &failure))
            break;
    }
    kill_point("after_commit");
    if (error < 0) {
        log_line(LOG_WARN_LEVEL, &task->about, "attempt %u came to nothing: %s", task->job->attempt, failure.message);
        return error;
    }
    end_waiting(task, &patience, "its result is stored now");
    metrics_observe(options->metrics, "sentinel_stage_seconds", (const char *const[]){"store", NULL},
                    (double)(sn__now_ns() - begun) / 1e9);
    return 0;
}

/* Everybody who watches, counts and waits is told that it is over. */
static void tell_end(struct task *task, enum job_status status)
{
    const struct work_options *options = task->options;
    const char *language = task->job->language;

    task->job->attempt -= is_given_up(task);
    publish_state(task, EVENT_SEQUENCE_END, EVENT_END, status, task->times.finished);
    work_count(task->work, language, status);
    metrics_add(options->metrics, "sentinel_executions_total",
                (const char *const[]){language, job_status_name(status), NULL}, 1);
    metrics_observe(options->metrics, "sentinel_execution_duration_seconds", (const char *const[]){language, NULL},
                    (double)(sn__now_ns() - task->begun_ns) / 1e9);
    log_line(LOG_INFO_LEVEL, &task->about, "%s: %s in attempt %u", language, job_status_name(status),
             task->job->attempt);
    if (options->on_finished)
        options->on_finished(options->arg);
}

/* A job that cannot or must not be executed. */
static void refuse(struct task *task, const char *reason, enum queue_settlement settlement)
{
    cleanup_free char *result = result_print_unexecuted(JOB_INTERNAL_ERROR, reason);
    int error;

    task->times.finished = wallclock_us();
    error = result ? finish(task, JOB_INTERNAL_ERROR, result, 0, 0) : FAIL_NOMEM;
    if (error == FAIL_UNAVAILABLE || error == FAIL_NOMEM) {
        settle(task, QUEUE_AGAIN, NULL);
        return;
    }
    settle(task, settlement, reason);
    if (error == 0)
        tell_end(task, JOB_INTERNAL_ERROR);
}

/* What the slot was told since it last looked; waits for something. */
static struct notice *await(struct slot *slot, enum slot_fate *ret_fate)
{
    struct notice *first;

    pthread_mutex_lock(&slot->lock);
    while (!slot->first && slot->fate == SLOT_RUNNING)
        pthread_cond_wait(&slot->changed, &slot->lock);
    first = slot->first;
    slot->first = NULL;
    slot->last = &slot->first;
    *ret_fate = slot->fate;
    pthread_mutex_unlock(&slot->lock);
    return first;
}

static void on_status(struct task *task, enum job_status status, int64_t at, bool has_ended)
{
    struct failure failure;

    if (status == JOB_COMPILING)
        task->times.compiling = at;
    else
        task->times.running = at;
    publish_state(task, EVENT_SEQUENCE(event_began(task->job->times.claimed), ++task->count), EVENT_STATE, status, at);
    /* Of a job that has ended meanwhile the result says as much, and a trip to the store is spared. */
    if (!has_ended && store_advance(task->options->store, &task->job->id, task->job->attempt, status, at, &failure) < 0)
        log_line(LOG_DEBUG_LEVEL, &task->about, "it is not noted that it is %s: %s", job_status_name(status),
                 failure.message);
}

#define INPUT_LOST "{\"status\":\"RUNNING\",\"input_lost\":true}"

/* Tells what happens until nothing more will. */
static enum slot_fate follow(struct task *task)
{
    enum slot_fate fate;

    do {
        struct notice *next;

        for (struct notice *notice = await(task->slot, &fate); notice; notice = next) {
            next = notice->next;
            if (notice->what == NOTICE_STATUS)
                on_status(task, notice->status, notice->at, fate == SLOT_ENDED);
            else if (notice->what == NOTICE_INPUT_LOST)
                publish_next(task, EVENT_STATE, INPUT_LOST, sizeof(INPUT_LOST) - 1);
            else if (notice->what == NOTICE_OUTPUT)
                publish_next(task, notice->kind, notice->data, notice->length);
            else
                publish_next(task, EVENT_CASE, notice->data, notice->length);
            free(notice->data);
            free(notice);
        }
    } while (fate == SLOT_RUNNING);
    return fate;
}

static void observe_stage(struct task *task, const char *stage, int64_t from, int64_t to)
{
    if (from > 0 && to >= from)
        metrics_observe(task->options->metrics, "sentinel_stage_seconds", (const char *const[]){stage, NULL},
                        (double)(to - from) / 1e6);
}

static void add_span(struct task *task, const struct trace_context *parent, const char *name, int64_t from, int64_t to,
                     struct trace_context *ret_context)
{
    const struct trace_attribute attributes[] = {
        {"sentinel.job_id", task->name}, {"sentinel.language", task->job->language}, {NULL, NULL}};
    struct trace_span span = {.name = name, .start_us = from, .end_us = to, .attributes = attributes};

    if (from <= 0 || to < from)
        return;
    trace_begin(parent, &span.context);
    memcpy(span.parent_id, parent->span_id, sizeof(span.parent_id));
    if (ret_context)
        *ret_context = span.context;
    tracer_add(task->options->tracer, &span);
}

/* The stages as histograms and spans. */
static void account(struct task *task)
{
    const struct job_times *times = &task->times;
    int64_t compiled = times->running ? times->running : times->finished;
    struct trace_context context;
    struct trace_context job_context;

    observe_stage(task, "queue", times->created, times->claimed);
    observe_stage(task, "compile", times->compiling, compiled);
    observe_stage(task, "run", times->running, times->finished);
    if (!task->options->tracer || !trace_parse(task->job->traceparent, &context))
        return;
    job_context = context;
    add_span(task, &context, "job", times->created, wallclock_us(), &job_context);
    add_span(task, &job_context, "queue", times->created, times->claimed, NULL);
    add_span(task, &job_context, "compile", times->compiling, compiled, NULL);
    add_span(task, &job_context, "run", times->running, times->finished, NULL);
    add_span(task, &job_context, "store", times->finished, wallclock_us(), NULL);
}

/* A checker that fails is the submitter's mistake: it must not wake an operator. */
static void count_failure(const struct task *task, const struct outcome *outcome)
{
    const char *reason = outcome->reason ? outcome->reason : "no result";

    log_line(outcome->is_checker_to_blame ? LOG_INFO_LEVEL : LOG_ERROR_LEVEL, &task->about, "%s", reason);
    metrics_add(task->options->metrics,
                outcome->is_checker_to_blame ? "sentinel_checker_failures_total" : "sentinel_sandbox_failures_total",
                NULL, 1);
}

/* The outcome is known: durable first, settled then, told last. */
static void conclude(struct task *task, const struct outcome *outcome)
{
    cleanup_free char *result = result_print(outcome, &task->spec);
    enum job_status status = outcome->status;
    int error;

    task->times.finished = wallclock_us();
    if (!result) {
        /* Out of memory, of one job's result: it is told, and the job is not executed for ever. */
        status = JOB_INTERNAL_ERROR;
        result = result_print_unexecuted(status, "the result is larger than there is memory for it");
    }
    if (status == JOB_INTERNAL_ERROR)
        count_failure(task, outcome);
    error = result ? finish(task, status, result, result_time_ms(outcome), result_memory_kb(outcome)) : FAIL_NOMEM;
    if (error == FAIL_UNAVAILABLE || error == FAIL_NOMEM) {
        settle(task, QUEUE_AGAIN, NULL);
        return;
    }
    settle(task, QUEUE_DONE, NULL);
    if (error == 0) {
        tell_end(task, status);
        account(task);
    }
}

/* For another worker, at once. */
static void hand_back(struct task *task)
{
    struct failure failure;
    int error = store_release(task->options->store, &task->job->id, task->job->attempt, &failure);

    if (error == FAIL_CONFLICT) {
        settle(task, QUEUE_DONE, NULL); /* another attempt has it */
        return;
    }
    if (error < 0)
        log_line(LOG_WARN_LEVEL, &task->about, "it is not handed back, and waits for its lease to end: %s",
                 failure.message);
    settle(task, QUEUE_AGAIN, NULL);
}

static void execute(struct task *task)
{
    struct slot *slot = task->slot;
    struct outcome outcome;
    struct failure failure;
    enum slot_fate fate;
    uint64_t tag = 0;
    bool is_interrupted;
    bool is_lost;

    pthread_mutex_lock(&slot->lock);
    slot->is_busy = true;
    slot->id = task->job->id;
    slot->attempt = task->job->attempt;
    slot->spec = &task->spec;
    slot->tag = 0;
    slot->is_cancelled = slot->is_lost = slot->is_returned = false;
    slot->fate = SLOT_RUNNING;
    pthread_mutex_unlock(&slot->lock);

    if (executor_start(task->work->client, &task->job->id, &task->spec, slot, &tag, &failure) < 0) {
        pthread_mutex_lock(&slot->lock);
        slot->is_busy = false;
        fate = slot->fate;
        pthread_mutex_unlock(&slot->lock);
        if (fate == SLOT_GONE || failure.code == FAIL_CLOSED)
            settle(task, QUEUE_AGAIN, NULL);
        else
            refuse(task, failure.message, QUEUE_DONE);
        return;
    }
    pthread_mutex_lock(&slot->lock);
    slot->tag = tag;
    is_interrupted = slot->is_cancelled || slot->is_lost || slot->is_returned;
    pthread_mutex_unlock(&slot->lock);
    if (is_interrupted)
        executor_cancel(task->work->client, tag);
    kill_point("mid_run");
    fate = follow(task);

    pthread_mutex_lock(&slot->lock);
    outcome = slot->outcome;
    slot->outcome = (struct outcome){0};
    is_lost = slot->is_lost;
    is_interrupted = slot->is_returned && !slot->is_cancelled && outcome.status == JOB_CANCELLED;
    pthread_mutex_unlock(&slot->lock);
    if (fate == SLOT_GONE) {
        settle(task, QUEUE_AGAIN, NULL);
    } else if (is_lost) {
        settle(task, QUEUE_DONE, NULL);
    } else if (is_interrupted) {
        hand_back(task);
    } else {
        conclude(task, &outcome);
    }
    outcome_free(&outcome);
    /* Its lease is prolonged until here. */
    pthread_mutex_lock(&slot->lock);
    slot->is_busy = false;
    slot->spec = NULL;
    pthread_mutex_unlock(&slot->lock);
}

static int read_spec(struct task *task)
{
    static const struct request_bounds no_bounds;
    struct request_error why;
    struct failure failure;
    cleanup_json json_t *document = NULL;
    int error = json_parse(task->job->spec, strlen(task->job->spec), &document, &failure);

    if (error == 0)
        error = request_parse(document, &no_bounds, &task->spec, &why);
    return error;
}

static void take_on(struct task *task)
{
    const struct work_options *options = task->options;
    char reason[160];

    kill_point("before_claim");
    if (!reserve(task->slot, &task->delivery->message.job)) {
        settle(task, QUEUE_DONE, NULL);
        return;
    }
    /* Before the claim: from then on it can be cancelled by a message. */
    events_watch(options->events, &task->delivery->message.job, NULL);
    if (claim(task) == 0) {
        task->about.traceparent = task->job->traceparent;
        task->times = task->job->times;
        task->times.compiling = task->times.running = task->times.finished = 0;
        kill_point("after_claim");
        if (is_given_up(task)) {
            snprintf(reason, sizeof(reason), "given up: %u times whoever executed it died", options->attempts_max);
            refuse(task, reason, QUEUE_DEAD);
        } else if (read_spec(task) < 0) {
            refuse(task, "it is not understood: it was accepted by another version", QUEUE_DEAD);
        } else {
            execute(task);
        }
        guard_release(options->guard, task->name, options->worker, NULL);
    }
    events_unwatch(options->events, &task->delivery->message.job);
    unreserve(task->slot);
    spec_free(&task->spec);
    job_free(task->job);
}

void *slot_main(void *arg)
{
    struct slot *slot = arg;
    struct work *work = slot->work;
    const struct work_options *options = &work->options;

    for (;;) {
        struct delivery delivery;
        struct failure failure;
        int got = queue_take(options->queue, TAKE_MS, &delivery, &failure);

        if (got == FAIL_CLOSED)
            return NULL;
        if (got < 0) {
            log_debug("nothing can be taken: %s", failure.message);
            if (work_pause(work, RETRY_MS))
                return NULL;
            continue;
        }
        if (got == 1) {
            struct task task = {
                .slot = slot, .work = work, .options = options, .delivery = &delivery, .begun_ns = sn__now_ns()};

            uuid_print(&delivery.message.job, task.name);
            task.about = (struct log_about){.job = &delivery.message.job};
            if (delivery.is_malformed) {
                log_warn("the queue has a message that is none of ours");
                settle(&task, QUEUE_DEAD, "malformed");
            } else if (work_pause(work, 0)) {
                settle(&task, QUEUE_AGAIN, NULL); /* the executor is gone */
                return NULL;
            } else {
                take_on(&task);
            }
        }
    }
}
