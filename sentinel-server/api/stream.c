/* SPDX-License-Identifier: MIT */
#include "api/cancel.h"
#include "api/errands.h"
#include "api/stream_message.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "job/result.h"

#include <pthread.h>
#include <string.h>

/*
 * Theory of operation. A viewer follows one job, by WebSocket or by server-sent events. Every message carries a
 * position, opaque to clients: the sequence of the event, and how many bytes of stdout and of stderr came up to it. Who
 * comes back with the latest position he saw goes on right behind it: from the events while the job is alive, and from
 * the stored result, by the byte, when it is over, on whichever server. A second attempt of a job (its worker died)
 * begins its output anew, and says so by "restart".
 *
 * Messages are made in the callback of events, on their thread. What needs the store (the result at the end) or waits
 * for somebody (input, cancelling, the subscription itself) is an errand; those of one viewer run one after the other.
 *
 * A client that reads slower than the program writes is not given more than it can take: the viewer looks away, and
 * subscribes again behind its position when the client has caught up. What the events have dropped meanwhile (they keep
 * a bounded amount) shows by a gap in their sequence; from there on output waits for the stored result.
 */
struct viewer {
    struct api *api;
    struct uuid job;
    struct caller caller;
    enum http_stream_kind kind;
    bool is_interactive; /* the program takes input while it runs */
    struct http_stream *stream;
    struct subscription *subscription;
    pthread_mutex_t lock;
    unsigned references; /* of the stream, and of each errand */
    size_t input_bytes;  /* on their way */
    bool is_over;        /* the end was told of, or is about to be */
    bool is_closed;
    bool is_running;     /* the program can be given input */
    struct input *first; /* input that came before */
    struct input **last;
    bool is_away;      /* what comes is not looked at: it will come again */
    bool has_gap;      /* output is missing: the rest comes with the result */
    uint64_t sequence; /* of the latest event before any gap */
    uint64_t out;
    uint64_t err;
};

/* More input than this on its way, and the client is too fast for the program. */
enum { INPUT_MAX = 1 << 20 };

struct input {
    struct input *next;
    struct viewer *viewer;
    struct stream_message message;
};

static void free_inputs(struct viewer *viewer)
{
    for (struct input *next, *input = viewer->first; input; input = next) {
        next = input->next;
        free(input->message.data);
        free(input);
    }
}

static void release(struct viewer *viewer)
{
    bool is_last;

    pthread_mutex_lock(&viewer->lock);
    is_last = --viewer->references == 0;
    pthread_mutex_unlock(&viewer->lock);
    if (!is_last)
        return;
    http_stream_release(viewer->stream);
    free_inputs(viewer);
    pthread_mutex_destroy(&viewer->lock);
    free(viewer);
}

static bool add_errand(struct viewer *viewer, void (*function)(void *arg), void *arg)
{
    pthread_mutex_lock(&viewer->lock);
    viewer->references++;
    pthread_mutex_unlock(&viewer->lock);
    if (errands_add(viewer->api->errands, viewer, function, arg) == 0)
        return true;
    release(viewer);
    return false;
}

/* ---- what is sent ------------------------------------------------------------------------------------------------ */

/* Takes the document over. */
static void send_document(struct viewer *viewer, const char *type, json_t *document)
{
    cleanup_buffer struct sn__buffer frame = {0};
    cleanup_free char *text = NULL;
    char position[64];

    snprintf(position, sizeof(position), "%llx.%llx.%llx", (unsigned long long)viewer->sequence,
             (unsigned long long)viewer->out, (unsigned long long)viewer->err);
    if (document) {
        json_object_set_new(document, "type", json_string(type));
        json_object_set_new(document, "position", json_string(position));
    }
    text = json_print(document, NULL);
    json_decref(document);
    if (!text)
        return;
    if (viewer->kind == HTTP_STREAM_SSE)
        sn__buffer_addf(&frame, "id: %s\nevent: %s\ndata: ", position, type);
    sn__buffer_add_string(&frame, text);
    if (viewer->kind == HTTP_STREAM_SSE)
        sn__buffer_add_string(&frame, "\n\n");
    if (!frame.failed)
        (viewer->is_over ? http_stream_send_last : http_stream_send)(viewer->stream, frame.data, frame.length);
}

static void send_output(struct viewer *viewer, const char *type, uint64_t *total, const void *data, size_t length)
{
    json_t *document = json_object();

    *total += length;
    if (document && json_set_bytes(document, "data", data, length) < 0) {
        json_decref(document);
        document = NULL;
    }
    send_document(viewer, type, document);
}

static void send_event_text(struct viewer *viewer, const char *type, const struct event *event)
{
    json_t *document = NULL;

    if (json_parse(event->data, event->length, &document, NULL) == 0)
        send_document(viewer, type, document);
}

/* Of an attempt that began at another time than what the client has seen: that is void. attempt: its number; 0: unknown
 */
static void restart_for(struct viewer *viewer, uint32_t began, uint32_t attempt)
{
    uint32_t seen = (uint32_t)(viewer->sequence >> 32);
    bool has_seen_nothing = viewer->sequence == 0;

    if (seen == began)
        return;
    viewer->sequence = EVENT_SEQUENCE(began, 0);
    viewer->has_gap = false;
    viewer->out = viewer->err = 0;
    if (has_seen_nothing)
        return;
    send_document(viewer, "restart", attempt ? json_pack("{s:I}", "attempt", (json_int_t)attempt) : json_object());
}

static void finish_by_store(void *arg);
static void look_again(void *arg);
static void begin_input(struct viewer *viewer);

/* Should this event be left for later, because the client does not keep up? */
static bool look_away(struct viewer *viewer)
{
    bool was_away;

    pthread_mutex_lock(&viewer->lock);
    was_away = viewer->is_away;
    pthread_mutex_unlock(&viewer->lock);
    if (was_away || !http_stream_is_behind(viewer->stream))
        return was_away;
    pthread_mutex_lock(&viewer->lock);
    viewer->is_away = true;
    pthread_mutex_unlock(&viewer->lock);
    /* It may have caught up before that was noted: then nobody would tell. */
    if (!http_stream_is_behind(viewer->stream))
        add_errand(viewer, look_again, viewer);
    return true;
}

/* Only changes of state tell it. */
static uint32_t attempt_of(const struct event *event)
{
    cleanup_json json_t *document = NULL;

    if (event->kind != EVENT_STATE || json_parse(event->data, event->length, &document, NULL) < 0)
        return 0;
    return (uint32_t)json_integer_value(json_object_get(document, "attempt"));
}

static void on_event(void *arg, const struct event *event)
{
    struct viewer *viewer = arg;

    if (look_away(viewer))
        return;
    if (!event || event->kind == EVENT_END) {
        /* Or nobody knows: the store does. */
        add_errand(viewer, finish_by_store, viewer);
        return;
    }
    restart_for(viewer, (uint32_t)(event->sequence >> 32), attempt_of(event));
    viewer->has_gap |= event->sequence > viewer->sequence + 1;
    if (!viewer->has_gap)
        viewer->sequence = event->sequence;
    else if (event->kind != EVENT_STATE && event->kind != EVENT_CASE)
        return;
    switch (event->kind) {
    case EVENT_STATE:
        send_event_text(viewer, "state", event);
        if (memmem(event->data, event->length, "\"RUNNING\"", strlen("\"RUNNING\"")))
            begin_input(viewer);
        break;
    case EVENT_CASE:
        send_event_text(viewer, "case", event);
        break;
    case EVENT_COMPILE: {
        uint64_t unused = 0;

        send_output(viewer, "compile_output", &unused, event->data, event->length);
        break;
    }
    case EVENT_STDOUT:
        send_output(viewer, "stdout", &viewer->out, event->data, event->length);
        break;
    case EVENT_STDERR:
        send_output(viewer, "stderr", &viewer->err, event->data, event->length);
        break;
    case EVENT_END:
        break;
    }
}

/* What of a stored output the client has not seen. */
static void send_rest(struct viewer *viewer, const json_t *view, const char *name, uint64_t *total)
{
    const json_t *value = json_object_get(view, name);
    cleanup_free char *decoded = NULL;
    const char *data = json_string_value(value);
    size_t length = json_string_length(value);
    char encoding[32];

    if (!data)
        return;
    snprintf(encoding, sizeof(encoding), "%s_encoding", name);
    if (strcmp(json_string_value(json_object_get(view, encoding)), "base64") == 0) {
        if (json_decode_base64(data, length, &decoded, &length) < 0)
            return;
        data = decoded;
    }
    if (length > *total)
        send_output(viewer, name, total, data + *total, length - *total);
}

static void send_end(struct viewer *viewer, const struct job *job)
{
    json_t *view = job_view(job, caller_view(&viewer->caller));
    uint32_t began = job->times.claimed ? event_began(job->times.claimed) : 0;

    restart_for(viewer, began, job->attempt);
    if (view) {
        send_rest(viewer, view, "stdout", &viewer->out);
        send_rest(viewer, view, "stderr", &viewer->err);
    }
    viewer->sequence = EVENT_SEQUENCE(began, UINT32_MAX);
    send_document(viewer, "result", view);
    http_stream_finish(viewer->stream, NULL, NULL);
}

/*
 * An errand: the job is over, or its events may have been missed. It touches what the callback does; that is not
 * running any more after an end, and of what is missed in the middle the events' own replay brings the rest.
 */
static void finish_by_store(void *arg)
{
    struct viewer *viewer = arg;
    struct job *job = NULL;
    struct failure failure;

    if (store_get(viewer->api->store, &viewer->job, STORE_WITH_SPEC | STORE_WITH_RESULT, &job, &failure) < 0) {
        log_line(LOG_WARN_LEVEL, &(struct log_about){.job = &viewer->job}, "a stream ends without the result: %s",
                 failure.message);
        http_stream_finish(viewer->stream, NULL, NULL); /* the client comes back with its position */
    } else if (job_status_is_over(job->status)) {
        bool is_first;

        pthread_mutex_lock(&viewer->lock);
        is_first = !viewer->is_over;
        viewer->is_over = true;
        pthread_mutex_unlock(&viewer->lock);
        if (is_first)
            send_end(viewer, job);
    }
    job_free(job);
    release(viewer);
}

/* ---- what comes -------------------------------------------------------------------------------------------------- */

static void refuse_message(const struct viewer *viewer, const char *code, const char *detail)
{
    cleanup_json json_t *document = json_pack("{s:s, s:s, s:s}", "type", "error", "code", code, "detail", detail);
    cleanup_free char *text = json_print(document, NULL);

    if (text)
        http_stream_send(viewer->stream, text, strlen(text));
}

static void cancel(const struct viewer *viewer)
{
    struct failure failure;
    int got = cancel_job(viewer->api, &viewer->caller, NULL, &viewer->job, &failure);

    if (got < 0 && got != FAIL_CONFLICT) {
        log_line(LOG_WARN_LEVEL, &(struct log_about){.job = &viewer->job}, "it cannot be cancelled: %s",
                 failure.message);
        refuse_message(viewer, "invalid_message", "it could not be cancelled now; try again");
    }
}

static void pass_on(const struct viewer *viewer, const struct stream_message *message)
{
    size_t sent = 0;
    struct failure failure;
    int error;

    do {
        size_t part = message->length - sent < CONTROL_DATA_MAX ? message->length - sent : CONTROL_DATA_MAX;

        error = events_control(viewer->api->events, &viewer->job, message->kind, message->data + sent, part, &failure);
        sent += part;
    } while (error == 0 && sent < message->length);
    if (error < 0)
        log_line(LOG_WARN_LEVEL, &(struct log_about){.job = &viewer->job}, "input is lost: %s", failure.message);
}

static void take_message(void *arg)
{
    struct input *input = arg;
    struct viewer *viewer = input->viewer;

    if (input->message.kind == CONTROL_CANCEL)
        cancel(viewer);
    else
        pass_on(viewer, &input->message);
    pthread_mutex_lock(&viewer->lock);
    viewer->input_bytes -= input->message.length;
    pthread_mutex_unlock(&viewer->lock);
    free(input->message.data);
    free(input);
    release(viewer);
}

/* The program runs: what came for it before is passed on, in order, ahead of what comes from now on. */
static void begin_input(struct viewer *viewer)
{
    struct input *next;

    pthread_mutex_lock(&viewer->lock);
    viewer->is_running = true;
    next = viewer->first;
    viewer->first = NULL;
    pthread_mutex_unlock(&viewer->lock);
    while (next) {
        struct input *input = next;

        next = input->next;
        if (!add_errand(viewer, take_message, input)) {
            free(input->message.data);
            free(input);
        }
    }
}

static void on_message(void *arg, const char *text, size_t length)
{
    struct viewer *viewer = arg;
    struct input *input = calloc(1, sizeof(*input));
    const char *detail = NULL;
    bool is_full;
    bool is_early;

    if (!input)
        return;
    input->viewer = viewer;
    if (!(viewer->caller.scopes & SCOPE_SUBMIT)) {
        refuse_message(viewer, "invalid_message", "this needs the scope submit");
        free(input);
        return;
    }
    if (stream_message_read(text, length, &input->message, &detail) < 0) {
        refuse_message(viewer, "invalid_message", detail);
        free(input);
        return;
    }
    if (!viewer->is_interactive && input->message.kind != CONTROL_CANCEL) {
        refuse_message(viewer, "not_interactive", "the submission is not interactive: all its input came with it");
        free(input->message.data);
        free(input);
        return;
    }
    pthread_mutex_lock(&viewer->lock);
    is_full = viewer->input_bytes + input->message.length > INPUT_MAX;
    is_early = !is_full && !viewer->is_running && input->message.kind != CONTROL_CANCEL;
    if (!is_full)
        viewer->input_bytes += input->message.length;
    if (is_early) {
        *(viewer->first ? viewer->last : &viewer->first) = input;
        viewer->last = &input->next;
    }
    pthread_mutex_unlock(&viewer->lock);
    if (is_early)
        return;
    if (is_full)
        refuse_message(viewer, "invalid_message",
                       "input comes faster than the program can be given it; this piece is dropped");
    if (is_full || !add_errand(viewer, take_message, input)) {
        free(input->message.data);
        free(input);
    }
}

/* ---- the subscription: errands ----------------------------------------------------------------------------------- */

static void subscribe(struct viewer *viewer)
{
    struct failure failure;

    if (events_subscribe(viewer->api->events, &viewer->job, viewer->sequence, on_event, viewer, &viewer->subscription,
                         &failure) == 0)
        return;
    log_line(LOG_WARN_LEVEL, &(struct log_about){.job = &viewer->job}, "a stream cannot follow its job: %s",
             failure.message);
    http_stream_finish(viewer->stream, NULL, NULL); /* the client comes back with its position */
}

static void unsubscribe(struct viewer *viewer)
{
    events_unsubscribe(viewer->api->events, viewer->subscription);
    viewer->subscription = NULL;
}

static void begin(void *arg)
{
    struct viewer *viewer = arg;

    subscribe(viewer);
    release(viewer);
}

/* The client has caught up. */
static void look_again(void *arg)
{
    struct viewer *viewer = arg;
    bool is_due;

    pthread_mutex_lock(&viewer->lock);
    is_due = viewer->is_away && !viewer->is_closed;
    pthread_mutex_unlock(&viewer->lock);
    if (is_due) {
        unsubscribe(viewer);
        pthread_mutex_lock(&viewer->lock);
        viewer->is_away = false;
        pthread_mutex_unlock(&viewer->lock);
        subscribe(viewer);
    }
    release(viewer);
}

static void leave(void *arg)
{
    struct viewer *viewer = arg;

    unsubscribe(viewer);
    release(viewer);
}

/* ---- what the loop tells ----------------------------------------------------------------------------------------- */

static void on_drain(void *arg)
{
    struct viewer *viewer = arg;
    bool is_away;

    pthread_mutex_lock(&viewer->lock);
    is_away = viewer->is_away;
    pthread_mutex_unlock(&viewer->lock);
    if (is_away)
        add_errand(viewer, look_again, viewer);
}

static void on_close(void *arg)
{
    struct viewer *viewer = arg;

    pthread_mutex_lock(&viewer->lock);
    viewer->is_closed = true;
    pthread_mutex_unlock(&viewer->lock);
    if (errands_add(viewer->api->errands, viewer, leave, viewer) < 0)
        leave(viewer);
}

/* ---- opening ----------------------------------------------------------------------------------------------------- */

static bool read_position(struct viewer *viewer, const char *text)
{
    unsigned long long sequence;
    unsigned long long out;
    unsigned long long err;
    int end = 0;

    if (strspn(text, "0123456789abcdef.") != strlen(text))
        return false;
    if (sscanf(text, "%llx.%llx.%llx%n", &sequence, &out, &err, &end) != 3 || text[end] ||
        sequence >= EVENT_SEQUENCE_END)
        return false;
    viewer->sequence = sequence;
    viewer->out = out;
    viewer->err = err;
    return true;
}

static bool is_interactive(const struct job *job)
{
    cleanup_json json_t *spec = NULL;

    return json_parse(job->spec, strlen(job->spec), &spec, NULL) == 0 &&
           json_is_true(json_object_get(spec, "interactive"));
}

static void handle_stream(struct api *api, const struct http_request *request, struct http_response *response,
                          enum http_stream_kind kind)
{
    static const struct http_stream_handlers handlers = {
        .on_message = on_message, .on_drain = on_drain, .on_close = on_close};
    const char *last = http_request_header(request, "last-event-id");
    cleanup_free char *after = http_request_parameter(request, "after");
    cleanup_job struct job *job = NULL;
    struct viewer *viewer;
    struct failure failure;

    viewer = calloc(1, sizeof(*viewer));
    if (!viewer) {
        answer_nomem(response, request);
        return;
    }
    *viewer = (struct viewer){.api = api, .kind = kind, .references = 2};
    if (!has_only_parameters(request, response, (const char *const[]){"after", NULL}) ||
        !admit(api, request, response, SCOPE_READ, ADMIT_READ, 1, &viewer->caller) ||
        !find_job(api, request, response, &viewer->caller, STORE_WITH_SPEC | STORE_WITH_RESULT, &job)) {
        free(viewer);
        return;
    }
    if ((after || last) && !read_position(viewer, after ? after : last)) {
        answer_problem(response, request, 400, "invalid_parameter", after ? "after" : "Last-Event-ID",
                       "it is no position of this stream");
        free(viewer);
        return;
    }
    viewer->job = job->id;
    viewer->is_interactive = kind == HTTP_STREAM_WEBSOCKET && is_interactive(job);
    /* Who comes back has seen it run, or knows what he does. */
    viewer->is_running = job->status == JOB_RUNNING || viewer->sequence > 0;
    pthread_mutex_init(&viewer->lock, NULL);
    if (http_respond_stream(request, response, kind, &handlers, viewer, 0, &viewer->stream, &failure) < 0) {
        answer_problem(response, request, failure.code == FAIL_INVALID ? 426 : 500,
                       failure.code == FAIL_INVALID ? "upgrade_required" : "internal_error", NULL, "%s",
                       failure.message);
        pthread_mutex_destroy(&viewer->lock);
        free(viewer);
        return;
    }
    if (job_status_is_over(job->status)) {
        viewer->is_over = true;
        send_end(viewer, job);
        release(viewer);
        return;
    }
    if (!add_errand(viewer, begin, viewer))
        http_stream_finish(viewer->stream, NULL, NULL);
    release(viewer);
}

void handle_websocket(void *api, const struct http_request *request, struct http_response *response)
{
    handle_stream(api, request, response, HTTP_STREAM_WEBSOCKET);
}

void handle_events(void *api, const struct http_request *request, struct http_response *response)
{
    handle_stream(api, request, response, HTTP_STREAM_SSE);
}
