/* SPDX-License-Identifier: MIT */
#include "guard/redis_connection.h"

#include "base/cleanup.h"
#include "common/url.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#define DEFAULT_PORT 6379

void redis_address_free(struct redis_address *address)
{
    free(address->path);
    free(address->host);
    free(address->user);
    free(address->password);
    *address = (struct redis_address){0};
}

static int parse_database(const char *text, unsigned *ret_database, struct failure *failure)
{
    unsigned database = 0;

    if (strlen(text) > 5)
        return fail(failure, FAIL_INVALID, "the database of the guard's URL is no number below 100000");
    for (; *text; text++) {
        if (!isdigit((unsigned char)*text))
            return fail(failure, FAIL_INVALID, "the database of the guard's URL is no number below 100000");
        database = database * 10 + (unsigned)(*text - '0');
    }
    *ret_database = database;
    return 0;
}

/* redis://host:port/db; what the address keeps is taken out of the url. */
static int take_network(struct url *url, struct redis_address *address, struct failure *failure)
{
    if (!*url->host)
        return fail(failure, FAIL_INVALID, "the guard's URL names no host");
    if (*url->query)
        return fail(failure, FAIL_INVALID, "the guard's URL has options after a question mark, and knows none");
    address->port = url->port ? url->port : DEFAULT_PORT;
    address->host = steal_ptr(&url->host);
    return parse_database(url->path, &address->database, failure);
}

/* unix:///path?db=N. */
static int take_socket(struct url *url, struct redis_address *address, struct failure *failure)
{
    if (*url->host || url->port)
        return fail(failure, FAIL_INVALID, "the guard's URL names a host before the path of a socket");
    if (*url->query && strncmp(url->query, "db=", 3) != 0)
        return fail(failure, FAIL_INVALID, "the guard's URL has an option that is not db");
    if (asprintf(&address->path, "/%s", url->path) < 0) {
        address->path = NULL;
        return fail_nomem(failure);
    }
    return parse_database(*url->query ? url->query + 3 : "", &address->database, failure);
}

static int parse_full(const char *text, struct redis_address *address, struct failure *failure)
{
    struct url url;
    int error = url_parse(text, &url, failure);

    if (error < 0)
        return error;
    if (strcmp(url.scheme, "unix") == 0)
        error = take_socket(&url, address, failure);
    else
        error = take_network(&url, address, failure);
    address->user = steal_ptr(&url.user);
    address->password = steal_ptr(&url.password);
    url_free(&url);
    if (error == 0 && *address->user && !*address->password)
        return fail(failure, FAIL_INVALID, "the guard's URL has a user without a password");
    return error;
}

int redis_address_parse(const char *text, struct redis_address *ret_address, struct failure *failure)
{
    struct redis_address address = {0};
    int error = 0;

    if (strncmp(text, "rediss://", strlen("rediss://")) == 0)
        return fail(failure, FAIL_INVALID,
                    "rediss:// is not supported: there is no TLS to Redis here; use redis:// over a network that is "
                    "trusted or through a tunnel, or unix:PATH");
    if (strncmp(text, "unix:", 5) == 0 && strncmp(text, "unix://", 7) != 0) {
        address.path = strdup(text + 5);
        address.user = strdup("");
        address.password = strdup("");
        if (!address.path || !address.user || !address.password)
            error = fail_nomem(failure);
    } else {
        error = parse_full(text, &address, failure);
    }
    if (error == 0 && address.path &&
        (!*address.path || strlen(address.path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path)))
        error = fail(failure, FAIL_INVALID, "the path of the guard's socket is empty or longer than 107 bytes");
    if (error < 0) {
        redis_address_free(&address);
        return error;
    }
    *ret_address = address;
    return 0;
}
