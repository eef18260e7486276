/* SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "common/uuid.h"
#include "http/server.h"
#include "http/stream.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define ID_MAX 128

/* ---- where it came from ------------------------------------------------------------------------------------------ */

struct origin {
    struct http__address address;
    bool is_loopback;
    bool is_tls;
};

/*
 * X-Forwarded-For is read from its end, for each proxy appends whom it talked to: what is before the first that we do
 * not trust may be the client's own invention.
 */
static void follow_proxies(const struct http__ranges *proxies, const struct http__head *head,
                           struct http__address *address)
{
    for (size_t i = head->field_count; i-- > 0;) {
        struct http__slice left = head->fields[i].value;

        if (!http__slice_is(head->fields[i].name, "x-forwarded-for"))
            continue;
        while (left.length) {
            const char *comma = memrchr(left.data, ',', left.length);
            const char *begin = comma ? comma + 1 : left.data, *end = left.data + left.length;
            struct http__address next;

            while (begin < end && (*begin == ' ' || *begin == '\t'))
                begin++;
            while (end > begin && (end[-1] == ' ' || end[-1] == '\t'))
                end--;
            if (!http__address_parse(begin, (size_t)(end - begin), &next))
                return;
            *address = next;
            if (!http__ranges_have(proxies, address))
                return;
            left.length = comma ? (size_t)(comma - left.data) : 0;
        }
    }
}

static struct origin find_origin(struct http_server *server, struct http__connection *connection,
                                 const struct http__head *head)
{
    struct origin origin = {.is_tls = connection->sock->ssl != NULL};
    bool is_trusted, is_forwarded = false;

    if (!connection->has_peer) {
        struct sockaddr_storage name;
        socklen_t length = h2o_socket_getpeername(connection->sock, (struct sockaddr *)&name);

        connection->peer = http__address_of((struct sockaddr *)&name, length);
        connection->has_peer = true;
    }
    origin.address = connection->peer;
    is_trusted = http__ranges_have(server->proxies, &connection->peer);
    for (size_t i = 0; i < head->field_count; i++) {
        const struct http__field *field = &head->fields[i];

        if (http__slice_is(field->name, "x-forwarded-for") || http__slice_is(field->name, "forwarded") ||
            http__slice_is(field->name, "x-real-ip") || http__slice_is(field->name, "via"))
            is_forwarded = true;
        if (is_trusted && http__slice_is(field->name, "x-forwarded-proto"))
            origin.is_tls = http__slice_is(field->value, "https");
    }
    if (is_trusted)
        follow_proxies(server->proxies, head, &origin.address);
    /* A proxy on this host that nobody told us of must not make the whole world local. */
    origin.is_loopback = !is_forwarded && http__address_is_loopback(&connection->peer);
    return origin;
}

/* ---- the copy ---------------------------------------------------------------------------------------------------- */

static char *put(char **at, const char *data, size_t length)
{
    char *begin = *at;

    memcpy(begin, data, length);
    begin[length] = '\0';
    *at += length + 1;
    return begin;
}

static char *put_lower(char **at, const char *data, size_t length)
{
    char *begin = put(at, data, length);

    for (char *c = begin; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return begin;
}

static bool is_id(const char *text)
{
    size_t length = text ? strlen(text) : 0;

    for (size_t i = 0; i < length; i++) {
        if (!isalnum((unsigned char)text[i]) && !strchr("._-", text[i]))
            return false;
    }
    return length > 0 && length <= ID_MAX;
}

static const char *make_id(const struct http_request *request, char **at)
{
    const char *given = http_request_header(request, "x-request-id");
    char text[UUID_TEXT_SIZE] = "";
    struct uuid uuid;

    if (is_id(given))
        return given;
    if (uuid_make(&uuid) == 0)
        uuid_print(&uuid, text);
    return put(at, text, strlen(text));
}

static bool is_websocket(const struct http__head *head)
{
    bool wants = false, connects = false;

    for (size_t i = 0; i < head->field_count; i++) {
        if (http__slice_is(head->fields[i].name, "upgrade"))
            wants = wants || http__list_has(head->fields[i].value, "websocket");
        else if (http__slice_is(head->fields[i].name, "connection"))
            connects = connects || http__list_has(head->fields[i].value, "upgrade");
    }
    return wants && connects && head->minor == 1 && http__slice_is(head->method, "GET");
}

/* Fields, method, id and address: what does not depend on the target being a good one. */
static void copy_head(struct http__exchange *exchange, const struct http__head *head, const struct origin *origin,
                      char **at)
{
    struct http_request *request = &exchange->request;
    struct http_header *headers = (struct http_header *)*at;
    char address[HTTP__ADDRESS_TEXT];

    *at += head->field_count * sizeof(*headers);
    for (size_t i = 0; i < head->field_count; i++) {
        const struct http__field *field = &head->fields[i];

        headers[i].name = put_lower(at, field->name.data, field->name.length);
        headers[i].value = put(at, field->value.data, field->value.length);
    }
    request->headers = headers;
    request->header_count = head->field_count;
    request->method = put(at, head->method.data, head->method.length);
    request->id = make_id(request, at);
    http__address_print(&origin->address, address);
    request->address = put(at, address, strlen(address));
    request->is_loopback = origin->is_loopback;
    request->is_tls = origin->is_tls;
    exchange->is_head = strcmp(request->method, "HEAD") == 0;
    exchange->wants_websocket = is_websocket(head);
    exchange->cors = http__cors_origin(exchange->server, http_request_header(request, "origin"));
}

static int copy_target(struct http__exchange *exchange, struct http__slice target, char **at)
{
    struct http__slice query;
    int status = http__target_split(target, *at, &query);

    if (status)
        return status;
    exchange->request.path = *at;
    *at += strlen(*at) + 1;
    exchange->cut = put(at, exchange->request.path, strlen(exchange->request.path));
    exchange->request.query = put(at, query.data, query.length);
    return 0;
}

static struct http__exchange *allocate(struct http_server *server, size_t room)
{
    struct http__exchange *exchange = malloc(sizeof(*exchange) + room);

    if (!exchange)
        return NULL;
    memset(exchange, 0, sizeof(*exchange));
    atomic_init(&exchange->refs, 1);
    exchange->server = server;
    exchange->begun = sn__now_ns();
    exchange->request.method = exchange->request.path = exchange->request.query = "";
    exchange->request.id = exchange->request.address = exchange->request.body = "";
    exchange->pattern = "";
    return exchange;
}

struct http__exchange *http__exchange_make_empty(struct http_server *server)
{
    struct http__exchange *exchange = allocate(server, UUID_TEXT_SIZE);
    char *at;

    if (!exchange)
        return NULL;
    at = (char *)(exchange + 1);
    exchange->request.id = make_id(&exchange->request, &at);
    return exchange;
}

/* Runs when h2o frees its request, for whatever reason. */
static void on_request_gone(void *hook)
{
    struct http__exchange *exchange = *(struct http__exchange **)hook;

    exchange->req = NULL;
    exchange->connection->exchange = NULL;
    if (exchange->connection->phase != HTTP__UPGRADED)
        http__connection_phase(exchange->connection, HTTP__RECEIVING);
    exchange->connection = NULL;
    http__report_done(exchange, exchange->is_started ? exchange->response.status : 499);
    if (!exchange->is_at_pool)
        http__exchange_close_stream(exchange);
    http__exchange_unref(exchange);
}

void http__exchange_close_stream(struct http__exchange *exchange)
{
    struct http_stream *stream = exchange->stream;

    exchange->stream = NULL;
    if (stream)
        http__stream_closed(stream);
}

static void tie(struct http__exchange *exchange, h2o_req_t *req)
{
    struct http__exchange **hook = h2o_mem_alloc_shared(&req->pool, sizeof(struct http__exchange *), on_request_gone);

    *hook = exchange;
    exchange->req = req;
    exchange->connection = http__connection_of(req);
    exchange->connection->exchange = exchange;
}

struct http__exchange *http__exchange_make(struct http_server *server, h2o_req_t *req, int *ret_status)
{
    struct http__connection *connection = http__connection_of(req);
    const h2o_buffer_t *input = connection->sock->input;
    struct http__exchange *exchange;
    struct http__head head;
    struct origin origin;
    size_t body = req->entity.base ? req->entity.len : 0, room;
    int status = http__head_parse(input->bytes, input->size, &head);
    char *at;

    if (status == 0 && body > server->options.body_max)
        status = 413;
    if (status == 0 && body && atomic_load(&server->bodies) + body > HTTP__BODIES_MAX)
        status = 503;
    if (status)
        body = 0;
    *ret_status = status;
    if (status == 400 || status == 431) {
        exchange = http__exchange_make_empty(server);
    } else {
        /* Every field and the method once, the target twice as path and once as query, each with its NUL. */
        room = head.length + 2 * head.field_count + 3 * head.target.length + head.field_count * sizeof(*head.fields) +
               UUID_TEXT_SIZE + HTTP__ADDRESS_TEXT + body + 16;
        exchange = allocate(server, room);
        if (exchange) {
            at = (char *)(exchange + 1);
            origin = find_origin(server, connection, &head);
            copy_head(exchange, &head, &origin, &at);
            status = copy_target(exchange, head.target, &at);
            if (status)
                *ret_status = status;
            else if (body)
                exchange->request.body = put(&at, req->entity.base, body);
            exchange->request.body_length = status ? 0 : body;
        }
    }
    if (!exchange)
        return NULL;
    atomic_fetch_add(&server->bodies, exchange->request.body_length);
    tie(exchange, req);
    return exchange;
}

void http__exchange_ref(struct http__exchange *exchange)
{
    atomic_fetch_add(&exchange->refs, 1);
}

void http__exchange_unref(struct http__exchange *exchange)
{
    if (atomic_fetch_sub(&exchange->refs, 1) != 1)
        return;
    http__exchange_close_stream(exchange);
    /* A handler made a stream for a client that was gone before it returned. */
    if (exchange->response.stream)
        http__stream_closed(exchange->response.stream);
    atomic_fetch_sub(&exchange->server->bodies, exchange->request.body_length);
    http__response_clear(&exchange->response);
    free(exchange);
}
