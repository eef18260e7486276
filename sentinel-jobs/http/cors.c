/* SPDX-License-Identifier: MIT */
#include "http/server.h"

#include <string.h>
#include <strings.h>

const char *http__cors_origin(const struct http_server *server, const char *origin)
{
    for (size_t i = 0; origin && server->cors_origins && server->cors_origins[i]; i++) {
        const char *allowed = server->cors_origins[i];

        /* The configuration's own string is what is sent, never the client's. */
        if (strcmp(allowed, "*") == 0 || strcmp(allowed, origin) == 0)
            return allowed;
    }
    return NULL;
}

bool http__websocket_origin(const struct http__exchange *exchange)
{
    const char *origin = NULL, *host = http_request_header(&exchange->request, "host"), *authority;

    for (size_t i = 0; i < exchange->request.header_count; i++) {
        if (strcmp(exchange->request.headers[i].name, "origin") == 0) {
            if (origin)
                return false;
            origin = exchange->request.headers[i].value;
        }
    }
    /* Only browsers send it, and only they can be misled into a request that their user did not want. */
    if (!origin || exchange->cors)
        return true;
    authority = strstr(origin, "://");
    return authority && host && *host && strcasecmp(authority + 3, host) == 0;
}

/* A list of header names that may be repeated to whoever sent it. */
static bool is_name_list(const char *text)
{
    size_t length = text ? strlen(text) : 0;

    for (size_t i = 0; i < length; i++) {
        if (!http__is_token(text[i]) && text[i] != ',' && text[i] != ' ')
            return false;
    }
    return length > 0 && length <= 512;
}

void http__cors_preflight(struct http__exchange *exchange, const char *allow)
{
    const char *names = http_request_header(&exchange->request, "access-control-request-headers");
    struct http_response *response = &exchange->response;

    http_add_header(response, "allow", "%s%s", allow, strstr(allow, "OPTIONS") ? "" : ", OPTIONS");
    if (exchange->cors && http_request_header(&exchange->request, "access-control-request-method")) {
        http_add_header(response, "access-control-allow-methods", "%s", allow);
        if (is_name_list(names))
            http_add_header(response, "access-control-allow-headers", "%s", names);
        http_add_header(response, "access-control-max-age", "600");
    }
    http_respond(response, 204, NULL, NULL, 0);
    http__exchange_send(exchange);
}
