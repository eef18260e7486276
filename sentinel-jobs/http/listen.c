/* SPDX-License-Identifier: MIT */
#include "base/cleanup.h"
#include "http/http.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define BACKLOG 4096

static int open_socket(int family, const struct sockaddr *name, socklen_t length, const char *listen_text,
                       struct failure *failure)
{
    cleanup_close int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int on = 1;

    if (fd < 0)
        return fail(failure, FAIL_UNAVAILABLE, "cannot make a socket for %s: %s", listen_text, strerror(errno));
    if (family != AF_UNIX)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, name, length) < 0)
        return fail(failure, errno == EADDRINUSE ? FAIL_CONFLICT : FAIL_UNAVAILABLE, "cannot listen on %s: %s",
                    listen_text, strerror(errno));
    /* As a port of loopback: whoever is on this host, and may look into the directory. */
    if (family == AF_UNIX && chmod(((const struct sockaddr_un *)name)->sun_path, 0666) < 0)
        return fail(failure, FAIL_UNAVAILABLE, "cannot let others reach %s: %s", listen_text, strerror(errno));
    if (listen(fd, BACKLOG) < 0)
        return fail(failure, FAIL_UNAVAILABLE, "cannot listen on %s: %s", listen_text, strerror(errno));
    return steal_fd(&fd);
}

/* Is there a socket that nobody listens on any more? */
static bool is_stale(const struct sockaddr_un *name)
{
    cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct stat status;

    if (fd < 0 || lstat(name->sun_path, &status) < 0 || !S_ISSOCK(status.st_mode))
        return false;
    return connect(fd, (const struct sockaddr *)name, sizeof(*name)) < 0 && errno == ECONNREFUSED;
}

static int check_unix(const char *path, struct failure *failure)
{
    size_t most = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;

    if (*path != '/' || strlen(path) > most)
        return fail(failure, FAIL_INVALID, "%s is no absolute path of at most %zu bytes", path, most);
    return 0;
}

static int listen_unix(const char *path, const char *listen_text, struct failure *failure)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int r = check_unix(path, failure);

    if (r < 0)
        return r;
    memcpy(name.sun_path, path, strlen(path) + 1);
    if (is_stale(&name))
        unlink(path);
    return open_socket(AF_UNIX, (const struct sockaddr *)&name, sizeof(name), listen_text, failure);
}

static bool is_port(const char *text)
{
    size_t length = strlen(text);

    return length >= 1 && length <= 5 && strspn(text, "0123456789") == length && atoi(text) <= 65535;
}

/* *ret_info is to be freed. */
static int parse_tcp(const char *text, struct addrinfo **ret_info, struct failure *failure)
{
    static const struct addrinfo hints = {
        .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE, .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    const char *colon = strrchr(text, ':'), *host = text;
    size_t length = colon ? (size_t)(colon - text) : 0;
    char copy[64];
    int r;

    if (length >= 2 && *host == '[' && host[length - 1] == ']') {
        host++;
        length -= 2;
    } else if (length && memchr(host, ':', length)) {
        length = 0;
    }
    if (!length || length >= sizeof(copy) || !is_port(colon + 1))
        return fail(failure, FAIL_INVALID, "\"%s\" is not like 127.0.0.1:8080, [::1]:8080 or unix:/path", text);
    memcpy(copy, host, length);
    copy[length] = '\0';
    r = getaddrinfo(copy, colon + 1, &hints, ret_info);
    if (r != 0)
        return fail(failure, FAIL_INVALID, "\"%s\" has no numeric address: %s", text, gai_strerror(r));
    return 0;
}

static int listen_tcp(const char *text, struct failure *failure)
{
    struct addrinfo *info = NULL;
    int r = parse_tcp(text, &info, failure);

    if (r < 0)
        return r;
    r = open_socket(info->ai_family, info->ai_addr, info->ai_addrlen, text, failure);
    freeaddrinfo(info);
    return r;
}

int http_listen(const char *listen, struct failure *failure)
{
    if (strncmp(listen, "unix:", 5) == 0)
        return listen_unix(listen + 5, listen, failure);
    return listen_tcp(listen, failure);
}

int http_listen_check(const char *listen, struct failure *failure)
{
    struct addrinfo *info = NULL;
    int r;

    if (strncmp(listen, "unix:", 5) == 0)
        return check_unix(listen + 5, failure);
    r = parse_tcp(listen, &info, failure);
    if (r == 0)
        freeaddrinfo(info);
    return r;
}
