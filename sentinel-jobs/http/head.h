/* SPDX-License-Identifier: MIT */
#ifndef JOBS_HTTP_HEAD_H
#define JOBS_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>

/* A run of bytes in somebody else's memory. */
struct http__slice {
    const char *data;
    size_t length;
};

struct http__field {
    struct http__slice name; /* as it came; h2o lowers it in place */
    struct http__slice value;
};

#define HTTP__FIELDS_MAX 100
#define HTTP__HEAD_MAX (32U << 10)

/* Request line and header fields. Points into what was parsed. */
struct http__head {
    struct http__slice method;
    struct http__slice target;
    unsigned minor; /* of HTTP/1.x */
    struct http__field fields[HTTP__FIELDS_MAX];
    size_t field_count;
    size_t length; /* with the empty line */
};

/* 0, or the status of the answer: 400, 431. */
int http__head_parse(const char *data, size_t length, struct http__head *ret_head);
/* Is the empty line there? */
bool http__head_is_whole(const char *data, size_t length);
/*
 * Writes the decoded path without dot segments into `path`, which has room for target.length + 2 bytes. 0 or 400: a
 * broken escape, a control character, no UTF-8, or no path at all.
 */
int http__target_split(struct http__slice target, char *path, struct http__slice *ret_query);

/* Decodes %XX (and '+' if asked) of `text` into `out`, which has room for as many bytes and a NUL. False: broken. */
bool http__decode(struct http__slice text, bool with_plus, char *out, size_t *ret_length);
/* Well-formed UTF-8 without NUL and, if asked, other control characters. */
bool http__is_text(const char *data, size_t length, bool refuse_control);

/* Is `c` one of the characters of a token (RFC 9110, 5.6.2)? */
bool http__is_token(char c);
bool http__slice_is(struct http__slice slice, const char *text); /* without regard to case */
/* The next element of a list separated by commas, without the space around it; *list moves behind it. False: no more.
 */
bool http__list_next(struct http__slice *list, struct http__slice *ret_element);
/* Has a list separated by commas this element, without regard to case? */
bool http__list_has(struct http__slice list, const char *element);

#endif
