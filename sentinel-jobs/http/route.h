/* SPDX-License-Identifier: MIT */
#ifndef JOBS_HTTP_ROUTE_H
#define JOBS_HTTP_ROUTE_H

#include "http/http.h"

/* A route with its pattern cut at the slashes. */
struct http__route {
    char *method;
    char *pattern;
    char *cut; /* the pattern again, with NULs for slashes */
    const char *segments[16];
    size_t segment_count;
    enum http_where where;
    http_handler handler;
};

#define HTTP__PARTS 4

struct http__routes {
    size_t count;
    struct http__route routes[];
};

/* Copies. FAIL_INVALID: a pattern has no slash first, or more than 16 segments or 4 placeholders. */
int http__routes_make(const struct http_route *routes, struct http__routes **ret_routes, struct failure *failure);
void http__routes_free(struct http__routes *routes);

/*
 * `segments` are of the path. The literal wins over the placeholder, from the left. If a route has the path, but none
 * has the method, the answer is NULL and `allow` names the methods ("" if there is no such path at all).
 */
#define HTTP__ALLOW_SIZE 128
const struct http__route *http__routes_find(const struct http__routes *routes, const char *method,
                                            const char *const *segments, size_t segment_count,
                                            char allow[HTTP__ALLOW_SIZE]);
/* Does a pattern begin with this segment? Then what is below is no file of the web interface. */
bool http__routes_own(const struct http__routes *routes, const char *segment);
bool http__route_is_placeholder(const char *segment);

#endif
