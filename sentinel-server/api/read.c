/* SPDX-License-Identifier: MIT */
#include "api/admit.h"
#include "api/languages.h"

#include "base/cleanup.h"
#include "job/result.h"

#include <string.h>

enum { LIMIT_DEFAULT = 50, LIMIT_MAX = 200 };

bool find_job(struct api *api, const struct http_request *request, struct http_response *response,
              const struct caller *caller, unsigned with, struct job **ret_job)
{
    struct job *job = NULL;
    struct failure failure;
    struct uuid id;
    int error = FAIL_NOT_FOUND;

    if (uuid_parse(request->parts[0], &id))
        error = store_get(api->store, &id, with, &job, &failure);
    if (error < 0 && error != FAIL_NOT_FOUND) {
        answer_failure(response, request, &failure);
        return false;
    }
    /* Somebody else's is not told apart from none. */
    if (error < 0 || !caller_may_see(caller, job)) {
        job_free(job);
        answer_problem(response, request, 404, "no_such_submission", NULL, "there is no such submission");
        return false;
    }
    *ret_job = job;
    return true;
}

void handle_get(void *arg, const struct http_request *request, struct http_response *response)
{
    struct api *api = arg;
    cleanup_free char *include = http_request_parameter(request, "include");
    cleanup_job struct job *job = NULL;
    struct caller caller;
    unsigned flags;

    if (!has_only_parameters(request, response, (const char *const[]){"include", NULL}) ||
        !admit(api, request, response, SCOPE_READ, ADMIT_READ, 1, &caller))
        return;
    if (include && strcmp(include, "request") != 0) {
        answer_problem(response, request, 400, "invalid_parameter", "include", "it is \"request\"");
        return;
    }
    if (!find_job(api, request, response, &caller, STORE_WITH_SPEC | STORE_WITH_RESULT, &job))
        return;
    flags = caller_view(&caller) | (include ? JOB_VIEW_REQUEST : 0);
    answer_json(response, request, 200, job_view(job, flags));
}

/* ---- the list ---------------------------------------------------------------------------------------------------- */

/* The parameters of a list, with what they point to. */
struct list_request {
    struct store_filter filter;
    enum job_status status;
    char *user_id;
    char *language;
    char *texts[2]; /* status, cursor */
};

static void free_list_request(struct list_request *list)
{
    free(list->user_id);
    free(list->language);
    for (size_t i = 0; i < SN_ARRAY_SIZE(list->texts); i++)
        free(list->texts[i]);
}
#define cleanup_list_request __attribute__((cleanup(free_list_request)))

static bool read_list_request(struct api *api, const struct http_request *request, struct http_response *response,
                              struct list_request *list)
{
    const char *status = list->texts[0] = http_request_parameter(request, "status");
    const char *cursor = list->texts[1] = http_request_parameter(request, "cursor");
    uint32_t limit = LIMIT_DEFAULT;

    list->user_id = http_request_parameter(request, "user_id");
    list->language = http_request_parameter(request, "language");
    list->filter.user_id = list->user_id;
    if (list->language) {
        const char *name = languages_find(api->languages, list->language);

        if (!name) {
            answer_problem(response, request, 422, "unknown_language", "language", "there is no such language");
            return false;
        }
        list->filter.language = name;
    }
    if (status && !job_status_parse(status, &list->status)) {
        answer_problem(response, request, 400, "invalid_parameter", "status", "it is no status of a submission");
        return false;
    }
    if (status)
        list->filter.status = &list->status;
    if (!number_parameter(request, response, "limit", 1, LIMIT_MAX, &limit))
        return false;
    list->filter.limit = limit;
    if (cursor && !uuid_parse(cursor, &list->filter.after)) {
        answer_problem(response, request, 400, "invalid_parameter", "cursor", "it is no cursor of this list");
        return false;
    }
    return true;
}

void handle_list(void *arg, const struct http_request *request, struct http_response *response)
{
    struct api *api = arg;
    cleanup_list_request struct list_request list = {0};
    struct job **jobs = NULL;
    struct failure failure;
    struct caller caller;
    size_t count = 0;
    size_t wanted;
    json_t *lines;
    json_t *next;

    if (!has_only_parameters(request, response,
                             (const char *const[]){"user_id", "status", "language", "limit", "cursor", NULL}) ||
        !admit(api, request, response, SCOPE_READ, ADMIT_READ, 1, &caller) ||
        !read_list_request(api, request, response, &list))
        return;
    /* Without keys, the jobs of all strangers would be one list. */
    if (caller.is_stranger && !(list.user_id && *list.user_id)) {
        answer_problem(response, request, 400, "invalid_parameter", "user_id",
                       "without a key it lists what one user_id submitted: it has to be given");
        return;
    }
    if (!(caller.scopes & SCOPE_ADMIN))
        list.filter.key_id = caller.key_id;
    wanted = list.filter.limit++; /* one more tells whether there is a next page */
    if (store_list(api->store, &list.filter, &jobs, &count, &failure) < 0) {
        answer_failure(response, request, &failure);
        return;
    }
    lines = json_array();
    for (size_t i = 0; i < count && i < wanted; i++)
        json_array_append_new(lines, job_view_short(jobs[i]));
    next = json_null();
    if (count > wanted) {
        char cursor[UUID_TEXT_SIZE];

        uuid_print(&jobs[wanted - 1]->id, cursor);
        next = json_string(cursor);
    }
    store_jobs_free(jobs, count);
    answer_json(response, request, 200, json_pack("{s:o, s:o}", "submissions", lines, "next_cursor", next));
}

/* ---- the timeline ------------------------------------------------------------------------------------------------ */

static void add_stage(json_t *stages, const char *name, int64_t from, int64_t to, const char *what)
{
    if (from > 0 && to >= from)
        json_array_append_new(stages, json_pack("{s:s, s:o, s:o, s:f, s:s}", "stage", name, "from", json_time(from),
                                                "to", json_time(to), "ms", (double)(to - from) / 1000.0, "what", what));
}

/* Why did it take so long: each stage, the longest in a sentence. */
void handle_timeline(void *arg, const struct http_request *request, struct http_response *response)
{
    struct api *api = arg;
    cleanup_job struct job *job = NULL;
    const struct job_times *times;
    struct caller caller;
    json_t *stages;
    json_t *longest = NULL;
    json_t *stage;
    json_t *answer;
    size_t index;
    int64_t begun;

    if (!admit(api, request, response, SCOPE_READ, ADMIT_READ, 1, &caller) ||
        !find_job(api, request, response, &caller, 0, &job))
        return;
    times = &job->times;
    begun = times->compiling ? times->compiling : times->running ? times->running : times->finished;
    stages = json_array();
    add_stage(stages, "publish", times->created,
              times->claimed && times->published > times->claimed ? times->claimed : times->published,
              "until the queue had confirmed it; part of the next");
    add_stage(stages, "queue", times->created, times->claimed, "until a worker took it");
    add_stage(stages, "start", times->claimed, begun, "until its sandbox was asked for");
    add_stage(stages, "compile", times->compiling, times->running ? times->running : times->finished,
              "making the program, with its sandbox");
    add_stage(stages, "run", times->running, times->finished, "running it, all test cases together");
    json_array_foreach(stages, index, stage)
    {
        /* Publishing goes on beside the rest. */
        if (index > 0 && (!longest || json_number_value(json_object_get(stage, "ms")) >
                                          json_number_value(json_object_get(longest, "ms"))))
            longest = stage;
    }
    answer = json_pack("{s:s, s:s, s:I, s:f, s:o}", "id", request->parts[0], "status", job_status_name(job->status),
                       "attempt", (json_int_t)job->attempt, "total_ms",
                       times->finished ? (double)(times->finished - times->created) / 1000.0 : 0.0, "stages", stages);
    if (answer && longest)
        json_object_set(answer, "longest", json_object_get(longest, "stage"));
    if (answer && job->traceparent && strlen(job->traceparent) == TRACEPARENT_SIZE - 1)
        json_object_set_new(answer, "trace_id", json_stringn(job->traceparent + 3, 32));
    answer_json(response, request, 200, answer);
}
