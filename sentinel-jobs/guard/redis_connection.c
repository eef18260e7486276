/* SPDX-License-Identifier: MIT */
#include "guard/redis_connection.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define CONNECT_NS 1000000000ULL
static const struct timeval command_time = {.tv_sec = 1};

/* Waits until a connect that is under way has succeeded or failed; 0 or an errno. */
static int await_connected(int fd, uint64_t deadline)
{
    struct pollfd poller = {.fd = fd, .events = POLLOUT};
    int error = 0;
    socklen_t length = sizeof(error);

    for (;;) {
        uint64_t now = sn__now_ns();
        int ready;

        if (now >= deadline)
            return ETIMEDOUT;
        ready = poll(&poller, 1, (int)((deadline - now) / 1000000) + 1);
        if (ready > 0)
            break;
        if (ready < 0 && errno != EINTR)
            return errno;
    }
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0 ? errno : error;
}

/* hiredis would open the socket without O_CLOEXEC, so it is handed one. 0 or an errno. */
static int connect_to(const struct sockaddr *address, socklen_t length, uint64_t deadline, int *ret_fd)
{
    cleanup_close int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int on = 1;
    int error = 0;

    if (fd < 0)
        return errno;
    if (connect(fd, address, length) < 0) {
        /* EAGAIN is a unix socket's full backlog: there is nothing to wait for. */
        if (errno != EINPROGRESS && errno != EINTR)
            return errno;
        error = await_connected(fd, deadline);
        if (error != 0)
            return error;
    }
    if (address->sa_family != AF_UNIX)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    *ret_fd = steal_fd(&fd);
    return 0;
}

static int connect_socket(const char *path, int *ret_fd, struct failure *failure)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int error;

    strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
    error = connect_to((const struct sockaddr *)&address, sizeof(address), sn__now_ns() + CONNECT_NS, ret_fd);
    if (error != 0)
        return fail(failure, FAIL_UNAVAILABLE, "cannot connect to Redis at its socket: %s", strerrordesc_np(error));
    return 0;
}

static int connect_network(const char *host, uint16_t port, int *ret_fd, struct failure *failure)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    uint64_t deadline = sn__now_ns() + CONNECT_NS;
    struct addrinfo *found;
    char service[8];
    int error;

    snprintf(service, sizeof(service), "%u", port);
    error = getaddrinfo(host, service, &hints, &found);
    if (error != 0)
        return fail(failure, FAIL_UNAVAILABLE, "cannot find the host of Redis: %s", gai_strerror(error));
    error = ENOENT;
    for (const struct addrinfo *at = found; at && error != 0; at = at->ai_next)
        error = connect_to(at->ai_addr, at->ai_addrlen, deadline, ret_fd);
    freeaddrinfo(found);
    if (error != 0)
        return fail(failure, FAIL_UNAVAILABLE, "cannot connect to Redis: %s", strerrordesc_np(error));
    return 0;
}

/* The first word of Redis' error: a code; what follows might repeat what was sent. */
static int fail_refused(struct failure *failure, const char *what, const redisReply *reply)
{
    return fail(failure, FAIL_UNAVAILABLE, "Redis refuses the %s: %.*s", what, (int)strcspn(reply->str, " \r\n"),
                reply->str);
}

static int command_ok(redisContext *context, const char *what, int count, const char **words, struct failure *failure)
{
    size_t lengths[3];
    redisReply *reply;
    int error;

    for (int i = 0; i < count; i++)
        lengths[i] = strlen(words[i]);
    error = redis_roundtrip(context, count, words, lengths, &reply, failure);
    if (error < 0)
        return error;
    if (reply->type == REDIS_REPLY_ERROR)
        error = fail_refused(failure, what, reply);
    freeReplyObject(reply);
    return error;
}

static int greet(redisContext *context, const struct redis_address *address, struct failure *failure)
{
    int error = 0;

    if (*address->password) {
        const char *with_user[] = {"AUTH", address->user, address->password};
        const char *without[] = {"AUTH", address->password};

        if (*address->user)
            error = command_ok(context, "user or password", 3, with_user, failure);
        else
            error = command_ok(context, "password", 2, without, failure);
    }
    if (error == 0 && address->database != 0) {
        char number[16];
        const char *words[] = {"SELECT", number};

        snprintf(number, sizeof(number), "%u", address->database);
        error = command_ok(context, "database", 2, words, failure);
    }
    return error;
}

int redis_connect(const struct redis_address *address, redisContext **ret_context, struct failure *failure)
{
    cleanup_close int fd = -1;
    redisContext *context;
    int error;

    if (address->path)
        error = connect_socket(address->path, &fd, failure);
    else
        error = connect_network(address->host, address->port, &fd, failure);
    if (error < 0)
        return error;
    /* Blocking from here on, with the kernel's own timeouts. */
    if (fcntl(fd, F_SETFL, 0) < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &command_time, sizeof(command_time)) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &command_time, sizeof(command_time)) < 0)
        return fail(failure, FAIL_INTERNAL, "cannot set up the connection to Redis: %m");
    context = redisConnectFd(fd);
    if (!context)
        return fail_nomem(failure);
    steal_fd(&fd);
    error = greet(context, address, failure);
    if (error < 0) {
        redisFree(context);
        return error;
    }
    *ret_context = context;
    return 0;
}

static int send_all(int fd, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(fd, data, length, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return errno;
        data += sent;
        length -= (size_t)sent;
    }
    return 0;
}

int redis_roundtrip(redisContext *context, int count, const char **words, const size_t *lengths, redisReply **ret_reply,
                    struct failure *failure)
{
    char *command;
    int length = redisFormatCommandArgv(&command, count, words, lengths);
    void *reply = NULL;
    int error;

    if (length < 0)
        return fail_nomem(failure);
    error = send_all(context->fd, command, (size_t)length);
    redisFreeCommand(command);
    if (error == EAGAIN)
        return fail(failure, FAIL_UNAVAILABLE, "Redis took no command within a second");
    if (error != 0)
        return fail(failure, FAIL_CLOSED, "the connection to Redis is lost: %s", strerrordesc_np(error));
    if (redisGetReply(context, &reply) != REDIS_OK || !reply) {
        if (context->err == REDIS_ERR_OOM)
            return fail_nomem(failure);
        if (context->err == REDIS_ERR_IO && (errno == EAGAIN || errno == ETIMEDOUT))
            return fail(failure, FAIL_UNAVAILABLE, "Redis did not answer within a second");
        return fail(failure, FAIL_CLOSED, "the connection to Redis is lost: %s",
                    context->err == REDIS_ERR_EOF ? "it was closed" : context->errstr);
    }
    *ret_reply = reply;
    return 0;
}
