/* SPDX-License-Identifier: MIT */
#include "http/route.h"

#include "base/cleanup.h"

#include <string.h>

bool http__route_is_placeholder(const char *segment)
{
    return strcmp(segment, "{}") == 0;
}

static int make_route(const struct http_route *from, struct http__route *route, struct failure *failure)
{
    size_t parts = 0;
    char *at;

    if (from->pattern[0] != '/')
        return fail(failure, FAIL_INVALID, "pattern \"%s\" does not begin with a slash", from->pattern);
    route->method = strdup(from->method);
    route->pattern = strdup(from->pattern);
    route->cut = strdup(from->pattern + 1);
    route->where = from->where;
    route->handler = from->handler;
    if (!route->method || !route->pattern || !route->cut)
        return fail_nomem(failure);
    for (at = route->cut; at;) {
        char *slash = strchr(at, '/');

        if (slash)
            *slash = '\0';
        if (route->segment_count == SN_ARRAY_SIZE(route->segments))
            return fail(failure, FAIL_INVALID, "pattern \"%s\" has too many segments", from->pattern);
        parts += http__route_is_placeholder(at);
        route->segments[route->segment_count++] = at;
        at = slash ? slash + 1 : NULL;
    }
    if (parts > HTTP__PARTS)
        return fail(failure, FAIL_INVALID, "pattern \"%s\" has too many placeholders", from->pattern);
    return 0;
}

int http__routes_make(const struct http_route *routes, struct http__routes **ret_routes, struct failure *failure)
{
    struct http__routes *made;
    size_t count = 0;
    int r;

    while (routes && routes[count].method)
        count++;
    made = calloc(1, sizeof(*made) + count * sizeof(made->routes[0]));
    if (!made)
        return fail_nomem(failure);
    made->count = count;
    for (size_t i = 0; i < count; i++) {
        r = make_route(&routes[i], &made->routes[i], failure);
        if (r < 0) {
            http__routes_free(made);
            return r;
        }
    }
    *ret_routes = made;
    return 0;
}

void http__routes_free(struct http__routes *routes)
{
    if (!routes)
        return;
    for (size_t i = 0; i < routes->count; i++) {
        free(routes->routes[i].method);
        free(routes->routes[i].pattern);
        free(routes->routes[i].cut);
    }
    free(routes);
}

/* 0: does not match; else the larger, the more literal from the left. */
static unsigned match(const struct http__route *route, const char *const *segments, size_t segment_count)
{
    unsigned literal = 1;

    if (route->segment_count != segment_count)
        return 0;
    for (size_t i = 0; i < segment_count; i++) {
        bool is_placeholder = http__route_is_placeholder(route->segments[i]);

        if (is_placeholder ? !*segments[i] : strcmp(route->segments[i], segments[i]) != 0)
            return 0;
        literal = literal << 1 | !is_placeholder;
    }
    return literal;
}

static void allow_method(char *allow, const char *method)
{
    size_t length = strlen(allow);

    if (strlen(method) + 3 > HTTP__ALLOW_SIZE - length)
        return;
    if (length) {
        memcpy(allow + length, ", ", 2);
        length += 2;
    }
    memcpy(allow + length, method, strlen(method) + 1);
}

const struct http__route *http__routes_find(const struct http__routes *routes, const char *method,
                                            const char *const *segments, size_t segment_count,
                                            char allow[HTTP__ALLOW_SIZE])
{
    const struct http__route *found = NULL;
    unsigned best = 0, best_path = 0;
    bool is_head = strcmp(method, "HEAD") == 0;

    /* Only the routes of the most literal pattern count: what "/jobs/{}" can do does not apply to "/jobs/all". */
    for (size_t i = 0; i < routes->count; i++) {
        unsigned literal = match(&routes->routes[i], segments, segment_count);

        if (literal > best_path)
            best_path = literal;
    }
    allow[0] = '\0';
    for (size_t i = 0; best_path && i < routes->count; i++) {
        const struct http__route *route = &routes->routes[i];
        unsigned literal = match(route, segments, segment_count);

        if (literal != best_path)
            continue;
        allow_method(allow, route->method);
        if (strcmp(route->method, "GET") == 0)
            allow_method(allow, "HEAD");
        if (literal > best && (strcmp(route->method, method) == 0 || (is_head && strcmp(route->method, "GET") == 0))) {
            best = literal;
            found = route;
        }
    }
    return found;
}

bool http__routes_own(const struct http__routes *routes, const char *segment)
{
    for (size_t i = 0; i < routes->count; i++) {
        if (strcmp(routes->routes[i].segments[0], segment) == 0)
            return true;
    }
    return false;
}
