/* SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "http/server.h"

#include <fcntl.h>
#include <stdlib.h>

/*
 * Theory of operation. A socket that is closed while there is something unread sends a reset, and the reset may reach
 * the client before it has read our answer: whoever uploads too much would see a broken connection instead of a 413.
 * h2o closes at once. So, before an answer that comes early, a second descriptor of the socket is taken; when h2o has
 * closed the first, this one ends the sending side and reads away what comes: until the client ends it, or has sent
 * nothing for SILENCE_NS, or has been at it for LINGER_NS, as a slow line or a busy machine may well need.
 */

#define SILENCE_NS (2 * 1000000000ULL)
#define LINGER_NS (30 * 1000000000ULL)

struct lingering {
    h2o_linklist_t link;
    struct http_server *server;
    h2o_socket_t *sock;
    uint64_t last_read;
    uint64_t until;
};

void http__linger_prepare(struct http__connection *connection)
{
    if (connection->linger_fd < 0)
        connection->linger_fd = fcntl(h2o_socket_get_fd(connection->sock), F_DUPFD_CLOEXEC, 0);
}

static void end(struct lingering *linger)
{
    h2o_linklist_unlink(&linger->link);
    atomic_fetch_sub(&linger->server->connections, 1);
    h2o_socket_close(linger->sock);
    free(linger);
}

static void on_read(h2o_socket_t *sock, const char *err)
{
    struct lingering *linger = sock->data;

    h2o_buffer_consume(&sock->input, sock->input->size);
    linger->last_read = sn__now_ns();
    if (err)
        end(linger);
}

void http__linger_begin(struct http_server *server, int fd)
{
    struct lingering *linger = calloc(1, sizeof(*linger));

    if (!linger) {
        close(fd);
        return;
    }
    shutdown(fd, SHUT_WR);
    linger->server = server;
    linger->last_read = sn__now_ns();
    linger->until = linger->last_read + LINGER_NS;
    linger->sock = h2o_evloop_socket_create(server->context.loop, fd, 0);
    linger->sock->data = linger;
    h2o_linklist_insert(&server->all_lingers, &linger->link);
    /* Its descriptor counts as the connection's did. */
    atomic_fetch_add(&server->connections, 1);
    h2o_socket_read_start(linger->sock, on_read);
}

void http__lingers_sweep(struct http_server *server, uint64_t now, bool all)
{
    h2o_linklist_t *node, *next;

    for (node = server->all_lingers.next; node != &server->all_lingers; node = next) {
        struct lingering *linger = H2O_STRUCT_FROM_MEMBER(struct lingering, link, node);

        next = node->next;
        if (all || now >= linger->until || now >= linger->last_read + SILENCE_NS)
            end(linger);
    }
}
