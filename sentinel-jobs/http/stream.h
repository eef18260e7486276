/* SPDX-License-Identifier: MIT */
#ifndef JOBS_HTTP_STREAM_H
#define JOBS_HTTP_STREAM_H

#include "base/buffer.h"
#include "http/server.h"

/*
 * Theory of operation. A stream has two sides. Senders, in any thread, append to `pending` under the lock and put the
 * stream on the server's list of those that are ready. The loop takes from there ("pump") as fast as the client reads.
 * `unsent` counts what the client has not been given yet, on whichever side it lies; too much of it and the stream is
 * dropped. Once is_closed is set (by the loop, under the lock) no sender touches the server any more, so a handle may
 * outlive it.
 *
 * References: one of whoever called http_respond_stream(), one of the loop until the stream is closed, and one while it
 * is on the ready list.
 */
struct http_stream {
    atomic_uint refs;
    enum http_stream_kind kind;
    struct http_stream_handlers handlers;
    void *arg;
    uint64_t timeout_ms;
    struct http_server *server; /* not after is_closed */
    struct http_stream *next_ready;
    bool is_ready; /* on the list; under the server's lock */

    pthread_mutex_t lock;
    struct sn__buffer pending; /* SSE: bytes. WebSocket: each message behind its length, a size_t */
    size_t unsent;
    bool is_closed, is_finished, is_overflowed;
    bool is_behind; /* somebody waits for on_drain() */
    http_handler finish;
    void *finish_arg;

    /* Loop. */
    h2o_linklist_t link;
    bool is_attached, is_answered;
    struct http__exchange *exchange;   /* WAIT, SSE */
    struct http__websocket *websocket; /* WEBSOCKET */
    uint64_t deadline;                 /* 0: none */
    struct sn__buffer sending;
    size_t sending_counted; /* of it, what is in `unsent` */
    uint64_t last_sent;
};

/* All of these on the loop. */

/* The handler has returned: from now on the connection is the stream's. Takes the loop's reference over. */
void http__stream_attach(struct http_stream *stream, struct http__exchange *exchange);
/* There may be something to do. */
void http__stream_pump(struct http_stream *stream);
/* Its connection is gone: tells on_close, and drops the loop's reference. */
void http__stream_closed(struct http_stream *stream);
void http__stream_unref(struct http_stream *stream);
/* `count` bytes of what was sent by http_stream_send() are on their way. */
void http__stream_sent(struct http_stream *stream, size_t count);
/* Ends what is due, and all if the server drains. */
void http__streams_sweep(struct http_server *server, uint64_t now);

/* ---- what the kinds do; stream_wait.c, stream_sse.c, stream_websocket.c */
void http__wait_attach(struct http_stream *stream);
void http__wait_pump(struct http_stream *stream);
void http__wait_timeout(struct http_stream *stream);

void http__sse_attach(struct http_stream *stream);
void http__sse_pump(struct http_stream *stream);
void http__sse_tick(struct http_stream *stream, uint64_t now);

/* Is the request an opening handshake that can be accepted? */
bool http__websocket_is_handshake(const struct http__exchange *exchange);
void http__websocket_attach(struct http_stream *stream, struct http__exchange *exchange);
void http__websocket_pump(struct http_stream *stream);
void http__websocket_tick(struct http_stream *stream, uint64_t now);
/* Says goodbye with a code; cut if the client does not answer in a while. */
void http__websocket_shutdown(struct http__websocket *websocket, uint16_t code);
void http__websocket_cut(struct http__websocket *websocket);

#endif
