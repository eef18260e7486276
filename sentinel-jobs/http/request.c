/* SPDX-License-Identifier: MIT */
#include "base/cleanup.h"
#include "http/head.h"
#include "http/http.h"

#include <string.h>

const char *http_request_header(const struct http_request *request, const char *name)
{
    const char *found = NULL;

    for (size_t i = 0; i < request->header_count; i++) {
        if (strcmp(request->headers[i].name, name) != 0)
            continue;
        if (found)
            return NULL;
        found = request->headers[i].value;
    }
    return found;
}

/* The decoded text, to be freed; NULL if it is broken or no text. */
static char *decode(struct http__slice text)
{
    cleanup_free char *decoded = malloc(text.length + 1);
    size_t length;

    if (!decoded || !http__decode(text, true, decoded, &length) || !http__is_text(decoded, length, false))
        return NULL;
    return steal_ptr(&decoded);
}

const char *http_next_token(const char **list, size_t *ret_length)
{
    struct http__slice rest = {*list, *list ? strlen(*list) : 0}, token;

    if (!http__list_next(&rest, &token))
        return NULL;
    *list = rest.data;
    *ret_length = token.length;
    return token.data;
}

char *http_request_parameter(const struct http_request *request, const char *name)
{
    const char *at = request->query;

    while (*at) {
        size_t length = strcspn(at, "&");
        const char *equals = memchr(at, '=', length);
        size_t key_length = equals ? (size_t)(equals - at) : length;
        cleanup_free char *key = decode((struct http__slice){at, key_length});

        if (key && strcmp(key, name) == 0) {
            struct http__slice value = {equals ? equals + 1 : "", equals ? length - key_length - 1 : 0};

            return decode(value);
        }
        at += length;
        if (*at)
            at++;
    }
    return NULL;
}
