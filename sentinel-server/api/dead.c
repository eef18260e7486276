/* SPDX-License-Identifier: MIT */
#include "api/admit.h"
#include "retry.h"

enum { LIST_MAX = 200 };

void handle_dead_list(void *arg, const struct http_request *request, struct http_response *response)
{
    struct api *api = arg;
    struct dead_letter letters[LIST_MAX];
    struct failure failure;
    struct caller caller;
    size_t count = 0;
    json_t *list;

    if (!admit(api, request, response, SCOPE_ADMIN, ADMIT_READ, 1, &caller))
        return;
    if (queue_dead_list(api->queue, letters, LIST_MAX, &count, &failure) < 0) {
        answer_failure(response, request, &failure);
        return;
    }
    list = json_array();
    for (size_t i = 0; i < count; i++) {
        char id[UUID_TEXT_SIZE];

        uuid_print(&letters[i].job, id);
        json_array_append_new(list, json_pack("{s:o, s:o, s:o}", "id",
                                              uuid_is_zero(&letters[i].job) ? json_null() : json_string(id), "at",
                                              json_time(letters[i].at), "reason", json_text(letters[i].reason)));
    }
    answer_json(response, request, 200, json_pack("{s:o}", "dead_letters", list));
}

void handle_dead_retry(void *arg, const struct http_request *request, struct http_response *response)
{
    struct api *api = arg;
    struct failure failure;
    struct caller caller;
    struct uuid id;
    int error;

    if (!admit(api, request, response, SCOPE_ADMIN, ADMIT_READ, 1, &caller))
        return;
    error = uuid_parse(request->parts[0], &id) ? retry_job(api->store, api->queue, api->events, &id, &failure)
                                               : FAIL_NOT_FOUND;
    if (error == FAIL_NOT_FOUND) {
        answer_problem(response, request, 404, "no_such_submission", NULL, "there is no such submission");
        return;
    }
    if (error == FAIL_CONFLICT) {
        answer_problem(response, request, 409, "not_failed", NULL, "only what ended with INTERNAL_ERROR is retried");
        return;
    }
    if (error < 0) {
        answer_failure(response, request, &failure);
        return;
    }
    answer_json(response, request, 202, json_pack("{s:s, s:s}", "id", request->parts[0], "status", "QUEUED"));
}
