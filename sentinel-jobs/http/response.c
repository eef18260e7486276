/* SPDX-License-Identifier: MIT */
#include "base/buffer.h"
#include "base/clock.h"
#include "http/server.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- what handlers call ------------------------------------------------------------------------------------------ */

void http_respond(struct http_response *response, int status, const char *type, char *body, size_t length)
{
    if (response->body != body)
        free(response->body);
    response->status = status;
    response->type = type;
    response->body = body;
    response->body_length = length;
}

void http__response_error(struct http_response *response, int status)
{
    http_respond(response, -status, NULL, NULL, 0);
}

/* What the server itself says, or must not be said twice. */
static bool is_ours(const char *name)
{
    static const char *const names[] = {"connection", "content-length", "content-type",      "date",    "keep-alive",
                                        "server",     "trailer",        "transfer-encoding", "upgrade", "x-request-id"};

    for (size_t i = 0; i < SN_ARRAY_SIZE(names); i++) {
        if (strcasecmp(name, names[i]) == 0)
            return true;
    }
    return false;
}

static bool is_valid(const char *name, const char *value)
{
    if (!*name || is_ours(name))
        return false;
    for (; *name; name++) {
        if (!http__is_token(*name))
            return false;
    }
    for (; *value; value++) {
        unsigned char c = (unsigned char)*value;

        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

int http_add_header(struct http_response *response, const char *name, const char *format, ...)
{
    cleanup_free char *value = NULL, *copy = NULL;
    struct http_header *headers;
    va_list args;
    int length;

    va_start(args, format);
    length = vasprintf(&value, format, args);
    va_end(args);
    if (length < 0) {
        value = NULL;
        return FAIL_NOMEM;
    }
    if (!is_valid(name, value))
        return FAIL_INVALID;
    copy = strdup(name);
    headers = realloc(response->headers, (response->header_count + 1) * sizeof(*headers));
    if (headers)
        response->headers = headers;
    if (!copy || !headers)
        return FAIL_NOMEM;
    headers[response->header_count++] = (struct http_header){steal_ptr(&copy), steal_ptr(&value)};
    return 0;
}

static void clear_headers(struct http_response *response)
{
    for (size_t i = 0; i < response->header_count; i++) {
        free((char *)response->headers[i].name);
        free((char *)response->headers[i].value);
    }
    free(response->headers);
    response->headers = NULL;
    response->header_count = 0;
}

void http__response_clear(struct http_response *response)
{
    free(response->body);
    clear_headers(response);
    memset(response, 0, sizeof(*response));
}

static bool has_header(const struct http_response *response, const char *name)
{
    for (size_t i = 0; i < response->header_count; i++) {
        if (strcasecmp(response->headers[i].name, name) == 0)
            return true;
    }
    return false;
}

/* ---- errors ------------------------------------------------------------------------------------------------------ */

const char *http__reason(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
        {101, "Switching Protocols"},
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {411, "Length Required"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {417, "Expectation Failed"},
        {422, "Unprocessable Content"},
        {426, "Upgrade Required"},
        {428, "Precondition Required"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {507, "Insufficient Storage"},
    };

    for (size_t i = 0; i < SN_ARRAY_SIZE(reasons); i++) {
        if (reasons[i].status == status)
            return reasons[i].reason;
    }
    return "Unknown";
}

void http__error_body(struct http__exchange *exchange, int status)
{
    struct http_response *response = &exchange->response;
    const struct http_options *options = &exchange->server->options;
    char *body = NULL;
    int length;

    http_respond(response, 0, NULL, NULL, 0);
    if (options->on_error)
        options->on_error(options->arg, status, &exchange->request, response);
    if (response->status != status || (response->body_length && !response->body)) {
        length = asprintf(&body, "{\"title\":\"%s\",\"status\":%d}", http__reason(status), status);
        http_respond(response, status, "application/problem+json", length < 0 ? NULL : body,
                     length < 0 ? 0 : (size_t)length);
    }
    if (status == 503 && !has_header(response, "retry-after"))
        http_add_header(response, "retry-after", "1");
}

void http__exchange_fail(struct http__exchange *exchange, int status)
{
    http__error_body(exchange, status);
    http__exchange_send(exchange);
}

/* ---- sending ----------------------------------------------------------------------------------------------------- */

/* What every answer says beyond its own; `put` gets literals and strings that live as long as the exchange. */
static void common_headers(const struct http__exchange *exchange,
                           void (*put)(void *to, const char *name, const char *value), void *to)
{
    const struct http_response *response = &exchange->response;

    if (response->type)
        put(to, "content-type", response->type);
    for (size_t i = 0; i < response->header_count; i++)
        put(to, response->headers[i].name, response->headers[i].value);
    put(to, "x-request-id", exchange->request.id);
    put(to, "x-content-type-options", "nosniff");
    if (!has_header(response, "cache-control"))
        put(to, "cache-control", "no-store");
    if (!has_header(response, "content-security-policy"))
        put(to, "content-security-policy", "default-src 'none'; frame-ancestors 'none'");
    if (exchange->server->cors_origins && strcmp(exchange->server->cors_origins[0], "*") != 0)
        put(to, "vary", "Origin");
    if (exchange->cors) {
        put(to, "access-control-allow-origin", exchange->cors);
        put(to, "access-control-expose-headers", "ETag, Location, Retry-After, X-Request-Id");
    }
}

static void put_h2o(void *to, const char *name, const char *value)
{
    h2o_req_t *req = to;

    h2o_add_header_by_str(&req->pool, &req->res.headers, name, strlen(name), 0, NULL, value, strlen(value));
}

void http__exchange_add_headers(struct http__exchange *exchange)
{
    h2o_req_t *req = exchange->req;

    req->res.status = exchange->response.status;
    req->res.reason = http__reason(exchange->response.status);
    common_headers(exchange, put_h2o, req);
    if (exchange->server->is_draining || exchange->is_closing)
        req->http1_is_persistent = 0;
}

static bool has_no_body(const struct http__exchange *exchange)
{
    return exchange->is_head || exchange->response.status == 204 || exchange->response.status == 304;
}

/* One slice is written at a time, so that a client that takes nothing is told from one that is slow. */
static void send_slice(struct http__exchange *exchange)
{
    size_t left = has_no_body(exchange) ? 0 : exchange->response.body_length - exchange->sent;
    size_t n = left < HTTP__SLICE ? left : HTTP__SLICE;
    h2o_iovec_t part = h2o_iovec_init(exchange->response.body + exchange->sent, n);

    exchange->sent += n;
    exchange->connection->since = sn__now_ns();
    h2o_send(exchange->req, &part, n ? 1 : 0, n == left ? H2O_SEND_STATE_FINAL : H2O_SEND_STATE_IN_PROGRESS);
}

static void on_proceed(h2o_generator_t *generator, h2o_req_t *req)
{
    struct http__exchange *exchange = H2O_STRUCT_FROM_MEMBER(struct http__exchange, generator, generator);

    (void)req;
    if (exchange->is_aborted)
        http__exchange_abort(exchange);
    else
        send_slice(exchange);
}

void http__exchange_send(struct http__exchange *exchange)
{
    int status = exchange->response.status;

    if (exchange->is_aborted)
        return;
    http__connection_unwatch(exchange->connection);
    http__connection_phase(exchange->connection, HTTP__SENDING);
    http__exchange_add_headers(exchange);
    if (status != 204 && status != 304 && !exchange->is_endless)
        exchange->req->res.content_length = exchange->response.body_length;
    exchange->is_started = true;
    exchange->generator.proceed = on_proceed;
    h2o_start_response(exchange->req, &exchange->generator);
    send_slice(exchange);
}

void http__exchange_abort(struct http__exchange *exchange)
{
    h2o_req_t *req = exchange->req;

    exchange->is_aborted = true;
    /* What is being written fails, or was done already and calls for more: then it is aborted once again. */
    if (h2o_socket_is_writing(exchange->connection->sock) || (exchange->is_started && !req->_generator))
        return;
    req->http1_is_persistent = 0;
    if (!exchange->is_started) {
        req->res.status = 503;
        req->res.reason = http__reason(503);
        req->res.content_length = 0;
        h2o_start_response(req, &exchange->generator);
    }
    h2o_send(req, NULL, 0, H2O_SEND_STATE_ERROR);
}

/* ---- past h2o ---------------------------------------------------------------------------------------------------- */

static void put_bytes(void *to, const char *name, const char *value)
{
    sn__buffer_addf(to, "%s: %s\r\n", name, value);
}

char *http__refusal_bytes(struct http_server *server, int status, size_t *ret_length)
{
    struct http__exchange *exchange = http__exchange_make_empty(server);
    cleanup_buffer struct sn__buffer bytes = {0};
    char date[H2O_TIMESTR_RFC1123_LEN + 1];
    time_t now = time(NULL);
    struct tm tm;

    if (!exchange)
        return NULL;
    http__error_body(exchange, status);
    gmtime_r(&now, &tm);
    h2o_time2str_rfc1123(date, &tm);
    sn__buffer_addf(&bytes,
                    "HTTP/1.1 %d %s\r\nDate: %s\r\nConnection: close\r\nContent-Length: %zu\r\nServer: sentinel\r\n",
                    status, http__reason(status), date, exchange->response.body_length);
    common_headers(exchange, put_bytes, &bytes);
    sn__buffer_add_string(&bytes, "\r\n");
    sn__buffer_add(&bytes, exchange->response.body, exchange->response.body_length);
    http__report_done(exchange, status);
    http__exchange_unref(exchange);
    return sn__buffer_steal(&bytes, ret_length);
}

void http__report_done(struct http__exchange *exchange, int status)
{
    const struct http_options *options = &exchange->server->options;

    if (options->on_done)
        options->on_done(options->arg, &exchange->request, exchange->pattern, status, sn__now_ns() - exchange->begun);
}
