/* SPDX-License-Identifier: MIT */
#ifndef JOBS_COMMON_JSON_H
#define JOBS_COMMON_JSON_H

#include "common/failure.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* How deep arrays and objects may lie in each other in what is sent to us. */
#define JSON_DEPTH_MAX 32

/*
 * A whole document that is an object: UTF-8, no key twice, not deeper than JSON_DEPTH_MAX; strings may hold NUL.
 * *ret_document is dropped with json_decref(). FAIL_INVALID says where and what.
 */
int json_parse(const char *text, size_t length, json_t **ret_document, struct failure *failure);
/* Compact, to be freed with free(); NULL without memory. Does not take the document over. */
char *json_print(const json_t *document, size_t *ret_length);

/*
 * Bytes as JSON has them: object[name] is the text and object[name_encoding] "utf-8", or, of what is no UTF-8 or
 * shorter so, base64 and "base64". 0 or FAIL_NOMEM.
 */
int json_set_bytes(json_t *object, const char *name, const void *data, size_t length);
/* The way back. FAIL_INVALID: no base64. *ret_data is malloc'd and followed by a NUL. */
int json_decode_base64(const char *text, size_t length, char **ret_data, size_t *ret_length);
/* Any C string; what is no UTF-8 has its bytes replaced by '?'. NULL without memory. */
json_t *json_text(const char *text);
/* An RFC 3339 time; null for 0. */
json_t *json_time(int64_t us);

static inline void json_cleanup(json_t **document)
{
    json_decref(*document);
}
#define cleanup_json __attribute__((cleanup(json_cleanup)))

#endif
