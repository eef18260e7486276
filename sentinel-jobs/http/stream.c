/* SPDX-License-Identifier: MIT */
#include "http/stream.h"

#include "base/clock.h"

#include <wslay/wslay.h>

/* ---- any thread -------------------------------------------------------------------------------------------------- */

int http_respond_stream(const struct http_request *request, struct http_response *response, enum http_stream_kind kind,
                        const struct http_stream_handlers *handlers, void *arg, uint64_t timeout_ms,
                        struct http_stream **ret_stream, struct failure *failure)
{
    struct http__exchange *exchange = (struct http__exchange *)request;
    struct http_stream *stream;

    if (response->stream || exchange->stream)
        return fail(failure, FAIL_CONFLICT, "the request has a stream already");
    if (kind == HTTP_STREAM_WEBSOCKET && !http__websocket_is_handshake(exchange))
        return fail(failure, FAIL_INVALID, "the request is no opening handshake of a WebSocket (RFC 6455, version 13)");
    stream = calloc(1, sizeof(*stream));
    if (!stream)
        return fail_nomem(failure);
    atomic_init(&stream->refs, 2);
    pthread_mutex_init(&stream->lock, NULL);
    stream->kind = kind;
    stream->handlers = *handlers;
    stream->arg = arg;
    stream->timeout_ms = timeout_ms;
    stream->server = exchange->server;
    response->stream = stream;
    atomic_fetch_add(&exchange->server->streams, 1);
    *ret_stream = stream;
    return 0;
}

/* With the lock held. */
static int append(struct http_stream *stream, const char *text, size_t length, bool is_last)
{
    bool is_crowded = atomic_load(&stream->server->unsent) > HTTP__STREAMS_MAX;

    if (stream->is_closed || stream->is_finished || stream->is_overflowed)
        return FAIL_CLOSED;
    if ((!is_last && stream->unsent >= HTTP_STREAM_BUFFER) ||
        (is_crowded && stream->unsent + length > HTTP__STREAM_SHARE)) {
        stream->is_overflowed = true;
        http__post_stream(stream->server, stream);
        return FAIL_LIMIT;
    }
    if (stream->kind == HTTP_STREAM_WEBSOCKET)
        sn__buffer_add(&stream->pending, &length, sizeof(length));
    sn__buffer_add(&stream->pending, text, length);
    if (stream->pending.failed) {
        stream->is_overflowed = true;
        http__post_stream(stream->server, stream);
        return FAIL_NOMEM;
    }
    stream->unsent += length;
    atomic_fetch_add(&stream->server->unsent, length);
    http__post_stream(stream->server, stream);
    return 0;
}

static int send_text(struct http_stream *stream, const char *text, size_t length, bool is_last)
{
    int r;

    if (stream->kind == HTTP_STREAM_WAIT)
        return FAIL_INVALID;
    pthread_mutex_lock(&stream->lock);
    r = append(stream, text, length, is_last);
    pthread_mutex_unlock(&stream->lock);
    return r;
}

int http_stream_send(struct http_stream *stream, const char *text, size_t length)
{
    return send_text(stream, text, length, false);
}

int http_stream_send_last(struct http_stream *stream, const char *text, size_t length)
{
    return send_text(stream, text, length, true);
}

bool http_stream_is_behind(struct http_stream *stream)
{
    bool is_behind;

    pthread_mutex_lock(&stream->lock);
    is_behind = stream->unsent >= HTTP_STREAM_BUFFER / 2;
    stream->is_behind |= is_behind;
    pthread_mutex_unlock(&stream->lock);
    return is_behind;
}

void http_stream_finish(struct http_stream *stream, http_handler handler, void *arg)
{
    pthread_mutex_lock(&stream->lock);
    if (!stream->is_closed && !stream->is_finished) {
        stream->is_finished = true;
        stream->finish = handler;
        stream->finish_arg = arg;
        http__post_stream(stream->server, stream);
    }
    pthread_mutex_unlock(&stream->lock);
}

void http__stream_unref(struct http_stream *stream)
{
    if (atomic_fetch_sub(&stream->refs, 1) != 1)
        return;
    sn__buffer_clear(&stream->pending);
    sn__buffer_clear(&stream->sending);
    pthread_mutex_destroy(&stream->lock);
    free(stream);
}

void http_stream_release(struct http_stream *stream)
{
    if (stream)
        http__stream_unref(stream);
}

/* ---- the loop ---------------------------------------------------------------------------------------------------- */

void http__stream_attach(struct http_stream *stream, struct http__exchange *exchange)
{
    struct http_server *server = exchange->server;

    h2o_linklist_insert(&server->all_streams, &stream->link);
    stream->is_attached = true;
    stream->last_sent = sn__now_ns();
    if (stream->timeout_ms)
        stream->deadline = stream->last_sent + stream->timeout_ms * 1000000;
    switch (stream->kind) {
    case HTTP_STREAM_WAIT:
        stream->exchange = exchange;
        exchange->stream = stream;
        http__wait_attach(stream);
        break;
    case HTTP_STREAM_SSE:
        stream->exchange = exchange;
        exchange->stream = stream;
        http__sse_attach(stream);
        break;
    case HTTP_STREAM_WEBSOCKET:
        http__websocket_attach(stream, exchange);
        break;
    }
}

void http__stream_pump(struct http_stream *stream)
{
    if (!stream->is_attached)
        return;
    switch (stream->kind) {
    case HTTP_STREAM_WAIT:
        http__wait_pump(stream);
        break;
    case HTTP_STREAM_SSE:
        http__sse_pump(stream);
        break;
    case HTTP_STREAM_WEBSOCKET:
        http__websocket_pump(stream);
        break;
    }
}

void http__stream_closed(struct http_stream *stream)
{
    struct http_server *server = stream->server;

    if (stream->is_attached)
        h2o_linklist_unlink(&stream->link);
    stream->is_attached = false;
    stream->exchange = NULL;
    stream->websocket = NULL;
    pthread_mutex_lock(&stream->lock);
    stream->is_closed = true;
    atomic_fetch_sub(&server->unsent, stream->unsent);
    stream->unsent = 0;
    sn__buffer_clear(&stream->pending);
    pthread_mutex_unlock(&stream->lock);
    atomic_fetch_sub(&server->streams, 1);
    if (stream->handlers.on_close)
        stream->handlers.on_close(stream->arg);
    http__stream_unref(stream);
}

void http__stream_sent(struct http_stream *stream, size_t count)
{
    bool is_drained;

    pthread_mutex_lock(&stream->lock);
    stream->unsent -= count;
    atomic_fetch_sub(&stream->server->unsent, count);
    is_drained = stream->is_behind && stream->unsent < HTTP_STREAM_BUFFER / 4;
    if (is_drained)
        stream->is_behind = false;
    pthread_mutex_unlock(&stream->lock);
    if (is_drained && stream->handlers.on_drain)
        stream->handlers.on_drain(stream->arg);
}

/* Its time is over, or the server's is. */
static void end(struct http_stream *stream)
{
    switch (stream->kind) {
    case HTTP_STREAM_WAIT:
        http__wait_timeout(stream);
        break;
    case HTTP_STREAM_SSE:
        http_stream_finish(stream, NULL, NULL);
        break;
    case HTTP_STREAM_WEBSOCKET:
        http__websocket_shutdown(stream->websocket, WSLAY_CODE_GOING_AWAY);
        break;
    }
}

void http__streams_sweep(struct http_server *server, uint64_t now)
{
    h2o_linklist_t *node, *next;

    for (node = server->all_streams.next; node != &server->all_streams; node = next) {
        struct http_stream *stream = H2O_STRUCT_FROM_MEMBER(struct http_stream, link, node);

        next = node->next;
        atomic_fetch_add(&stream->refs, 1);
        if (server->is_draining || (stream->deadline && now >= stream->deadline))
            end(stream);
        if (stream->is_attached && stream->kind == HTTP_STREAM_SSE)
            http__sse_tick(stream, now);
        if (stream->is_attached && stream->kind == HTTP_STREAM_WEBSOCKET)
            http__websocket_tick(stream, now);
        http__stream_unref(stream);
    }
}
