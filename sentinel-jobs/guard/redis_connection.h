/* SPDX-License-Identifier: MIT */
#ifndef JOBS_GUARD_REDIS_CONNECTION_H
#define JOBS_GUARD_REDIS_CONNECTION_H

#include "common/failure.h"

#include <hiredis/hiredis.h>

#include <stddef.h>
#include <stdint.h>

/* Where a Redis is and how one gets in; the strings are owned by it. */
struct redis_address {
    char *path; /* of a unix socket; NULL: host and port */
    char *host;
    uint16_t port;
    char *user;     /* "" none */
    char *password; /* "" none */
    unsigned database;
};

/*
 * redis://[[user]:password@]host[:port][/database], unix:PATH, or unix://[[user]:password@]/PATH[?db=database].
 * FAIL_INVALID (no message repeats the URL) or FAIL_NOMEM.
 */
int redis_address_parse(const char *text, struct redis_address *ret_address, struct failure *failure);
void redis_address_free(struct redis_address *address);

/* Connects (within a second), says the password and selects the database. FAIL_UNAVAILABLE, FAIL_NOMEM. */
int redis_connect(const struct redis_address *address, redisContext **ret_context, struct failure *failure);

/*
 * One command and its reply, for which Redis has a second. Writes with MSG_NOSIGNAL, which hiredis itself would not
 * do. FAIL_CLOSED: the connection is lost, a new one may do; FAIL_UNAVAILABLE: Redis does not answer. After any failure
 * the connection is of no use any more.
 */
int redis_roundtrip(redisContext *context, int count, const char **words, const size_t *lengths, redisReply **ret_reply,
                    struct failure *failure);

#endif
