/* SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "http/server.h"
#include "http/stream.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

/*
 * Theory of operation. h2o has one timeout for all that happens before a handler runs, measured by the wall clock, and
 * none after. So the bounds are kept here: a sweep over all connections, a few times a second, by the monotonic clock.
 * It looks at what h2o has received of a request and how long that took, and at how long a response takes to be read.
 *
 * A connection on which h2o waits for input is ended by telling h2o's own read callback that the client hung up: the
 * callback is in the socket, and frees whatever h2o keeps. If the client is owed an answer (408), that is written
 * first, with the callback put aside. A connection in the middle of anything else is shut down in the kernel, and fails
 * its next write.
 */

struct http__connection *http__connection_of(h2o_req_t *req)
{
    return req->conn->callbacks->get_socket(req->conn)->on_close.data;
}

void http__connection_phase(struct http__connection *connection, enum http__phase phase)
{
    connection->phase = phase;
    connection->since = sn__now_ns();
    connection->begun = connection->whole_head = connection->stuck = 0;
}

/* ---- its beginning and its end ----------------------------------------------------------------------------------- */

static void resume_accepting(struct http_server *server)
{
    if (server->is_accepting || server->is_draining ||
        atomic_load(&server->connections) >= server->options.connections_max)
        return;
    server->is_accepting = true;
    server->accept_at = 0;
    h2o_socket_read_start(server->listener, http__on_accept);
}

static void on_close(void *data)
{
    struct http__connection *connection = data;
    struct http_server *server = connection->server;

    h2o_linklist_unlink(&connection->link);
    atomic_fetch_sub(&server->connections, 1);
    if (connection->linger_fd >= 0)
        http__linger_begin(server, connection->linger_fd);
    free(connection->refusal);
    SSL_CTX_free(connection->tls);
    free(connection);
    if (!server->accept_at)
        resume_accepting(server);
}

static void pause_accepting(struct http_server *server)
{
    server->is_accepting = false;
    h2o_socket_read_stop(server->listener);
}

void http__on_accept(h2o_socket_t *listener, const char *err)
{
    struct http_server *server = listener->data;
    struct http__connection *connection;
    h2o_socket_t *sock;

    (void)err;
    for (int i = 0; i < 64; i++) {
        if (atomic_load(&server->connections) >= server->options.connections_max) {
            pause_accepting(server);
            return;
        }
        errno = 0;
        sock = h2o_evloop_socket_accept(listener);
        if (!sock) {
            /* Out of descriptors or memory: the kernel would wake us at once, again and again. */
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
                pause_accepting(server);
                server->accept_at = sn__now_ns() + 100 * 1000000;
            }
            return;
        }
        connection = calloc(1, sizeof(*connection));
        if (!connection) {
            h2o_socket_close(sock);
            return;
        }
        connection->server = server;
        connection->sock = sock;
        connection->linger_fd = -1;
        connection->tls = server->accept_context.ssl_ctx;
        if (connection->tls)
            SSL_CTX_up_ref(connection->tls);
        http__connection_phase(connection, HTTP__RECEIVING);
        h2o_linklist_insert(&server->all_connections, &connection->link);
        atomic_fetch_add(&server->connections, 1);
        sock->on_close.cb = on_close;
        sock->on_close.data = connection;
        h2o_accept(&server->accept_context, sock);
    }
}

/* ---- a client that hangs up -------------------------------------------------------------------------------------- */

static bool has_hung_up(const struct http__connection *connection)
{
    struct pollfd poll_fd = {.fd = h2o_socket_get_fd(connection->sock), .events = POLLRDHUP};

    return poll(&poll_fd, 1, 0) == 1 && (poll_fd.revents & (POLLRDHUP | POLLHUP | POLLERR));
}

static void on_watched(h2o_socket_t *sock, const char *err)
{
    struct http__connection *connection = sock->on_close.data;

    (void)err;
    if (has_hung_up(connection)) {
        http__connection_cut(connection);
        return;
    }
    /* The next request is there already. It waits its turn, and the sweep looks for the end behind it. */
    h2o_socket_read_stop(sock);
    connection->is_watched_slowly = true;
}

void http__connection_watch(struct http__connection *connection)
{
    if (connection->is_watched)
        return;
    connection->is_watched = true;
    connection->is_watched_slowly = false;
    /* Not read: h2o's request points into the buffer that reading could move. */
    h2o_socket_dont_read(connection->sock, 1);
    h2o_socket_read_start(connection->sock, on_watched);
}

void http__connection_unwatch(struct http__connection *connection)
{
    if (!connection->is_watched)
        return;
    connection->is_watched = false;
    h2o_socket_read_stop(connection->sock);
    h2o_socket_dont_read(connection->sock, 0);
}

/* ---- ending one -------------------------------------------------------------------------------------------------- */

void http__connection_reset(struct http__connection *connection)
{
    static const struct linger reset = {.l_onoff = 1};

    setsockopt(h2o_socket_get_fd(connection->sock), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
}

static void cut_socket(struct http__connection *connection)
{
    http__connection_reset(connection);
    shutdown(h2o_socket_get_fd(connection->sock), SHUT_RDWR);
}

/* RECEIVING, and h2o waits for input. */
static void close_waiting(struct http__connection *connection)
{
    connection->sock->_cb.read(connection->sock, h2o_socket_error_closed);
}

static void on_refused(h2o_socket_t *sock, const char *err)
{
    struct http__connection *connection = sock->on_close.data;

    (void)err;
    connection->h2o_read(sock, h2o_socket_error_closed);
}

/* RECEIVING: answers though there is no request yet, and closes. */
static void refuse(struct http__connection *connection, int status)
{
    h2o_socket_t *sock = connection->sock;
    size_t length;
    h2o_iovec_t part;

    if (!h2o_socket_is_writing(sock))
        connection->refusal = http__refusal_bytes(connection->server, status, &length);
    if (!connection->refusal) {
        close_waiting(connection);
        return;
    }
    http__linger_prepare(connection);
    http__connection_phase(connection, HTTP__REFUSING);
    connection->h2o_read = sock->_cb.read;
    h2o_socket_read_stop(sock);
    part = h2o_iovec_init(connection->refusal, length);
    h2o_socket_write(sock, &part, 1, on_refused);
}

void http__connection_cut(struct http__connection *connection)
{
    switch (connection->phase) {
    case HTTP__RECEIVING:
        if (connection->sock->_cb.read)
            close_waiting(connection);
        else
            cut_socket(connection);
        break;
    case HTTP__HANDLING:
    case HTTP__SENDING:
        http__connection_unwatch(connection);
        cut_socket(connection);
        if (connection->exchange)
            http__exchange_abort(connection->exchange);
        break;
    case HTTP__UPGRADED:
        http__websocket_cut(connection->websocket);
        break;
    case HTTP__REFUSING:
    case HTTP__CLOSING:
        cut_socket(connection);
        break;
    }
}

/* ---- the sweep --------------------------------------------------------------------------------------------------- */

static bool is_over(uint64_t since, unsigned ms, uint64_t now)
{
    return now > since && now - since > (uint64_t)ms * 1000000;
}

static void sweep_receiving(struct http__connection *connection, uint64_t now)
{
    const struct http_options *options = &connection->server->options;
    const h2o_buffer_t *input = connection->sock->input;

    if (!connection->sock->_cb.read) {
        /* Something of h2o's own is being written: a step of TLS, 100 Continue, a 400. */
        if (!connection->stuck)
            connection->stuck = now;
        else if (is_over(connection->stuck, options->body_ms, now))
            cut_socket(connection);
        return;
    }
    connection->stuck = 0;
    if (!input->size) {
        connection->begun = connection->whole_head = 0;
        if (is_over(connection->since, options->idle_ms, now))
            close_waiting(connection);
        return;
    }
    if (!connection->begun)
        connection->begun = now;
    if (!connection->whole_head && http__head_is_whole(input->bytes, input->size))
        connection->whole_head = now;
    if (!connection->whole_head && input->size > HTTP__HEAD_MAX)
        refuse(connection, 431);
    else if (connection->whole_head ? is_over(connection->whole_head, options->body_ms, now)
                                    : is_over(connection->begun, options->head_ms, now))
        refuse(connection, 408);
}

static void sweep_one(struct http__connection *connection, uint64_t now)
{
    const struct http_options *options = &connection->server->options;

    switch (connection->phase) {
    case HTTP__RECEIVING:
        sweep_receiving(connection, now);
        break;
    case HTTP__HANDLING:
        if (connection->is_watched && connection->is_watched_slowly && has_hung_up(connection))
            http__connection_cut(connection);
        break;
    case HTTP__SENDING:
    case HTTP__REFUSING:
    case HTTP__CLOSING:
        if (is_over(connection->since, options->body_ms, now))
            http__connection_cut(connection);
        break;
    case HTTP__UPGRADED:
        break; /* the stream has its own clock */
    }
}

/* With a limit, cuts the receiving ones that hold more than that; returns what all of them hold. */
static size_t weigh(struct http_server *server, size_t limit)
{
    h2o_linklist_t *node, *next;
    size_t total = 0;

    for (node = server->all_connections.next; node != &server->all_connections; node = next) {
        struct http__connection *connection = H2O_STRUCT_FROM_MEMBER(struct http__connection, link, node);

        next = node->next;
        if (connection->phase != HTTP__RECEIVING)
            continue;
        total += connection->sock->input->size;
        if (limit && connection->sock->input->size > limit && connection->sock->_cb.read)
            refuse(connection, 503);
    }
    return total;
}

void http__connections_sweep(struct http_server *server, uint64_t now)
{
    h2o_linklist_t *node, *next;

    for (node = server->all_connections.next; node != &server->all_connections; node = next) {
        struct http__connection *connection = H2O_STRUCT_FROM_MEMBER(struct http__connection, link, node);

        next = node->next;
        sweep_one(connection, now);
    }
    if (weigh(server, 0) > HTTP__RECEIVE_MAX)
        weigh(server, HTTP__RECEIVE_MAX / (atomic_load(&server->connections) + 1));
    if (!server->is_accepting && now >= server->accept_at)
        resume_accepting(server);
}

void http__connections_close_idle(struct http_server *server)
{
    h2o_linklist_t *node, *next;

    for (node = server->all_connections.next; node != &server->all_connections; node = next) {
        struct http__connection *connection = H2O_STRUCT_FROM_MEMBER(struct http__connection, link, node);

        next = node->next;
        if (connection->phase == HTTP__RECEIVING && connection->sock->_cb.read && !connection->sock->input->size)
            close_waiting(connection);
    }
}

void http__connections_cut_all(struct http_server *server)
{
    h2o_linklist_t *node, *next;

    for (node = server->all_connections.next; node != &server->all_connections; node = next) {
        struct http__connection *connection = H2O_STRUCT_FROM_MEMBER(struct http__connection, link, node);

        next = node->next;
        http__connection_cut(connection);
    }
}
