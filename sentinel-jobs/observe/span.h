/* SPDX-License-Identifier: MIT */
#ifndef JOBS_OBSERVE_SPAN_H
#define JOBS_OBSERVE_SPAN_H

#include "observe/trace.h"

/* A copy of a span in a list; one block, to be freed with free(). */
struct kept_span {
    struct kept_span *next;
    struct trace_span span;
};

/* Words are made valid UTF-8 and, if very long, cut; attributes beyond some are left out. NULL without memory. */
struct kept_span *span_keep(const struct trace_span *span);

/*
 * An ExportTraceServiceRequest of the first `count` spans of a list, in the JSON of OTLP 1.x: ids in hex, times as
 * strings, enumerations as numbers. To be freed with free(); NULL without memory.
 */
char *span_print_request(const char *service, const char *instance, const struct kept_span *first, size_t count);
/* How many spans a collector's answer (200) says that it has not taken: partialSuccess.rejectedSpans. */
uint64_t span_rejected(const char *answer, size_t length);

#endif
