/* SPDX-License-Identifier: MIT */
#include "base/cleanup.h"
#include "http/server.h"
#include "http/stream.h"

#include <string.h>

/*
 * Theory of operation. h2o calls http__on_request() with a request that is whole. It becomes an exchange, finds its
 * route, and goes to the pool or is handled here. When a handler is done, the loop gets the exchange back
 * (http__exchange_handled) and sends the response, makes the error that the handler asked for, or hands the connection
 * to the stream that it made. If the client hung up meanwhile, all of that is dropped.
 */

bool http__exchange_submit(struct http__exchange *exchange, http_handler handler, void *arg, bool force)
{
    exchange->handler = handler;
    exchange->handler_arg = arg;
    http__exchange_ref(exchange);
    exchange->is_at_pool = true;
    if (http__pool_submit(exchange->server->pool, exchange, force))
        return true;
    exchange->is_at_pool = false;
    http__exchange_unref(exchange);
    return false;
}

void http__exchange_handled(struct http__exchange *exchange)
{
    struct http_stream *stream = exchange->response.stream;
    int status = exchange->response.status;

    exchange->is_at_pool = false;
    if (!exchange->req) {
        /* Its on_close had to wait until no handler can use the argument any more. */
        http__exchange_close_stream(exchange);
        return;
    }
    if (exchange->is_aborted)
        return;
    if (stream) {
        exchange->response.stream = NULL;
        http__stream_attach(stream, exchange);
    } else if (status < 0) {
        http__exchange_fail(exchange, -status);
    } else if (status < 200 || status > 599 || (exchange->response.body_length && !exchange->response.body)) {
        http__exchange_fail(exchange, 500);
    } else {
        http__exchange_send(exchange);
    }
}

static void run(struct http__exchange *exchange, enum http_where where, http_handler handler, void *arg)
{
    if (where == HTTP_ON_LOOP) {
        handler(arg, &exchange->request, &exchange->response);
        http__exchange_handled(exchange);
    } else if (!http__exchange_submit(exchange, handler, arg, false)) {
        http__exchange_fail(exchange, 503);
    }
}

/* Cuts exchange->cut at its slashes; more than there is room for is one more than there is room for. */
static size_t cut_path(struct http__exchange *exchange, const char **segments, size_t room)
{
    size_t count = 0;

    for (char *at = exchange->cut + 1; at && count <= room;) {
        char *slash = strchr(at, '/');

        if (slash)
            *slash = '\0';
        if (count < room)
            segments[count] = at;
        count++;
        at = slash ? slash + 1 : NULL;
    }
    return count;
}

static void set_parts(struct http__exchange *exchange, const struct http__route *route, const char *const *segments)
{
    size_t part = 0;

    for (size_t i = 0; i < route->segment_count; i++) {
        if (http__route_is_placeholder(route->segments[i]))
            exchange->request.parts[part++] = segments[i];
    }
}

/* What no route is for: it is read, or 405. */
static void answer_get(struct http__exchange *exchange, enum http_where where, http_handler handler, void *arg)
{
    if (strcmp(exchange->request.method, "GET") == 0 || exchange->is_head) {
        exchange->pattern = "static";
        run(exchange, where, handler, arg);
        return;
    }
    http_add_header(&exchange->response, "allow", "GET, HEAD");
    http__exchange_fail(exchange, 405);
}

static void dispatch(struct http__exchange *exchange)
{
    struct http_server *server = exchange->server;
    const char *method = exchange->request.method, *segments[16];
    char allow[HTTP__ALLOW_SIZE] = "";
    const struct http__route *route = NULL;
    size_t count = 0;
    bool is_star = strcmp(exchange->request.path, "*") == 0;

    if (!is_star) {
        count = cut_path(exchange, segments, SN_ARRAY_SIZE(segments));
        if (count <= SN_ARRAY_SIZE(segments))
            route = http__routes_find(server->routes, method, segments, count, allow);
    }
    if (route) {
        exchange->pattern = route->pattern;
        set_parts(exchange, route, segments);
        run(exchange, route->where, route->handler, server->options.arg);
    } else if (allow[0]) {
        if (strcmp(method, "OPTIONS") == 0) {
            http__cors_preflight(exchange, allow);
            return;
        }
        http_add_header(&exchange->response, "allow", "%s, OPTIONS", allow);
        http__exchange_fail(exchange, 405);
    } else if (is_star && strcmp(method, "OPTIONS") == 0) {
        http__cors_preflight(exchange, "GET, HEAD, OPTIONS");
    } else if (server->static_fd >= 0 && !is_star && !http__routes_own(server->routes, segments[0])) {
        answer_get(exchange, HTTP_ON_POOL, http__static_handler, server);
    } else if (server->static_fd < 0 && server->options.web_missing && strcmp(exchange->request.path, "/") == 0) {
        answer_get(exchange, HTTP_ON_LOOP, server->options.web_missing, server->options.arg);
    } else {
        http__exchange_fail(exchange, 404);
    }
}

int http__on_request(h2o_handler_t *handler, h2o_req_t *req)
{
    struct http_server *server = *(struct http_server **)(handler + 1);
    struct http__exchange *exchange;
    int status;

    exchange = http__exchange_make(server, req, &status);
    if (!exchange) {
        h2o_send_error_503(req, "Service Unavailable", "out of memory", H2O_SEND_ERROR_HTTP1_CLOSE_CONNECTION);
        return 0;
    }
    http__connection_phase(exchange->connection, HTTP__HANDLING);
    if (status) {
        /* Where requests end is not certain any more, or was not for somebody else: not one byte more is read. */
        exchange->is_closing = status == 400 || status == 431;
        if (exchange->is_closing)
            http__linger_prepare(exchange->connection);
        http__exchange_fail(exchange, status);
    } else if (exchange->wants_websocket && !http__websocket_origin(exchange)) {
        http__exchange_fail(exchange, 403);
    } else {
        dispatch(exchange);
    }
    return 0;
}
