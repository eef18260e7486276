/* SPDX-License-Identifier: MIT */
#ifndef SENTINEL_OUTPUT_JSON_H
#define SENTINEL_OUTPUT_JSON_H

#include <sentinel/limits.h>
#include <sentinel/result.h>

#include <jansson.h>

struct json_error {
    const char *code;
    int system_errno;
    const char *step;
    const char *message;
    unsigned line;
    unsigned column;
    int status;
};

/* {"error": {...}} on stdout. */
void json_print_error(const struct json_error *error);

/* One step: everything in its result, and the limits it ran under. */
json_t *json_step(const sn_result *result, const sn_limits *limits);
json_t *json_limits(const sn_limits *limits);
/* An array of layer names. */
json_t *json_layers(uint64_t layers);
/* Text of unknown encoding as a JSON string, with bytes that are not UTF-8 replaced: for names and messages. */
json_t *json_text(const char *text);

/* Prints a document on stdout and drops it: 0, or -1; main() says why. */
int json_print(json_t *document);

#endif
