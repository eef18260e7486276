/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation. One run by events: sn_run_next() is called until it has nothing to say, then the slot waits for
 * it, for input, and for the moment at which output that was held back is due.
 *
 * Output is held back to spare messages, never to be late: what comes after a pause is told at once, and then no more
 * often than every FLUSH_EVERY_NS, or when it is FLUSH_BYTES. What is held is of one stream, so that both are told in
 * the order in which they were written.
 *
 * Input comes from two places, one after the other: what the spec has, and, for an interactive job, what the reader
 * was given since. The reader keeps that in the task and signals `wake`; it is taken over as a whole, written to the
 * program as far as it takes it, and told as taken by what was written.
 */
#include "base/clock.h"
#include "executor/engine.h"

#include <poll.h>
#include <string.h>

#define FLUSH_BYTES (16U << 10)
#define FLUSH_EVERY_NS UINT64_C(20000000)

struct stream {
    struct job *job;
    sn_running *running;
    /* output that was not told yet */
    struct sn__buffer held;
    enum executor_stream held_of;
    uint64_t told_ns; /* when some was told last */
    /* input that was not written yet */
    const char *input; /* in the spec or in `given` */
    size_t input_length;
    struct sn__buffer given;
    bool is_spec_input;
    bool is_full;   /* the program takes no more now */
    bool has_ended; /* the frontend will give no more */
    bool is_closed; /* the program was told */
};

/* ---- output ---- */

static void flush_output(struct stream *stream)
{
    if (!stream->held.length)
        return;
    tell_output(stream->job, stream->held_of, stream->held.data, stream->held.length);
    stream->held.length = 0;
    stream->told_ns = sn__now_ns();
}

static int hold_output(struct stream *stream, enum executor_stream of, const void *data, size_t length)
{
    if (of != stream->held_of)
        flush_output(stream);
    stream->held_of = of;
    sn__buffer_add(&stream->held, data, length);
    if (stream->held.failed)
        return SN_ENOMEM;
    if (stream->held.length >= FLUSH_BYTES)
        flush_output(stream);
    return 0;
}

/* How long what is held may still wait; 0: it is due. */
static uint64_t due_in(const struct stream *stream)
{
    uint64_t since = sn__now_ns() - stream->told_ns;

    return since >= FLUSH_EVERY_NS ? 0 : FLUSH_EVERY_NS - since;
}

/* ---- input ---- */

static void take_input(struct stream *stream)
{
    uint64_t count;

    /* whoever gives some signals it afterwards */
    if (read(stream->job->task->wake, &count, sizeof(count)) < 0)
        return;
    tasks_take_input(&stream->job->executor->tasks, stream->job->task, &stream->given, &stream->has_ended);
    stream->input = stream->given.data;
    stream->input_length = stream->given.length;
    stream->is_spec_input = false;
}

static int write_input(struct stream *stream, sn_error **ret_error)
{
    size_t taken = 0;
    int r = sn_run_write(stream->running, stream->input, stream->input_length, &taken, ret_error);

    if (r < 0)
        return r;
    stream->is_full = taken < stream->input_length;
    stream->input += taken;
    stream->input_length -= taken;
    if (taken && !stream->is_spec_input)
        tell_taken(stream->job, taken);
    return 0;
}

static int feed(struct stream *stream, sn_error **ret_error)
{
    while (!stream->is_full && !stream->is_closed) {
        int r;

        if (!stream->input_length) {
            if (!stream->has_ended)
                take_input(stream);
            if (!stream->input_length && !stream->has_ended)
                return 0;
        }
        if (stream->input_length) {
            r = write_input(stream, ret_error);
        } else {
            r = sn_run_close_stdin(stream->running, ret_error);
            stream->is_closed = true;
        }
        if (r < 0)
            return r;
    }
    return 0;
}

/* ---- both ---- */

/* All that is due. 1: the run is over. */
static int drain(struct stream *stream, sn_error **ret_error)
{
    sn_event event;
    int r;

    sn_event_init(&event);
    do {
        r = sn_run_next(stream->running, &event, ret_error);
        if (r == 0 && event.type == SN_EVENT_STDOUT)
            r = hold_output(stream, EXECUTOR_STDOUT, event.data, event.length);
        else if (r == 0 && event.type == SN_EVENT_STDERR)
            r = hold_output(stream, EXECUTOR_STDERR, event.data, event.length);
        else if (r == 0 && event.type == SN_EVENT_STDIN)
            stream->is_full = false;
    } while (r == 0 && event.type != SN_EVENT_NONE && event.type != SN_EVENT_DONE);
    return r < 0 ? r : event.type == SN_EVENT_DONE;
}

static void wait_for_more(const struct stream *stream)
{
    const bool may_take = stream->job->task->wake >= 0 && !stream->has_ended && !stream->input_length;
    struct pollfd fds[2] = {{.fd = sn_run_fd(stream->running), .events = POLLIN},
                            {.fd = may_take ? stream->job->task->wake : -1, .events = POLLIN}};
    struct timespec timeout = {0};

    if (stream->held.length)
        timeout.tv_nsec = (long)due_in(stream);
    /* an interruption is a turn of the loop more */
    (void)ppoll(fds, SN_ARRAY_SIZE(fds), stream->held.length ? &timeout : NULL, NULL);
}

static int drive(struct stream *stream, bool is_fed, sn_error **ret_error)
{
    for (;;) {
        bool was_full;
        int r = is_fed ? feed(stream, ret_error) : 0;

        if (r < 0)
            return r;
        was_full = stream->is_full;
        r = drain(stream, ret_error);
        if (r != 0)
            return r < 0 ? r : 0;
        if (stream->held.length && due_in(stream) == 0)
            flush_output(stream);
        if (!(was_full && !stream->is_full))
            wait_for_more(stream);
    }
}

int stream_run(struct job *job, sn_program *program, sn_run_options *options, sn_result **ret_result,
               sn_error **ret_error)
{
    const struct spec *spec = job->spec;
    struct stream stream = {.job = job, .held_of = EXECUTOR_STDOUT};
    int r;

    if (spec->is_interactive) {
        options->stdin_mode = SN_STDIN_FEED;
        stream.input = spec->stdin_data.data;
        stream.input_length = spec->stdin_data.length;
        stream.is_spec_input = true;
    } else {
        options->stdin_data = spec->stdin_data.data;
        options->stdin_length = spec->stdin_data.length;
    }
    options->cancel_fd = job->task->cancel;
    r = sn_program_run_start(program, options, &stream.running, ret_error);
    if (r == 0)
        r = drive(&stream, spec->is_interactive, ret_error);
    if (r == 0) {
        flush_output(&stream);
        r = sn_run_wait(stream.running, ret_result, ret_error);
    }
    sn_running_free(stream.running);
    sn__buffer_clear(&stream.held);
    sn__buffer_clear(&stream.given);
    return r;
}
