/* SPDX-License-Identifier: MIT */
#include "process/health.h"

#include <string.h>

void health_alive(void *arg, const struct http_request *request, struct http_response *response)
{
    static const char text[] = "{\"status\":\"ok\"}";

    (void)arg;
    (void)request;
    http_respond(response, 200, "application/json", strdup(text), sizeof(text) - 1);
}

bool health_add(json_t *checks, const char *name, int error, const struct failure *failure, bool with_reason)
{
    json_object_set_new(checks, name,
                        json_pack("{s:s, s:o}", "status", error < 0 ? "down" : "up", "reason",
                                  error < 0 && with_reason ? json_text(failure->message) : json_null()));
    return error >= 0;
}

bool health_add_dependencies(json_t *checks, struct store *store, struct queue *queue, struct events *events,
                             struct guard *guard, bool with_reasons)
{
    struct failure failure;
    bool is_up = health_add(checks, "store", store_ping(store, &failure), &failure, with_reasons);

    is_up &= health_add(checks, "queue", queue_ping(queue, &failure), &failure, with_reasons);
    is_up &= health_add(checks, "events", events_ping(events, &failure), &failure, with_reasons);
    is_up &= health_add(checks, "guard", guard_ping(guard, &failure), &failure, with_reasons);
    return is_up;
}

json_t *health_document(json_t *checks, bool is_ready)
{
    return json_pack("{s:s, s:o}", "status", is_ready ? "ready" : "degraded", "checks", checks);
}

char *health_metrics(struct metrics *metrics, struct work *work, const struct tracer *tracer, size_t *ret_length)
{
    struct work_figures figures;

    if (work) {
        work_figures(work, &figures);
        metrics_set(metrics, "sentinel_slots", NULL, figures.slots);
        metrics_set(metrics, "sentinel_slots_busy", NULL, figures.active);
    }
    metrics_raise(metrics, "sentinel_trace_spans_dropped_total", NULL, (double)tracer_dropped(tracer));
    return metrics_print(metrics, ret_length);
}
