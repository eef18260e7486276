/* SPDX-License-Identifier: MIT */
#include "api/admit.h"

#include "base/cleanup.h"
#include "common/wallclock.h"
#include "process/health.h"

#include <string.h>

/* Made at build time of api/openapi.json. */
extern const char openapi_text[];
extern const size_t openapi_length;

int check_workers(void *arg, struct failure *failure)
{
    struct api *api = arg;
    struct worker_record *workers = NULL;
    size_t count = 0;

    if (api->work)
        return 0;
    if (store_worker_list(api->store, wallclock_us() - WORKER_AGE_US, &workers, &count, failure) < 0)
        return FAIL_UNAVAILABLE;
    store_workers_free(workers, count);
    return count > 0 ? 0 : fail(failure, FAIL_UNAVAILABLE, "no worker was heard of in the last ten seconds");
}

void handle_ready(void *arg, const struct http_request *request, struct http_response *response)
{
    struct api *api = arg;
    bool is_ready;
    /* Why, is told on this host only. */
    json_t *answer = health_ask(api->health, is_from_this_host(request), &is_ready);

    answer_json(response, request, is_ready ? 200 : 503, answer);
}

/* ---- load -------------------------------------------------------------------------------------------------------- */

/* counts: {LANGUAGE: {STATUS: n}} of one worker, into {LANGUAGE: {completed, failed}}. */
static void add_counts(json_t *languages, const json_t *counts)
{
    const char *language;
    json_t *by_status;

    json_object_foreach((json_t *)counts, language, by_status)
    {
        json_t *sums = json_object_get(languages, language);
        const char *status;
        json_t *number;

        if (!sums) {
            sums = json_pack("{s:i, s:i, s:i, s:i}", "waiting", 0, "active", 0, "completed", 0, "failed", 0);
            json_object_set_new(languages, language, sums);
        }
        json_object_foreach(by_status, status, number)
        {
            /* Failed is what we did not do; a program's own failure is a job that was completed. */
            const char *name = strcmp(status, "INTERNAL_ERROR") == 0 ? "failed" : "completed";

            json_object_set_new(
                sums, name, json_integer(json_integer_value(json_object_get(sums, name)) + json_integer_value(number)));
        }
    }
}

/* What the report has by that name; null where a worker of another version does not tell of it. */
static json_t *told(const json_t *report, const char *name)
{
    json_t *value = json_object_get(report, name);

    return value ? json_incref(value) : json_null();
}

static json_t *load_of_workers(struct api *api, json_t *languages)
{
    struct worker_record *workers = NULL;
    json_t *list = json_array();
    size_t count = 0;

    if (store_worker_list(api->store, wallclock_us() - WORKER_AGE_US, &workers, &count, NULL) < 0)
        return list;
    for (size_t i = 0; i < count; i++) {
        cleanup_json json_t *report = NULL;
        json_t *counts = NULL;

        if (workers[i].report && json_parse(workers[i].report, strlen(workers[i].report), &report, NULL) == 0)
            counts = json_object_get(report, "counts");
        add_counts(languages, counts);
        json_array_append_new(list,
                              json_pack("{s:o, s:I, s:I, s:o, s:o, s:o, s:o, s:o}", "name", json_text(workers[i].name),
                                        "slots", (json_int_t)workers[i].slots, "active", (json_int_t)workers[i].active,
                                        "last_seen_at", json_time(workers[i].beat), "version", told(report, "version"),
                                        "started_at", told(report, "started_at"), "host", told(report, "host"),
                                        "counts", counts ? json_incref(counts) : json_object()));
    }
    store_workers_free(workers, count);
    return list;
}

void handle_load(void *arg, const struct http_request *request, struct http_response *response)
{
    struct api *api = arg;
    cleanup_free struct store_load *loads = NULL;
    uint64_t waiting = 0;
    uint64_t active = 0;
    struct failure failure;
    struct caller caller;
    size_t count = 0;
    json_t *languages;
    json_t *workers;

    if (!admit_observer(api, request, response, ADMIT_READ, &caller))
        return;
    if (store_load(api->store, &loads, &count, &failure) < 0) {
        answer_failure(response, request, &failure);
        return;
    }
    languages = json_object();
    workers = load_of_workers(api, languages);
    for (size_t i = 0; i < count; i++) {
        json_t *sums = json_object_get(languages, loads[i].language);

        if (!sums) {
            sums = json_pack("{s:i, s:i}", "completed", 0, "failed", 0);
            json_object_set_new(languages, loads[i].language, sums);
        }
        json_object_set_new(sums, "waiting", json_integer((json_int_t)loads[i].waiting));
        json_object_set_new(sums, "active", json_integer((json_int_t)loads[i].active));
        waiting += loads[i].waiting;
        active += loads[i].active;
    }
    answer_json(response, request, 200,
                json_pack("{s:I, s:I, s:o, s:o}", "waiting", (json_int_t)waiting, "active", (json_int_t)active,
                          "languages", languages, "workers", workers));
}

/* ---- metrics, the document --------------------------------------------------------------------------------------- */

void handle_metrics(void *arg, const struct http_request *request, struct http_response *response)
{
    struct api *api = arg;
    struct http_server *http = api->http;
    struct http_figures figures = {0};
    struct caller caller;
    size_t length = 0;
    char *text;

    /* A scraper on this host needs no key; one from elsewhere does. */
    if (!is_from_this_host(request) && !admit_observer(api, request, response, ADMIT_FREE, &caller))
        return;
    if (http)
        http_figures(http, &figures);
    metrics_set(api->metrics, "sentinel_http_connections", NULL, (double)figures.connections);
    metrics_set(api->metrics, "sentinel_http_streams", NULL, (double)figures.streams);
    metrics_set(api->metrics, "sentinel_http_requests_waiting", NULL, (double)figures.pool_waiting);
    text = health_metrics(api->metrics, api->work, api->tracer, &length);
    if (!text)
        answer_nomem(response, request);
    else
        http_respond(response, 200, "text/plain; version=0.0.4; charset=utf-8", text, length);
}

void handle_openapi(void *arg, const struct http_request *request, struct http_response *response)
{
    char *copy = malloc(openapi_length + 1);

    (void)arg;
    if (!copy) {
        answer_nomem(response, request);
        return;
    }
    memcpy(copy, openapi_text, openapi_length);
    http_respond(response, 200, "application/json", copy, openapi_length);
}
