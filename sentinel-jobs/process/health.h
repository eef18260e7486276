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

/*
 * Is what this process depends on there? Whoever asks has an answer within HEALTH_PATIENCE_MS, however long one of them
 * takes: a probe gives up after a second or a few, and knows less then than one that is told which it is. Each is asked
 * on a thread of its own, by one question at a time, which all share who want to know meanwhile. What did not answer in
 * time is down; until it does answer, nobody waits for it any more.
 */
#define HEALTH_PATIENCE_MS 2000
struct health;

/* One of them. The question: 0, or why it is away; it may take its time. */
struct health_check {
    const char *name;
    int (*ask)(void *arg, struct failure *failure);
    void *arg;
};
#define HEALTH_CHECKS_MAX 8
/* Those of every process: the first of its checks. */
enum { HEALTH_STORE, HEALTH_QUEUE, HEALTH_EVENTS, HEALTH_GUARD, HEALTH_DEPENDENCIES };
void health_dependencies(struct store *store, struct queue *queue, struct events *events, struct guard *guard,
                         struct health_check *ret_checks);

/* At most HEALTH_CHECKS_MAX. What they lead to outlives it. */
int health_start(const struct health_check *checks, size_t count, struct health **ret_health, struct failure *failure);
/* Nobody asks any more. Waits for questions that are not answered yet. NULL is accepted. */
void health_stop(struct health *health);
/*
 * The whole answer: {"status", "checks": {name: {"status", "reason"}}}; reasons, which may name addresses, only if they
 * may be told. NULL without memory.
 */
json_t *health_ask(struct health *health, bool with_reasons, bool *ret_is_ready);

/*
 * The text for a scraper, to be freed with free(), with the figures that are asked for only now. work and tracer may be
 * NULL. NULL without memory.
 */
char *health_metrics(struct metrics *metrics, struct work *work, const struct tracer *tracer, size_t *ret_length);

#endif
