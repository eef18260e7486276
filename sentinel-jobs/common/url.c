/* SPDX-License-Identifier: MIT */
#include "common/url.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

bool url_has_prefix(const char *url, const char *const *prefixes)
{
    for (; *prefixes; prefixes++)
        if (strncmp(url, *prefixes, strlen(*prefixes)) == 0)
            return true;
    return false;
}

/* A part with its %XX decoded; NULL without memory, or for an escape that is none or stands for NUL. */
static char *decode(const char *from, const char *to)
{
    char *text = malloc((size_t)(to - from) + 1);
    char *at = text;

    if (!text)
        return NULL;
    while (from < to) {
        if (*from == '%') {
            char digits[3] = {0};

            if (to - from < 3 || !isxdigit((unsigned char)from[1]) || !isxdigit((unsigned char)from[2]) ||
                strncmp(from, "%00", 3) == 0) {
                free(text);
                return NULL;
            }
            memcpy(digits, from + 1, 2);
            *at++ = (char)strtoul(digits, NULL, 16);
            from += 3;
        } else {
            *at++ = *from++;
        }
    }
    *at = '\0';
    return text;
}

static bool parse_port(const char *from, const char *to, uint16_t *ret_port)
{
    unsigned port = 0;

    if (from == to || to - from > 5)
        return false;
    for (; from < to; from++) {
        if (!isdigit((unsigned char)*from))
            return false;
        port = port * 10 + (unsigned)(*from - '0');
    }
    if (port == 0 || port > 65535)
        return false;
    *ret_port = (uint16_t)port;
    return true;
}

/* Where a character is between two places, or `otherwise`. */
static const char *find(const char *from, const char *to, char c, const char *otherwise)
{
    const char *found = memchr(from, c, (size_t)(to - from));

    return found ? found : otherwise;
}

int url_parse(const char *text, struct url *ret_url, struct failure *failure)
{
    struct url url = {0};
    const char *colon = strstr(text, "://");
    const char *at = colon ? colon + 3 : text;
    const char *end = at + strcspn(at, "/?#");
    const char *rest = end;
    const char *host_end;
    const char *user_end = NULL;

    if (!colon || colon == text)
        return fail(failure, FAIL_INVALID, "a URL is SCHEME://HOST and so on");
    for (const char *c = at; c < end; c++)
        if (*c == '@')
            user_end = c;
    url.scheme = decode(text, colon);
    if (user_end) {
        const char *user_colon = find(at, user_end, ':', user_end);

        url.user = decode(at, user_colon);
        url.password = decode(user_colon < user_end ? user_colon + 1 : user_end, user_end);
        at = user_end + 1;
    } else {
        url.user = strdup("");
        url.password = strdup("");
    }
    if (*at == '[') {
        host_end = find(at, end, ']', NULL);
        if (!host_end || (host_end + 1 < end && host_end[1] != ':')) {
            url_free(&url);
            return fail(failure, FAIL_INVALID, "the URL's IPv6 address does not end with a bracket");
        }
        url.host = decode(at + 1, host_end);
        host_end++;
    } else {
        host_end = find(at, end, ':', end);
        url.host = decode(at, host_end);
    }
    if (host_end < end && !parse_port(host_end + 1, end, &url.port)) {
        url_free(&url);
        return fail(failure, FAIL_INVALID, "the URL's port is none of 1 to 65535");
    }
    if (*rest == '/')
        rest++;
    url.path = decode(rest, rest + strcspn(rest, "?#"));
    rest += strcspn(rest, "?#");
    if (*rest == '?')
        rest++;
    url.query = strndup(rest, strcspn(rest, "#"));
    if (!url.scheme || !url.user || !url.password || !url.host || !url.path || !url.query) {
        url_free(&url);
        return fail(failure, FAIL_INVALID, "an escape in the URL is none");
    }
    for (char *c = url.scheme; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    *ret_url = url;
    return 0;
}

void url_free(struct url *url)
{
    free(url->scheme);
    free(url->user);
    free(url->password);
    free(url->host);
    free(url->path);
    free(url->query);
    *url = (struct url){0};
}
