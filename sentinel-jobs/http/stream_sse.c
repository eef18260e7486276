/* SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "http/stream.h"

#include <string.h>

/*
 * Theory of operation. One write is under way at a time; what is sent meanwhile gathers in `pending` and goes out with
 * the next. A stream that is finished ends its body properly, so that the client can tell the end from a break. A write
 * that is not taken for body_ms ends the connection: that client sleeps or is gone.
 */

static bool is_busy(const struct http_stream *stream)
{
    return h2o_socket_is_writing(stream->exchange->connection->sock);
}

static void write_bytes(struct http_stream *stream, const char *data, size_t length)
{
    h2o_iovec_t part = h2o_iovec_init(data, length);

    stream->last_sent = sn__now_ns();
    h2o_send(stream->exchange->req, &part, 1, H2O_SEND_STATE_IN_PROGRESS);
}

static void on_proceed(h2o_generator_t *generator, h2o_req_t *req)
{
    struct http__exchange *exchange = H2O_STRUCT_FROM_MEMBER(struct http__exchange, generator, generator);
    struct http_stream *stream = exchange->stream;

    (void)req;
    if (exchange->is_aborted) {
        http__exchange_abort(exchange);
        return;
    }
    http__stream_sent(stream, stream->sending_counted);
    stream->sending_counted = 0;
    sn__buffer_clear(&stream->sending);
    http__sse_pump(stream);
}

void http__sse_attach(struct http_stream *stream)
{
    struct http__exchange *exchange = stream->exchange;
    static const char hello[] = ":\n\n";

    exchange->response.status = 200;
    exchange->response.type = "text/event-stream";
    /* nginx, for one, would gather events before it passes them on. */
    http_add_header(&exchange->response, "x-accel-buffering", "no");
    exchange->is_endless = true;
    if (exchange->is_head) {
        http__exchange_send(exchange);
        return;
    }
    http__connection_phase(exchange->connection, HTTP__HANDLING);
    http__exchange_add_headers(exchange);
    exchange->req->http1_is_persistent = 0;
    exchange->is_started = true;
    exchange->generator.proceed = on_proceed;
    http__connection_watch(exchange->connection);
    h2o_start_response(exchange->req, &exchange->generator);
    /* At once, or the client would not even see the headers before the first event. */
    write_bytes(stream, hello, sizeof(hello) - 1);
}

void http__sse_pump(struct http_stream *stream)
{
    struct http__exchange *exchange = stream->exchange;
    bool is_finished, is_overflowed;

    if (exchange->is_head || stream->is_answered || exchange->is_aborted)
        return;
    pthread_mutex_lock(&stream->lock);
    is_overflowed = stream->is_overflowed;
    pthread_mutex_unlock(&stream->lock);
    if (is_overflowed) {
        http__connection_cut(exchange->connection);
        return;
    }
    if (is_busy(stream))
        return;
    pthread_mutex_lock(&stream->lock);
    stream->sending = stream->pending;
    memset(&stream->pending, 0, sizeof(stream->pending));
    is_finished = stream->is_finished;
    pthread_mutex_unlock(&stream->lock);
    stream->sending_counted = stream->sending.length;
    if (stream->sending.length) {
        write_bytes(stream, stream->sending.data, stream->sending.length);
    } else if (is_finished) {
        stream->is_answered = true;
        http__connection_unwatch(exchange->connection);
        http__connection_phase(exchange->connection, HTTP__SENDING);
        h2o_send(exchange->req, NULL, 0, H2O_SEND_STATE_FINAL);
    }
}

void http__sse_tick(struct http_stream *stream, uint64_t now)
{
    static const char comment[] = ":\n\n";
    const struct http_options *options = &stream->exchange->server->options;
    uint64_t age = now > stream->last_sent ? now - stream->last_sent : 0;

    if (stream->exchange->is_head || stream->is_answered || stream->exchange->is_aborted)
        return;
    if (is_busy(stream)) {
        if (age >= (uint64_t)options->body_ms * 1000000)
            http__connection_cut(stream->exchange->connection);
    } else if (age >= (uint64_t)options->comment_ms * 1000000) {
        write_bytes(stream, comment, sizeof(comment) - 1);
    }
}
