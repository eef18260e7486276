/* SPDX-License-Identifier: MIT */
#include "observe/span.h"

#include "base/cleanup.h"
#include "observe/text.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ATTRIBUTES_MAX 32
#define WORDS_MAX 1024 /* of one name or value */

/* opentelemetry/proto/trace/v1/trace.proto */
enum { SPAN_KIND_INTERNAL = 1, STATUS_CODE_UNSET = 0, STATUS_CODE_ERROR = 2 };

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static size_t room_for(const char *text)
{
    return strnlen(or_empty(text), WORDS_MAX) + 1;
}

/* Copies words to where *at is, and moves it. */
static const char *keep_words(char **at, const char *text)
{
    char *here = *at;

    *at += text_copy(here, room_for(text), or_empty(text)) + 1;
    return here;
}

struct kept_span *span_keep(const struct trace_span *span)
{
    struct trace_attribute *attributes;
    struct kept_span *kept;
    size_t size = sizeof(*kept) + room_for(span->name);
    size_t count = 0;
    char *at;

    while (count < ATTRIBUTES_MAX && span->attributes && span->attributes[count].key) {
        size += room_for(span->attributes[count].key) + room_for(span->attributes[count].value);
        count++;
    }
    kept = malloc(size + (count + 1) * sizeof(*attributes));
    if (!kept)
        return NULL;
    kept->next = NULL;
    kept->span = *span;
    attributes = (struct trace_attribute *)(kept + 1);
    at = (char *)(attributes + count + 1);
    kept->span.name = keep_words(&at, span->name);
    for (size_t i = 0; i < count; i++) {
        attributes[i].key = keep_words(&at, span->attributes[i].key);
        attributes[i].value = keep_words(&at, span->attributes[i].value);
    }
    attributes[count] = (struct trace_attribute){NULL, NULL};
    kept->span.attributes = attributes;
    return kept;
}

static json_t *print_id(const uint8_t *id, size_t length)
{
    char text[2 * 16 + 1];

    for (size_t i = 0; i < length; i++)
        snprintf(text + 2 * i, 3, "%02x", id[i]);
    return json_stringn(text, 2 * length);
}

static json_t *print_time(int64_t us)
{
    char text[40];

    /* int64 and fixed64 are strings in protobuf's JSON: a JavaScript number does not hold them */
    snprintf(text, sizeof(text), "%" PRId64 "000", us);
    return json_string(us > 0 ? text : "0");
}

static json_t *print_attribute(const char *key, const char *value)
{
    return json_pack("{s:s, s:{s:s}}", "key", key, "value", "stringValue", value);
}

static json_t *print_span(const struct trace_span *span)
{
    static const uint8_t none[sizeof(span->parent_id)];
    json_t *attributes = json_array();
    json_t *parent = NULL;

    for (const struct trace_attribute *a = span->attributes; a->key; a++) {
        if (json_array_append_new(attributes, print_attribute(a->key, a->value)) < 0) {
            json_decref(attributes);
            return NULL;
        }
    }
    if (memcmp(span->parent_id, none, sizeof(none)) != 0)
        parent = print_id(span->parent_id, sizeof(span->parent_id));
    /* clang-format off */
    return json_pack("{s:o, s:o, s:o*, s:s, s:i, s:o, s:o, s:o, s:{s:i}}",
                     "traceId", print_id(span->context.trace_id, sizeof(span->context.trace_id)),
                     "spanId", print_id(span->context.span_id, sizeof(span->context.span_id)),
                     "parentSpanId", parent,
                     "name", span->name,
                     "kind", SPAN_KIND_INTERNAL,
                     "startTimeUnixNano", print_time(span->start_us),
                     "endTimeUnixNano", print_time(span->end_us < span->start_us ? span->start_us : span->end_us),
                     "attributes", attributes,
                     "status", "code", span->is_error ? STATUS_CODE_ERROR : STATUS_CODE_UNSET);
    /* clang-format on */
}

char *span_print_request(const char *service, const char *instance, const struct kept_span *first, size_t count)
{
    json_t *spans = json_array();
    json_t *request;
    char *text;

    for (const struct kept_span *span = first; count > 0; count--) {
        if (json_array_append_new(spans, print_span(&span->span)) < 0) {
            json_decref(spans);
            return NULL;
        }
        /* what follows the last one is somebody else's to write just now */
        if (count > 1)
            span = span->next;
    }
    request = json_pack("{s:[{s:{s:[o, o]}, s:[{s:{s:s}, s:o}]}]}", "resourceSpans", "resource", "attributes",
                        print_attribute("service.name", service), print_attribute("service.instance.id", instance),
                        "scopeSpans", "scope", "name", "sentinel", "spans", spans);
    if (!request)
        return NULL;
    text = json_dumps(request, JSON_COMPACT);
    json_decref(request);
    return text;
}

uint64_t span_rejected(const char *answer, size_t length)
{
    json_t *root = json_loadb(answer, length, 0, NULL);
    const json_t *count = json_object_get(json_object_get(root, "partialSuccess"), "rejectedSpans");
    long long rejected = 0;

    if (json_is_string(count))
        rejected = strtoll(json_string_value(count), NULL, 10);
    else if (json_is_integer(count))
        rejected = json_integer_value(count);
    json_decref(root);
    return rejected > 0 ? (uint64_t)rejected : 0;
}
