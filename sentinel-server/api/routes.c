/* SPDX-License-Identifier: MIT */
#include "api/api.h"

#include "process/health.h"

#include <stdio.h>

#define V1 "/api/v1"

const struct http_route api_routes[] = {
    {"POST", V1 "/submissions", HTTP_ON_POOL, handle_submit},
    {"POST", V1 "/submissions/batch", HTTP_ON_POOL, handle_submit_batch},
    {"GET", V1 "/submissions", HTTP_ON_POOL, handle_list},
    {"GET", V1 "/submissions/{}", HTTP_ON_POOL, handle_get},
    {"DELETE", V1 "/submissions/{}", HTTP_ON_POOL, handle_cancel},
    {"GET", V1 "/submissions/{}/timeline", HTTP_ON_POOL, handle_timeline},
    {"GET", V1 "/submissions/{}/stream", HTTP_ON_POOL, handle_websocket},
    {"GET", V1 "/submissions/{}/events", HTTP_ON_POOL, handle_events},
    {"GET", "/ws/submissions/{}", HTTP_ON_POOL, handle_websocket},
    {"GET", V1 "/languages", HTTP_ON_POOL, handle_languages},
    {"GET", V1 "/load", HTTP_ON_POOL, handle_load},
    {"GET", V1 "/statistics", HTTP_ON_POOL, handle_statistics},
    {"GET", V1 "/dead-letters", HTTP_ON_POOL, handle_dead_list},
    {"POST", V1 "/dead-letters/{}/retry", HTTP_ON_POOL, handle_dead_retry},
    {"GET", V1 "/openapi.json", HTTP_ON_POOL, handle_openapi},
    {"GET", V1 "/health", HTTP_ON_LOOP, health_alive},
    {"GET", V1 "/health/ready", HTTP_ON_POOL, handle_ready},
    {"GET", "/health", HTTP_ON_LOOP, health_alive},
    {"GET", "/health/ready", HTTP_ON_POOL, handle_ready},
    {"GET", "/metrics", HTTP_ON_POOL, handle_metrics},
    {NULL, NULL, HTTP_ON_POOL, NULL},
};

void api_on_done(void *arg, const struct http_request *request, const char *pattern, int status, uint64_t ns)
{
    struct api *api = arg;
    char code[12];

    snprintf(code, sizeof(code), "%d", status);
    /* Without a pattern the method may be any word; pattern and status are ours. */
    metrics_add(api->metrics, "sentinel_http_requests_total",
                (const char *const[]){*pattern ? request->method : "other", *pattern ? pattern : "none", code, NULL},
                1);
    metrics_observe(api->metrics, "sentinel_http_request_duration_seconds",
                    (const char *const[]){*pattern ? pattern : "none", NULL}, (double)ns / 1e9);
    log_line(LOG_DEBUG_LEVEL, &(struct log_about){.request_id = request->id}, "%s %s from %s: %d in %.1f ms",
             request->method, request->path, request->address, status, (double)ns / 1e6);
}
