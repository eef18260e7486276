/* SPDX-License-Identifier: MIT */
#include "http/stream.h"

/*
 * Theory of operation. Nothing is sent until one of two things happens first: http_stream_finish(), or the end of the
 * time. Either gives the pool another handler for the same exchange, whose response is then sent as any other. The
 * stream is closed when the request is, and only until then does anybody need it.
 */

static void answer(struct http_stream *stream, http_handler handler, void *arg)
{
    stream->is_answered = true;
    if (handler)
        http__exchange_submit(stream->exchange, handler, arg, true);
    else
        http__exchange_fail(stream->exchange, 503);
}

void http__wait_attach(struct http_stream *stream)
{
    http__connection_watch(stream->exchange->connection);
    http__wait_pump(stream);
}

void http__wait_pump(struct http_stream *stream)
{
    http_handler finish;
    bool is_finished;
    void *arg;

    pthread_mutex_lock(&stream->lock);
    is_finished = stream->is_finished;
    finish = stream->finish;
    arg = stream->finish_arg;
    pthread_mutex_unlock(&stream->lock);
    if (is_finished && !stream->is_answered)
        answer(stream, finish, arg);
}

void http__wait_timeout(struct http_stream *stream)
{
    if (!stream->is_answered)
        answer(stream, stream->handlers.on_timeout, stream->arg);
}
