/* SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "http/stream.h"

#include <h2o/http1.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <string.h>
#include <wslay/wslay.h>

/*
 * Theory of operation. After the handshake h2o gives the socket away, and wslay speaks the protocol over it. wslay's
 * own queues and buffers have no bound, hence:
 * - it is given the next messages only when the last are written, so what a client does not read stays in the stream's
 *   `pending`, which has one;
 * - it gets no more input while many frames (answers to pings) wait to be written;
 * - it does not gather messages, because an endless row of tiny fragments would cost it a hundred times their size; the
 *   text gathers here.
 * Nothing is destroyed inside a callback of wslay: they leave a note, and step() acts on it.
 */

#define MESSAGE_MAX (64U << 10)
#define BATCH (64U << 10)
#define FRAMES_MAX 32

struct http__websocket {
    struct http_stream *stream;
    struct http__connection *connection;
    h2o_socket_t *sock; /* NULL until the handshake is sent */
    wslay_event_context_ptr context;
    struct sn__buffer message; /* the client's, not whole yet */
    bool is_control;           /* the frame that comes in is one of control */
    struct sn__buffer out;     /* being written, or about to be */
    size_t counted;            /* of it, what is in the stream's `unsent` */
    uint16_t close_code;
    bool is_closing; /* our own Close is queued or will be once all is sent */
    bool is_refused; /* the client broke a rule: what it sends is read no more */
    bool is_drained; /* nothing was pending when last looked */
    uint64_t close_by;
    uint64_t pinged, ponged;
};

/* ---- the handshake ----------------------------------------------------------------------------------------------- */

/* Sixteen bytes in base64. */
static bool is_key(const char *key)
{
    if (!key || strlen(key) != 24 || strcmp(key + 22, "==") != 0)
        return false;
    for (size_t i = 0; i < 22; i++) {
        char c = key[i];

        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '+' || c == '/'))
            return false;
    }
    return true;
}

bool http__websocket_is_handshake(const struct http__exchange *exchange)
{
    const char *version = http_request_header(&exchange->request, "sec-websocket-version");

    return exchange->wants_websocket && version && strcmp(version, "13") == 0 &&
           is_key(http_request_header(&exchange->request, "sec-websocket-key"));
}

#define ACCEPT_SIZE 29

static void accept_key(const char *key, char text[ACCEPT_SIZE])
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; /* RFC 6455, 1.3 */
    unsigned char source[24 + sizeof(guid) - 1], hash[SHA_DIGEST_LENGTH];

    memcpy(source, key, 24);
    memcpy(source + 24, guid, sizeof(guid) - 1);
    SHA1(source, sizeof(source), hash);
    EVP_EncodeBlock((unsigned char *)text, hash, sizeof(hash));
}

/* A browser that offered protocols closes where none of them was chosen. */
static bool chooses_protocol(const struct http__exchange *exchange, const char *ours)
{
    const char *offered = http_request_header(&exchange->request, "sec-websocket-protocol");
    const char *one;
    size_t length;

    while (ours && (one = http_next_token(&offered, &length))) {
        if (length == strlen(ours) && memcmp(one, ours, length) == 0)
            return true;
    }
    return false;
}

/* ---- its end ----------------------------------------------------------------------------------------------------- */

static void release(struct http__websocket *websocket)
{
    wslay_event_context_free(websocket->context);
    sn__buffer_clear(&websocket->message);
    sn__buffer_clear(&websocket->out);
    free(websocket);
}

/* Closes the socket; the caller returns at once. */
static void destroy(struct http__websocket *websocket)
{
    struct http_stream *stream = websocket->stream;
    struct http__connection *connection = websocket->connection;
    h2o_socket_t *sock = websocket->sock;

    if (websocket->is_refused)
        http__linger_prepare(connection);
    connection->websocket = NULL;
    http__connection_phase(connection, HTTP__CLOSING);
    h2o_socket_close(sock);
    release(websocket);
    http__stream_closed(stream);
}

void http__websocket_cut(struct http__websocket *websocket)
{
    websocket->is_refused = false;
    http__connection_reset(websocket->connection);
    if (websocket->sock)
        destroy(websocket);
    else
        shutdown(h2o_socket_get_fd(websocket->connection->sock), SHUT_RDWR);
}

static void refuse(struct http__websocket *websocket, uint16_t code)
{
    websocket->is_refused = true;
    websocket->is_closing = true;
    wslay_event_queue_close(websocket->context, code, NULL, 0);
    wslay_event_shutdown_read(websocket->context);
}

/* ---- what wslay calls -------------------------------------------------------------------------------------------- */

static ssize_t on_want_input(wslay_event_context_ptr context, uint8_t *data, size_t length, int flags, void *arg)
{
    struct http__websocket *websocket = arg;
    h2o_buffer_t **input = &websocket->sock->input;

    (void)flags;
    if (!(*input)->size || wslay_event_get_queued_msg_count(context) > FRAMES_MAX) {
        wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    if (length > (*input)->size)
        length = (*input)->size;
    memcpy(data, (*input)->bytes, length);
    h2o_buffer_consume(input, length);
    return (ssize_t)length;
}

static ssize_t on_output(wslay_event_context_ptr context, const uint8_t *data, size_t length, int flags, void *arg)
{
    struct http__websocket *websocket = arg;

    (void)flags;
    sn__buffer_add(&websocket->out, data, length);
    if (websocket->out.failed) {
        wslay_event_set_error(context, WSLAY_ERR_CALLBACK_FAILURE);
        return -1;
    }
    return (ssize_t)length;
}

static void on_frame(wslay_event_context_ptr context, const struct wslay_event_on_frame_recv_start_arg *frame,
                     void *arg)
{
    struct http__websocket *websocket = arg;

    (void)context;
    websocket->is_control = wslay_is_ctrl_frame(frame->opcode);
    if (frame->opcode == WSLAY_BINARY_FRAME)
        refuse(websocket, WSLAY_CODE_UNSUPPORTED_DATA);
    else if (!websocket->is_control && frame->payload_length > MESSAGE_MAX - websocket->message.length)
        refuse(websocket, WSLAY_CODE_MESSAGE_TOO_BIG);
}

static void on_chunk(wslay_event_context_ptr context, const struct wslay_event_on_frame_recv_chunk_arg *chunk,
                     void *arg)
{
    struct http__websocket *websocket = arg;

    (void)context;
    if (websocket->is_control || websocket->is_refused)
        return;
    sn__buffer_add(&websocket->message, chunk->data, chunk->data_length);
    if (websocket->message.failed)
        refuse(websocket, WSLAY_CODE_INTERNAL_SERVER_ERROR);
}

static void on_message(wslay_event_context_ptr context, const struct wslay_event_on_msg_recv_arg *message, void *arg)
{
    struct http__websocket *websocket = arg;
    const struct http_stream *stream = websocket->stream;
    cleanup_buffer struct sn__buffer text = {0};

    (void)context;
    if (message->opcode == WSLAY_PONG)
        websocket->ponged = sn__now_ns();
    if (message->opcode != WSLAY_TEXT_FRAME || websocket->is_refused)
        return;
    text = websocket->message;
    memset(&websocket->message, 0, sizeof(websocket->message));
    if (websocket->is_closing)
        return;
    if (stream->handlers.on_message)
        stream->handlers.on_message(stream->arg, text.data ? text.data : "", text.length);
    else
        refuse(websocket, WSLAY_CODE_POLICY_VIOLATION);
}

/* ---- in and out -------------------------------------------------------------------------------------------------- */

static void step(struct http__websocket *websocket);

/* Gives wslay the next of what is pending. False: no memory. */
static bool take_pending(struct http__websocket *websocket)
{
    struct http_stream *stream = websocket->stream;
    size_t at = 0, length;
    bool is_good = true, is_finished;

    pthread_mutex_lock(&stream->lock);
    while (is_good && at < stream->pending.length && websocket->counted < BATCH) {
        struct wslay_event_msg message = {.opcode = WSLAY_TEXT_FRAME};

        memcpy(&length, stream->pending.data + at, sizeof(length));
        message.msg = (const uint8_t *)stream->pending.data + at + sizeof(length);
        message.msg_length = length;
        is_good = wslay_event_queue_msg(websocket->context, &message) == 0;
        at += sizeof(length) + length;
        websocket->counted += length;
    }
    websocket->is_drained = at == stream->pending.length;
    if (websocket->is_drained) {
        sn__buffer_clear(&stream->pending);
    } else if (at) {
        memmove(stream->pending.data, stream->pending.data + at, stream->pending.length - at);
        stream->pending.length -= at;
    }
    is_finished = stream->is_finished;
    pthread_mutex_unlock(&stream->lock);
    if (is_finished && !websocket->is_closing)
        http__websocket_shutdown(websocket, WSLAY_CODE_NORMAL_CLOSURE);
    return is_good;
}

static void on_written(h2o_socket_t *sock, const char *err)
{
    struct http__websocket *websocket = sock->data;

    if (err) {
        destroy(websocket);
        return;
    }
    http__stream_sent(websocket->stream, websocket->counted);
    websocket->counted = 0;
    sn__buffer_clear(&websocket->out);
    step(websocket);
}

/* False: it is over. */
static bool write_more(struct http__websocket *websocket)
{
    wslay_event_context_ptr context = websocket->context;
    h2o_iovec_t part;

    if (h2o_socket_is_writing(websocket->sock))
        return true;
    if (!wslay_event_get_close_sent(context) && !websocket->is_refused && !take_pending(websocket))
        return false;
    if (wslay_event_send(context) != 0)
        return false;
    /* A Close overtakes what wslay has queued: it comes when all else is in `out`. */
    if (websocket->close_code && websocket->is_drained && !wslay_event_get_close_sent(context)) {
        wslay_event_queue_close(context, websocket->close_code, NULL, 0);
        if (wslay_event_send(context) != 0)
            return false;
    }
    if (websocket->out.length) {
        part = h2o_iovec_init(websocket->out.data, websocket->out.length);
        h2o_socket_write(websocket->sock, &part, 1, on_written);
    }
    return true;
}

static void on_read(h2o_socket_t *sock, const char *err)
{
    struct http__websocket *websocket = sock->data;

    if (err)
        destroy(websocket);
    else
        step(websocket);
}

/* All that can be done now, and what to wait for. */
static void step(struct http__websocket *websocket)
{
    wslay_event_context_ptr context = websocket->context;
    bool is_over = false;

    if (wslay_event_want_read(context) && websocket->sock->input->size)
        is_over = wslay_event_recv(context) == WSLAY_ERR_NOMEM;
    if (!wslay_event_want_read(context) && !wslay_event_get_close_received(context))
        websocket->is_refused = true;
    is_over = is_over || !write_more(websocket);
    if (is_over || (!wslay_event_want_read(context) && !wslay_event_want_write(context) &&
                    !h2o_socket_is_writing(websocket->sock))) {
        destroy(websocket);
        return;
    }
    if (wslay_event_want_read(context) && wslay_event_get_queued_msg_count(context) <= FRAMES_MAX)
        h2o_socket_read_start(websocket->sock, on_read);
    else
        h2o_socket_read_stop(websocket->sock);
}

/* ---- what the stream calls --------------------------------------------------------------------------------------- */

static void on_upgraded(void *arg, h2o_socket_t *sock, size_t request_size)
{
    struct http__websocket *websocket = arg;
    struct http_stream *stream = websocket->stream;

    if (!sock) {
        release(websocket);
        http__stream_closed(stream);
        return;
    }
    websocket->sock = sock;
    sock->data = websocket;
    h2o_buffer_consume(&sock->input, request_size);
    websocket->pinged = websocket->ponged = sn__now_ns();
    step(websocket);
}

static struct http__websocket *make(void)
{
    static const struct wslay_event_callbacks callbacks = {
        .recv_callback = on_want_input,
        .send_callback = on_output,
        .on_frame_recv_start_callback = on_frame,
        .on_frame_recv_chunk_callback = on_chunk,
        .on_msg_recv_callback = on_message,
    };
    struct http__websocket *websocket = calloc(1, sizeof(*websocket));

    if (!websocket)
        return NULL;
    if (wslay_event_context_server_init(&websocket->context, &callbacks, websocket) != 0) {
        free(websocket);
        return NULL;
    }
    wslay_event_config_set_no_buffering(websocket->context, 1);
    wslay_event_config_set_max_recv_msg_length(websocket->context, MESSAGE_MAX);
    return websocket;
}

void http__websocket_attach(struct http_stream *stream, struct http__exchange *exchange)
{
    struct http__websocket *websocket = make();
    const char *protocol = stream->server->options.websocket_protocol;
    h2o_req_t *req = exchange->req;
    char *accept;

    if (!websocket) {
        http__stream_closed(stream);
        http__exchange_fail(exchange, 503);
        return;
    }
    websocket->stream = stream;
    websocket->connection = exchange->connection;
    stream->websocket = websocket;
    exchange->connection->websocket = websocket;
    http__connection_phase(exchange->connection, HTTP__UPGRADED);
    exchange->response.status = 101;
    exchange->response.type = NULL;
    exchange->is_started = true;
    http__exchange_add_headers(exchange);
    if (chooses_protocol(exchange, protocol))
        h2o_add_header_by_str(&req->pool, &req->res.headers, H2O_STRLIT("sec-websocket-protocol"), 0, NULL, protocol,
                              strlen(protocol));
    accept = h2o_mem_alloc_pool(&req->pool, ACCEPT_SIZE);
    accept_key(http_request_header(&exchange->request, "sec-websocket-key"), accept);
    h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_UPGRADE, NULL, H2O_STRLIT("websocket"));
    h2o_add_header_by_str(&req->pool, &req->res.headers, H2O_STRLIT("sec-websocket-accept"), 0, NULL, accept,
                          strlen(accept));
    h2o_http1_upgrade(req, NULL, 0, on_upgraded, websocket);
}

void http__websocket_pump(struct http_stream *stream)
{
    bool is_overflowed;

    pthread_mutex_lock(&stream->lock);
    is_overflowed = stream->is_overflowed;
    pthread_mutex_unlock(&stream->lock);
    if (is_overflowed)
        http__websocket_cut(stream->websocket);
    else if (stream->websocket->sock && !h2o_socket_is_writing(stream->websocket->sock))
        step(stream->websocket);
}

void http__websocket_shutdown(struct http__websocket *websocket, uint16_t code)
{
    const struct http_options *options = &websocket->stream->server->options;

    if (websocket->is_closing)
        return;
    websocket->is_closing = true;
    websocket->close_code = code;
    websocket->close_by = sn__now_ns() + (uint64_t)options->body_ms * 1000000;
}

void http__websocket_tick(struct http_stream *stream, uint64_t now)
{
    struct http__websocket *websocket = stream->websocket;
    uint64_t ping = (uint64_t)stream->server->options.ping_ms * 1000000;
    static const struct wslay_event_msg message = {.opcode = WSLAY_PING};

    if (!websocket->sock) {
        if (now - stream->last_sent > (uint64_t)stream->server->options.body_ms * 1000000)
            http__websocket_cut(websocket);
        return;
    }
    if ((websocket->close_by && now > websocket->close_by) || now > websocket->ponged + 2 * ping) {
        http__websocket_cut(websocket);
        return;
    }
    if (now > websocket->pinged + ping && !websocket->is_closing) {
        websocket->pinged = now;
        wslay_event_queue_msg(websocket->context, &message);
    }
    step(websocket);
}
