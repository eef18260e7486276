/* SPDX-License-Identifier: MIT */
#ifndef JOBS_COMMON_URL_H
#define JOBS_COMMON_URL_H

#include "common/failure.h"

#include <stdbool.h>
#include <stdint.h>

/* Does it begin with one of these (NULL-terminated)? */
bool url_has_prefix(const char *url, const char *const *prefixes);

/* scheme://user:password@host:port/path?query, decoded; "" where a part is absent, port 0. Freed by url_free(). */
struct url {
    char *scheme; /* lower case */
    char *user;
    char *password;
    char *host; /* without the brackets of an IPv6 address */
    uint16_t port;
    char *path; /* without its first slash */
    char *query;
};
/* FAIL_INVALID; the message does not repeat the URL, which may hold a password. */
int url_parse(const char *text, struct url *ret_url, struct failure *failure);
void url_free(struct url *url);

#endif
