/* SPDX-License-Identifier: MIT */
#include "api/admit.h"
#include "api/languages.h"
#include "api/watch.h"

#include "base/cleanup.h"
#include "common/wallclock.h"
#include "job/request.h"
#include "job/result.h"
#include "webhook/webhook.h"
#include "work/kill_point.h"

#include <openssl/evp.h>
#include <string.h>
#include <strings.h>

enum { IDEMPOTENCY_KEY_MAX = 200, USER_ID_MAX = 200, CALLBACK_MAX = 2000 };

/* Only what says that it is JSON: a form of some other site's page is not taken. */
static bool is_json(const struct http_request *request, struct http_response *response)
{
    const char *type = http_request_header(request, "content-type");
    size_t length = type ? strcspn(type, "; \t") : 0;

    if (length == strlen("application/json") && strncasecmp(type, "application/json", length) == 0)
        return true;
    answer_problem(response, request, 415, "not_json", "Content-Type", "the body is to be application/json");
    return false;
}

/* So many test cases take a slot for as long as a submission, as far as the rate goes. */
enum { CASES_COUNTED_ONCE = 10 };

/* What a submission counts as; one that is none counts, too. */
static uint32_t cost_of(const json_t *submission)
{
    size_t cases = json_array_size(json_object_get(submission, "test_cases"));

    return cases == 0 ? 1 : (uint32_t)((cases + CASES_COUNTED_ONCE - 1) / CASES_COUNTED_ONCE);
}

/* Can a job be accepted at all? */
static bool is_open_for_jobs(struct api *api, const struct http_request *request, struct http_response *response)
{
    uint64_t max = api->config->queue_max;

    if (api->is_draining) {
        http_add_header(response, "Retry-After", "5");
        answer_problem(response, request, 503, "draining", NULL, "this server is about to end; nothing was accepted");
        return false;
    }
    if (api->is_queue_away) {
        http_add_header(response, "Retry-After", "2");
        answer_problem(response, request, 503, "queue_unavailable", NULL, "the queue is away; nothing was accepted");
        return false;
    }
    if (max && api->waiting >= max) {
        http_add_header(response, "Retry-After", "5");
        answer_problem(response, request, 503, "queue_full", NULL, "%llu jobs wait already; nothing was accepted",
                       (unsigned long long)max);
        return false;
    }
    return true;
}

static void refuse_field(const struct http_request *request, struct http_response *response, const char *prefix,
                         const struct request_error *error)
{
    char field[160];

    snprintf(field, sizeof(field), "%s%s", prefix, error->field);
    answer_problem(response, request, error->is_too_large ? 413 : 400,
                   error->is_too_large ? "source_too_large" : "invalid_field", field, "%s: %s",
                   *field ? field : "the submission", error->reason);
}

static bool find_language(struct api *api, const struct http_request *request, struct http_response *response,
                          const char *prefix, const char *field, const char *name, const char **ret_canonical)
{
    const char *found = languages_find(api->languages, name);
    const char *nearest;
    char path[80];

    if (found) {
        *ret_canonical = found;
        return true;
    }
    nearest = languages_nearest(api->languages, name);
    snprintf(path, sizeof(path), "%s%s", prefix, field);
    answer_problem(response, request, 422, "unknown_language", path,
                   "there is no such language%s%s; GET /api/v1/languages lists them",
                   nearest ? "; the nearest is " : "", nearest ? nearest : "");
    return false;
}

/* A job of one submission's document; false: it was answered. */
static bool make_job(struct api *api, const struct http_request *request, struct http_response *response,
                     const struct caller *caller, json_t *document, const char *prefix, struct job **ret_job)
{
    const struct config *config = api->config;
    const struct request_bounds bounds = {.source_max = config->source_max,
                                          .time_max_ms = config->time_max_ms,
                                          .memory_max_kb = config->memory_max_kb,
                                          .output_max_kb = config->output_max_kb,
                                          .cases_max = config->cases_max};
    const char *language = NULL;
    const char *checker = NULL;
    const char *user_id = NULL;
    const char *callback = NULL;
    struct request_error why = {0};
    struct spec spec = {0};
    struct failure failure;
    struct job *job;
    bool is_known;
    int error = request_parse(document, &bounds, &spec, &why);

    if (error == 0)
        error = request_text(document, "user_id", USER_ID_MAX, &user_id, &why);
    if (error == 0)
        error = request_text(document, "callback_url", CALLBACK_MAX, &callback, &why);
    if (error < 0) {
        spec_free(&spec);
        if (error == FAIL_NOMEM)
            answer_nomem(response, request);
        else
            refuse_field(request, response, prefix, &why);
        return false;
    }
    is_known =
        find_language(api, request, response, prefix, "language", spec.language, &language) &&
        (spec.compare != COMPARE_CHECKER ||
         find_language(api, request, response, prefix, "compare.checker.language", spec.checker.language, &checker));
    spec_free(&spec);
    if (!is_known)
        return false;
    if (*callback && webhook_url_check(callback, (const char *const *)config->webhook_allow, &failure) < 0) {
        snprintf(why.field, sizeof(why.field), "callback_url");
        snprintf(why.reason, sizeof(why.reason), "%.150s", failure.message);
        why.is_too_large = false;
        refuse_field(request, response, prefix, &why);
        return false;
    }
    /* What is kept of it is what is executed: the canonical names. */
    json_object_set_new(document, "language", json_string(language));
    if (!json_object_get(document, "output_limit_kb"))
        json_object_set_new(
            document, "output_limit_kb",
            json_integer(
                (json_int_t)(config->output_kb < config->output_max_kb ? config->output_kb : config->output_max_kb)));
    if (checker)
        json_object_set_new(json_object_get(json_object_get(document, "compare"), "checker"), "language",
                            json_string(checker));
    job = calloc(1, sizeof(*job));
    if (job && uuid_make(&job->id) == 0) {
        job->times.created = wallclock_us();
        job->key_id = strdup(caller->key_id);
        job->user_id = strdup(user_id);
        job->callback_url = strdup(callback);
        job->language = strdup(language);
        job->worker = strdup("");
        job->spec = json_print(document, NULL);
    }
    if (!job || !job->spec || !job->key_id || !job->user_id || !job->callback_url || !job->language) {
        job_free(job);
        answer_nomem(response, request);
        return false;
    }
    *ret_job = job;
    return true;
}

/* The span of this request: of the caller's trace, or of a new one; what the jobs carry on. */
struct request_span {
    struct trace_span span;
    char traceparent[TRACEPARENT_SIZE];
};

static void begin_span(const struct http_request *request, struct request_span *ret_span)
{
    const char *header = http_request_header(request, "traceparent");
    struct trace_context parent;
    bool has_parent = header && trace_parse(header, &parent);

    *ret_span = (struct request_span){.span = {.name = "submit", .start_us = wallclock_us()}};
    trace_begin(has_parent ? &parent : NULL, &ret_span->span.context);
    if (has_parent)
        memcpy(ret_span->span.parent_id, parent.span_id, sizeof(parent.span_id));
    trace_print(&ret_span->span.context, ret_span->traceparent);
}

static void end_span(struct api *api, const struct http_request *request, struct request_span *span)
{
    const struct trace_attribute attributes[] = {
        {"sentinel.request_id", request->id}, {"url.path", request->path}, {NULL, NULL}};

    span->span.end_us = wallclock_us();
    span->span.attributes = attributes;
    tracer_add(api->tracer, &span->span);
    span->span.attributes = NULL;
}

static json_t *receipt_of(const struct job *job)
{
    char id[UUID_TEXT_SIZE];

    uuid_print(&job->id, id);
    return json_pack("{s:s, s:s, s:s, s:o}", "id", id, "job_id", id, "status", job_status_name(job->status),
                     "created_at", json_time(job->times.created));
}

/*
 * Stores what was made and hands it to the queue: 0, 1 (*ret_earlier is what the same request was answered before), or
 * a failure that is answered. Once it is stored it is accepted: what cannot be published now is published from the
 * outbox.
 */
static int accept_jobs(struct api *api, const struct http_request *request, struct http_response *response,
                       struct job **jobs, size_t count, const struct caller *caller, const char *receipt,
                       char **ret_earlier)
{
    const char *key = http_request_header(request, "idempotency-key");
    struct store_idempotency idempotency = {.key_id = caller->key_id, .key = key, .response = receipt};
    cleanup_free char *earlier = NULL;
    unsigned char hash[32];
    char digest[65];
    struct failure failure;
    int error;

    if (key && (!*key || strlen(key) > IDEMPOTENCY_KEY_MAX)) {
        answer_problem(response, request, 400, "invalid_header", "Idempotency-Key", "it has 1 to %d characters",
                       IDEMPOTENCY_KEY_MAX);
        return FAIL_INVALID;
    }
    if (key) {
        EVP_Digest(request->body, request->body_length, hash, NULL, EVP_sha256(), NULL);
        for (int i = 0; i < 32; i++)
            snprintf(digest + (ptrdiff_t)2 * i, 3, "%02x", hash[i]);
        idempotency.digest = digest;
    }
    error =
        store_insert(api->store, (const struct job *const *)jobs, count, key ? &idempotency : NULL, &earlier, &failure);
    if (error == FAIL_CONFLICT) {
        answer_problem(response, request, 409, "idempotency_conflict", "Idempotency-Key",
                       "this key came with another request before");
        return error;
    }
    if (error < 0) {
        answer_failure(response, request, &failure);
        return error;
    }
    if (error == 1) {
        http_add_header(response, "Idempotency-Replayed", "true");
        *ret_earlier = steal_ptr(&earlier);
        return 1;
    }
    api->waiting += count; /* until the pulse counts again */
    kill_point("after_insert");
    for (size_t i = 0; i < count; i++) {
        struct queue_message message = {.job = jobs[i]->id};
        struct log_about about = caller_about(caller, request->id, &jobs[i]->id);

        snprintf(message.traceparent, sizeof(message.traceparent), "%s", jobs[i]->traceparent);
        relay_add(api->relay, &message);
        metrics_add(api->metrics, "sentinel_submissions_total", (const char *const[]){jobs[i]->language, NULL}, 1);
        about.traceparent = jobs[i]->traceparent;
        log_line(LOG_INFO_LEVEL, &about, "accepted: %s, %zu bytes", jobs[i]->language, strlen(jobs[i]->spec));
    }
    return 0;
}

/* What the parameter wait asks for: "true", or how many milliseconds. */
static bool wait_of(struct api *api, const struct http_request *request, struct http_response *response,
                    uint64_t *ret_ms)
{
    cleanup_free char *text = http_request_parameter(request, "wait");
    char *end = NULL;
    unsigned long long ms;

    *ret_ms = 0;
    if (!text || strcmp(text, "false") == 0)
        return true;
    if (strcmp(text, "true") == 0) {
        *ret_ms = api->config->wait_max_ms;
        return true;
    }
    ms = strtoull(text, &end, 10);
    if (!*text || *end || *text == '-' || ms == 0) {
        answer_problem(response, request, 400, "invalid_parameter", "wait", "it is true, false, or milliseconds");
        return false;
    }
    *ret_ms = ms < api->config->wait_max_ms ? ms : api->config->wait_max_ms;
    return true;
}

/* A request that was answered before: with what its job has come to, for who waits; else in the same words. */
static void answer_again(struct api *api, const struct http_request *request, struct http_response *response,
                         const struct caller *caller, uint64_t wait_ms, char **receipt_text)
{
    cleanup_json json_t *receipt = NULL;
    cleanup_job struct job *job = NULL;
    struct waiter *waiter = NULL;
    const char *id = NULL;
    struct failure failure;
    struct uuid job_id;

    if (wait_ms > 0 && json_parse(*receipt_text, strlen(*receipt_text), &receipt, NULL) == 0)
        id = json_string_value(json_object_get(receipt, "id"));
    if (!id || !uuid_parse(id, &job_id)) {
        answer_text(response, 202, receipt_text);
        return;
    }
    if (waiter_make(api, &job_id, &waiter, &failure) < 0 ||
        store_get(api->store, &job_id, STORE_WITH_SPEC | STORE_WITH_RESULT, &job, &failure) < 0) {
        waiter_drop(waiter);
        answer_failure(response, request, &failure);
        return;
    }
    if (!job_status_is_over(job->status)) {
        waiter_attach(waiter, request, response, caller, wait_ms);
        return;
    }
    waiter_drop(waiter);
    answer_json(response, request, 200, job_view(job, caller_view(caller)));
}

void handle_submit(void *arg, const struct http_request *request, struct http_response *response)
{
    struct api *api = arg;
    cleanup_json json_t *document = NULL;
    cleanup_json json_t *receipt = NULL;
    cleanup_free char *receipt_text = NULL;
    cleanup_job struct job *job = NULL;
    cleanup_free char *earlier = NULL;
    struct waiter *waiter = NULL;
    struct request_span span;
    int accepted;
    char id[UUID_TEXT_SIZE];
    struct failure failure;
    struct caller caller;
    uint64_t wait_ms;
    bool is_parsed;

    /* Its test cases say how much is asked for; so it is read first, by who may submit at all. */
    if (!has_only_parameters(request, response, (const char *const[]){"wait", NULL}) ||
        !admit(api, request, response, SCOPE_SUBMIT, ADMIT_FREE, 0, &caller))
        return;
    is_parsed = json_parse(request->body, request->body_length, &document, &failure) == 0;
    if (!is_within_rate(api, request, response, &caller, ADMIT_SUBMIT, cost_of(document)) ||
        !is_json(request, response) || !wait_of(api, request, response, &wait_ms) ||
        !is_open_for_jobs(api, request, response))
        return;
    if (wait_ms > 0 && !(caller.scopes & SCOPE_READ)) {
        answer_problem(response, request, 403, "scope_missing", "wait", "to wait for a result needs the scope read");
        return;
    }
    if (!is_parsed) {
        answer_problem(response, request, 400, "invalid_json", NULL, "%s", failure.message);
        return;
    }
    if (!make_job(api, request, response, &caller, document, "", &job))
        return;
    begin_span(request, &span);
    job->traceparent = strdup(span.traceparent);
    receipt = receipt_of(job);
    receipt_text = json_print(receipt, NULL);
    if (!receipt_text || !job->traceparent) {
        answer_nomem(response, request);
        return;
    }
    /* Whoever waits begins to listen first: the job may be over before this thread gets on. */
    if (wait_ms > 0 && waiter_make(api, &job->id, &waiter, &failure) < 0) {
        answer_failure(response, request, &failure);
        return;
    }
    accepted = accept_jobs(api, request, response, &job, 1, &caller, receipt_text, &earlier);
    if (accepted == 1) {
        waiter_drop(waiter);
        answer_again(api, request, response, &caller, wait_ms, &earlier);
        return;
    }
    if (accepted < 0) {
        waiter_drop(waiter);
        return;
    }
    end_span(api, request, &span);
    uuid_print(&job->id, id);
    http_add_header(response, "Location", "/api/v1/submissions/%s", id);
    if (waiter)
        waiter_attach(waiter, request, response, &caller, wait_ms);
    else
        answer_text(response, 202, &receipt_text);
}

void handle_submit_batch(void *arg, const struct http_request *request, struct http_response *response)
{
    struct api *api = arg;
    cleanup_json json_t *document = NULL;
    cleanup_json json_t *receipts = NULL;
    cleanup_free char *text = NULL;
    cleanup_free char *earlier = NULL;
    cleanup_free struct job **jobs = NULL;
    struct request_span span;
    int accepted;
    struct failure failure;
    struct caller caller;
    uint32_t cost = 0;
    size_t count;
    size_t made = 0;
    json_t *list;

    /* How many there are says how much is asked for; so it is read first, by who may submit at all. */
    if (!has_only_parameters(request, response, (const char *const[]){NULL}) ||
        !admit(api, request, response, SCOPE_SUBMIT, ADMIT_FREE, 0, &caller) || !is_json(request, response) ||
        !is_open_for_jobs(api, request, response))
        return;
    if (json_parse(request->body, request->body_length, &document, &failure) < 0) {
        answer_problem(response, request, 400, "invalid_json", NULL, "%s", failure.message);
        return;
    }
    list = json_object_get(document, "submissions");
    count = json_array_size(list);
    if (!json_is_array(list) || json_object_size(document) != 1 || count == 0 || count > api->config->batch_max) {
        answer_problem(response, request, 400, "invalid_field", "submissions",
                       "the body is {\"submissions\": [...]} with 1 to %llu of them",
                       (unsigned long long)api->config->batch_max);
        return;
    }
    for (size_t i = 0; i < count; i++)
        cost += cost_of(json_array_get(list, i));
    if (!is_within_rate(api, request, response, &caller, ADMIT_SUBMIT, cost))
        return;
    jobs = calloc(count, sizeof(*jobs));
    begin_span(request, &span);
    receipts = json_array();
    while (jobs && made < count) {
        char prefix[40];

        snprintf(prefix, sizeof(prefix), "submissions[%zu].", made);
        if (!json_is_object(json_array_get(list, made))) {
            answer_problem(response, request, 400, "invalid_field", prefix, "it is no object");
            break;
        }
        if (!make_job(api, request, response, &caller, json_array_get(list, made), prefix, &jobs[made]))
            break;
        jobs[made]->traceparent = strdup(span.traceparent);
        json_array_append_new(receipts, receipt_of(jobs[made]));
        made++;
        if (!jobs[made - 1]->traceparent)
            break;
    }
    if (jobs && made == count && jobs[made - 1]->traceparent) {
        cleanup_json json_t *answer = json_pack("{s:O}", "submissions", receipts);

        text = json_print(answer, NULL);
        accepted = text ? accept_jobs(api, request, response, jobs, count, &caller, text, &earlier) : FAIL_NOMEM;
        if (accepted >= 0) {
            end_span(api, request, &span);
            answer_text(response, 202, accepted == 1 ? &earlier : &text);
        }
    }
    if (!response->status)
        answer_nomem(response, request);
    for (size_t i = 0; i < made; i++)
        job_free(jobs[i]);
}
