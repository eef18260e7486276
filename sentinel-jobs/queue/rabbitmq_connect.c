/* SPDX-License-Identifier: MIT */
#include "queue/rabbitmq_link.h"

#include "queue/rabbitmq_connect.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "queue/queue.h"

#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHANNELS_MAX 8

static int replace_empty(char **text, const char *otherwise)
{
    if (**text)
        return 0;
    free(*text);
    *text = strdup(otherwise);
    return *text ? 0 : -1;
}

static int parse_query(struct rabbitmq_address *address, struct failure *failure)
{
    static const char key[] = "cacertfile=";
    const char *query = address->url.query;

    if (!*query)
        return 0;
    if (!address->is_tls || strncmp(query, key, strlen(key)) != 0 || strchr(query, '&') || strchr(query, '%'))
        return fail(failure, FAIL_INVALID, "the only parameter of a queue's URL is cacertfile=PATH, of amqps://");
    address->ca_file = strdup(query + strlen(key));
    return address->ca_file ? 0 : fail_nomem(failure);
}

int rabbitmq_address_parse(const char *text, unsigned delivery_limit, struct rabbitmq_address *ret_address,
                           struct failure *failure)
{
    struct rabbitmq_address address = {.delivery_limit = delivery_limit};
    int error = url_parse(text, &address.url, failure);

    if (error < 0)
        return error;
    address.is_tls = strcmp(address.url.scheme, "amqps") == 0;
    if (!*address.url.host)
        error = fail(failure, FAIL_INVALID, "the queue's URL names no host: amqp://USER:PASSWORD@HOST:PORT/VHOST");
    else if (replace_empty(&address.url.user, "guest") < 0 || replace_empty(&address.url.password, "guest") < 0 ||
             replace_empty(&address.url.path, "/") < 0)
        error = fail_nomem(failure);
    else
        error = parse_query(&address, failure);
    if (error < 0) {
        rabbitmq_address_free(&address);
        return error;
    }
    if (address.url.port == 0)
        address.url.port = address.is_tls ? 5671 : 5672;
    *ret_address = address;
    return 0;
}

void rabbitmq_address_free(struct rabbitmq_address *address)
{
    url_free(&address->url);
    free(address->ca_file);
    address->ca_file = NULL;
}

int queue_check_url(const char *url, char **ret_authorities, struct failure *failure)
{
    struct rabbitmq_address address;
    int error = rabbitmq_address_parse(url, 0, &address, failure);

    if (error < 0)
        return error;
    *ret_authorities = steal_ptr(&address.ca_file);
    rabbitmq_address_free(&address);
    return 0;
}

/* Waits for a connection under way; 0 or an errno. */
static int finish_connect(int fd, uint64_t until)
{
    struct pollfd writable = {.fd = fd, .events = POLLOUT};
    socklen_t length = sizeof(int);
    int error = 0;

    for (;;) {
        uint64_t now = sn__now_ns();
        int ready = now < until ? poll(&writable, 1, (int)((until - now) / 1000000U) + 1) : 0;

        if (ready > 0)
            break;
        if (ready == 0)
            return ETIMEDOUT;
        if (errno != EINTR)
            return errno;
    }
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

/* A connected socket, or a negative errno. */
static int connect_one(const struct addrinfo *to, uint64_t until)
{
    cleanup_close int fd = -1;
    int one = 1;
    int error = 0;

    fd = socket(to->ai_family, to->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, to->ai_protocol);
    if (fd < 0)
        return -errno;
    if (connect(fd, to->ai_addr, to->ai_addrlen) < 0)
        error = errno == EINPROGRESS ? finish_connect(fd, until) : errno;
    if (error)
        return -error;
    /* What cannot be set only makes it slower, or a vanished peer is noticed later. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
    return steal_fd(&fd);
}

/*
 * librabbitmq's own way of opening a socket sets close-on-exec afterwards, which a program that another thread starts
 * in between does not see.
 */
static int connect_tcp(const struct url *url, int *ret_fd, struct failure *failure)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    uint64_t until = sn__now_ns() + RABBITMQ_ANSWER_MS * UINT64_C(1000000);
    char port[8];
    int error;
    int fd = -ECONNREFUSED;

    snprintf(port, sizeof(port), "%u", url->port);
    error = getaddrinfo(url->host, port, &hints, &list);
    if (error)
        return fail(failure, FAIL_UNAVAILABLE, "cannot look up the broker's host %s: %s", url->host,
                    gai_strerror(error));
    for (const struct addrinfo *at = list; at && fd < 0; at = at->ai_next)
        fd = connect_one(at, until);
    freeaddrinfo(list);
    if (fd < 0)
        return fail(failure, FAIL_UNAVAILABLE, "cannot connect to the broker at %s:%s: %s", url->host, port,
                    strerror(-fd));
    *ret_fd = fd;
    return 0;
}

static int open_tcp(amqp_connection_state_t connection, const struct url *url, struct failure *failure)
{
    amqp_socket_t *tcp;
    int fd = -1;
    int error = connect_tcp(url, &fd, failure);

    if (error < 0)
        return error;
    tcp = amqp_tcp_socket_new(connection);
    if (!tcp) {
        close(fd);
        return fail_nomem(failure);
    }
    amqp_tcp_socket_set_sockfd(tcp, fd);
    return 0;
}

/* librabbitmq knows no authority by itself and would refuse every broker. */
static int load_authorities(amqp_socket_t *tls, const struct rabbitmq_address *address, struct failure *failure)
{
    const char *path = address->ca_file;

    if (!path) {
        SSL_CTX_set_default_verify_paths(amqp_ssl_socket_get_context(tls));
        return 0;
    }
    if (amqp_ssl_socket_set_cacert(tls, path) == AMQP_STATUS_OK)
        return 0;
    ERR_clear_error();
    /* Not for good: it may be there, and better, at the next attempt. */
    if (access(path, R_OK) < 0)
        return fail(failure, FAIL_UNAVAILABLE, "cannot read the broker's authorities in %.200s: %s", path,
                    strerror(errno));
    return fail(failure, FAIL_UNAVAILABLE, "there is no certificate (PEM) in %.200s that could be read", path);
}

/* Why a certificate is refused is lost with the connection: this writes it down while OpenSSL decides. */
static int verify(X509_STORE_CTX *chain, void *ret_reason)
{
    int is_good = X509_verify_cert(chain);

    *(int *)ret_reason = X509_STORE_CTX_get_error(chain);
    return is_good;
}

static int refuse(int status, int reason, const struct rabbitmq_address *address, struct failure *failure)
{
    const char *host = address->url.host;

    if (status == AMQP_STATUS_SSL_PEER_VERIFY_FAILED)
        return fail(failure, FAIL_UNAVAILABLE,
                    "the broker's TLS certificate is not to be trusted by the authorities of %.100s: %s",
                    address->ca_file ? address->ca_file : "this host (no cacertfile= in RABBITMQ_URL)",
                    X509_verify_cert_error_string(reason));
    if (status == AMQP_STATUS_SSL_HOSTNAME_VERIFY_FAILED)
        return fail(failure, FAIL_UNAVAILABLE,
                    "the broker's TLS certificate is another host's: it has no DNS name %.100s, by which it was called",
                    host);
    return rabbitmq_check_status(status, "to connect with TLS", failure);
}

static int open_tls(amqp_connection_state_t connection, const struct rabbitmq_address *address, struct failure *failure)
{
    struct timeval timeout = {.tv_sec = RABBITMQ_ANSWER_MS / 1000, .tv_usec = RABBITMQ_ANSWER_MS % 1000 * 1000};
    amqp_socket_t *tls = amqp_ssl_socket_new(connection);
    int reason = X509_V_OK;
    int error;

    if (!tls)
        return fail_nomem(failure);
    /* Both are so without being asked for, but nothing would tell if that changed. */
    amqp_ssl_socket_set_verify_peer(tls, 1);
    amqp_ssl_socket_set_verify_hostname(tls, 1);
    error = load_authorities(tls, address, failure);
    if (error < 0)
        return error;
    SSL_CTX_set_cert_verify_callback(amqp_ssl_socket_get_context(tls), verify, &reason);
    error = amqp_socket_open_noblock(tls, address->url.host, address->url.port, &timeout);
    /* The context outlives this function. */
    SSL_CTX_set_cert_verify_callback(amqp_ssl_socket_get_context(tls), NULL, NULL);
    return refuse(error, reason, address, failure);
}

int rabbitmq_connect_socket(amqp_connection_state_t connection, const struct rabbitmq_address *address,
                            struct failure *failure)
{
    if (address->is_tls)
        return open_tls(connection, address, failure);
    return open_tcp(connection, &address->url, failure);
}

static amqp_table_entry_t flag(const char *name)
{
    return (amqp_table_entry_t){
        .key = amqp_cstring_bytes(name),
        .value = {.kind = AMQP_FIELD_KIND_BOOLEAN, .value = {.boolean = 1}},
    };
}

int rabbitmq_connect_login(amqp_connection_state_t connection, const struct rabbitmq_address *address,
                           const char *purpose, int heartbeat_s, struct failure *failure)
{
    struct timeval timeout = {.tv_sec = RABBITMQ_ANSWER_MS / 1000, .tv_usec = RABBITMQ_ANSWER_MS % 1000 * 1000};
    const struct url *url = &address->url;
    /* So that the broker says when it stops reading for want of memory or disk, and when our queue is deleted. */
    amqp_table_entry_t capabilities[] = {flag("connection.blocked"), flag("consumer_cancel_notify")};
    amqp_table_entry_t entries[] = {
        {.key = amqp_cstring_bytes("connection_name"),
         .value = {.kind = AMQP_FIELD_KIND_UTF8, .value = {.bytes = amqp_cstring_bytes(purpose)}}},
        {.key = amqp_cstring_bytes("capabilities"),
         .value = {.kind = AMQP_FIELD_KIND_TABLE,
                   .value = {.table = {.num_entries = SN_ARRAY_SIZE(capabilities), .entries = capabilities}}}},
    };
    amqp_table_t properties = {.num_entries = SN_ARRAY_SIZE(entries), .entries = entries};
    amqp_rpc_reply_t reply;
    int error;

    if (amqp_set_handshake_timeout(connection, &timeout) != AMQP_STATUS_OK ||
        amqp_set_rpc_timeout(connection, &timeout) != AMQP_STATUS_OK)
        return fail(failure, FAIL_INTERNAL, "librabbitmq takes no timeouts");
    reply = amqp_login_with_properties(connection, url->path, CHANNELS_MAX, AMQP_DEFAULT_FRAME_SIZE, heartbeat_s,
                                       &properties, AMQP_SASL_METHOD_PLAIN, url->user, url->password);
    error = rabbitmq_check_reply(reply, "to log in", failure);
    if (error < 0)
        return error;
    amqp_channel_open(connection, RABBITMQ_CHANNEL);
    return rabbitmq_check_reply(amqp_get_rpc_reply(connection), "to open a channel", failure);
}
