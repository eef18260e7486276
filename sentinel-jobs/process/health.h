/* SPDX-License-Identifier: MIT */
#ifndef JOBS_PROCESS_HEALTH_H
#define JOBS_PROCESS_HEALTH_H

#include "common/json.h"
#include "events/events.h"
#include "guard/guard.h"
#include "http/http.h"
#include "observe/metrics.h"
#include "observe/trace.h"
#include "queue/queue.h"
#include "store/store.h"
#include "work/work.h"

/* What server and worker answer alike to who asks how they are. */

/* A handler, for the loop: this process answers, which is all that it says. */
void health_alive(void *arg, const struct http_request *request, struct http_response *response);

/* Adds {"status", "reason"} under a name; the reason, which may name addresses, only if it may be told. Is it up? */
bool health_add(json_t *checks, const char *name, int error, const struct failure *failure, bool with_reason);
/* The same of each dependency, which is asked. Are all up? */
bool health_add_dependencies(json_t *checks, struct store *store, struct queue *queue, struct events *events,
                             struct guard *guard, bool with_reasons);
/* The whole answer; takes the checks over. NULL without memory. */
json_t *health_document(json_t *checks, bool is_ready);

/*
 * The text for a scraper, to be freed with free(), with the figures that are asked for only now. work and tracer may be
 * NULL. NULL without memory.
 */
char *health_metrics(struct metrics *metrics, struct work *work, const struct tracer *tracer, size_t *ret_length);

#endif
