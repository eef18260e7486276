/* SPDX-License-Identifier: MIT */
#include "api/watch.h"

#include "base/cleanup.h"
#include "job/result.h"

#include <pthread.h>

/*
 * A waiter is freed by its stream's on_close(). Before it has a stream it belongs to the thread that made it; the
 * callback of events, which may come at any time from then on, touches what the lock guards only.
 */
struct waiter {
    struct api *api;
    struct uuid job;
    struct caller caller;
    struct subscription *subscription;
    pthread_mutex_t lock;
    struct http_stream *stream; /* NULL: not yet */
    bool has_ended;             /* before there was a stream */
    bool is_finished;           /* the stream was told */
};

static void free_waiter(struct waiter *waiter)
{
    events_unsubscribe(waiter->api->events, waiter->subscription);
    if (waiter->stream)
        http_stream_release(waiter->stream);
    pthread_mutex_destroy(&waiter->lock);
    free(waiter);
}

/* On the pool, when the job is over, or when the waiting is. */
static void answer(void *arg, const struct http_request *request, struct http_response *response)
{
    struct waiter *waiter = arg;
    cleanup_job struct job *job = NULL;
    struct failure failure;

    if (store_get(waiter->api->store, &waiter->job, STORE_WITH_SPEC | STORE_WITH_RESULT, &job, &failure) < 0) {
        answer_failure(response, request, &failure);
        return;
    }
    answer_json(response, request, job_status_is_over(job->status) ? 200 : 202,
                job_view(job, caller_view(&waiter->caller)));
}

static void finish(struct waiter *waiter)
{
    struct http_stream *stream = NULL;

    pthread_mutex_lock(&waiter->lock);
    waiter->has_ended = true;
    if (waiter->stream && !waiter->is_finished) {
        waiter->is_finished = true;
        stream = waiter->stream;
    }
    pthread_mutex_unlock(&waiter->lock);
    /* It cannot go away here: on_close() waits in events_unsubscribe() until this callback has returned. */
    if (stream)
        http_stream_finish(stream, answer, waiter);
}

static void on_event(void *arg, const struct event *event)
{
    /* Where events may have been missed, the answer is what the store knows by now. */
    if (!event || event->kind == EVENT_END)
        finish(arg);
}

static void on_close(void *arg)
{
    free_waiter(arg);
}

int waiter_make(struct api *api, const struct uuid *job, struct waiter **ret_waiter, struct failure *failure)
{
    struct waiter *waiter = calloc(1, sizeof(*waiter));
    int error;

    if (!waiter)
        return fail_nomem(failure);
    waiter->api = api;
    waiter->job = *job;
    pthread_mutex_init(&waiter->lock, NULL);
    error = events_subscribe(api->events, job, 0, on_event, waiter, &waiter->subscription, failure);
    if (error < 0) {
        pthread_mutex_destroy(&waiter->lock);
        free(waiter);
        return error;
    }
    *ret_waiter = waiter;
    return 0;
}

void waiter_attach(struct waiter *waiter, const struct http_request *request, struct http_response *response,
                   const struct caller *caller, uint64_t wait_ms)
{
    static const struct http_stream_handlers handlers = {.on_close = on_close, .on_timeout = answer};
    struct http_stream *stream = NULL;
    struct failure failure;
    bool has_ended;

    waiter->caller = *caller;
    if (http_respond_stream(request, response, HTTP_STREAM_WAIT, &handlers, waiter, wait_ms, &stream, &failure) < 0) {
        answer_failure(response, request, &failure);
        free_waiter(waiter);
        return;
    }
    pthread_mutex_lock(&waiter->lock);
    waiter->stream = stream;
    has_ended = waiter->has_ended && !waiter->is_finished;
    waiter->is_finished |= has_ended;
    pthread_mutex_unlock(&waiter->lock);
    if (has_ended)
        http_stream_finish(stream, answer, waiter);
}

void waiter_drop(struct waiter *waiter)
{
    if (waiter)
        free_waiter(waiter);
}
