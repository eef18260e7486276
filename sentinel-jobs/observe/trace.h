/* SPDX-License-Identifier: MIT */
#ifndef JOBS_OBSERVE_TRACE_H
#define JOBS_OBSERVE_TRACE_H

#include "common/failure.h"
#include "queue/queue.h"

#include <stdbool.h>
#include <stdint.h>

/* W3C Trace Context, level 1: version 00. */
struct trace_context {
    uint8_t trace_id[16];
    uint8_t span_id[8];
    uint8_t flags; /* 1: sampled, the only one there is */
};
/* False if it is not valid (then it is to be ignored). */
bool trace_parse(const char *traceparent, struct trace_context *ret_context);
void trace_print(const struct trace_context *context, char text[TRACEPARENT_SIZE]);
/* A new trace, which is sampled, or, with a parent, a new span in it, sampled if the parent is. */
void trace_begin(const struct trace_context *parent, struct trace_context *ret_context);

struct trace_attribute {
    const char *key;
    const char *value;
};
struct trace_span {
    struct trace_context context;
    uint8_t parent_id[8]; /* zero: it has none */
    const char *name;
    int64_t start_us; /* since the epoch */
    int64_t end_us;
    bool is_error;
    const struct trace_attribute *attributes; /* ended by a NULL key; NULL none */
};

/*
 * Sends spans by OTLP/HTTP (JSON) in batches, on a thread of its own, to ENDPOINT/v1/traces. At most some thousands
 * wait; when the collector is away the newest are dropped, and counted.
 */
struct tracer;
/* service: "sentinel-server". FAIL_INVALID: the endpoint is no http or https URL. */
int tracer_open(const char *endpoint, const char *service, struct tracer **ret_tracer, struct failure *failure);
/* Sends what waits, for at most two seconds. NULL is accepted. */
void tracer_close(struct tracer *tracer);
/* Never blocks; NULL is accepted and does nothing. Copies what it is given; what is not sampled is not sent. */
void tracer_add(struct tracer *tracer, const struct trace_span *span);
uint64_t tracer_dropped(const struct tracer *tracer);

#endif
