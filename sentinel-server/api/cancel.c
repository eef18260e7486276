/* SPDX-License-Identifier: MIT */
#include "api/admit.h"

#include "base/cleanup.h"
#include "common/wallclock.h"
#include "job/result.h"

#include <string.h>

/* No executor tells the end of a job that none had. */
static void tell_end(struct api *api, const struct uuid *job)
{
    static const char text[] = "{\"status\":\"CANCELLED\"}";
    const struct event event = {
        .job = *job, .sequence = EVENT_SEQUENCE_END, .kind = EVENT_END, .data = text, .length = sizeof(text) - 1};

    events_publish(api->events, &event, 1, NULL);
}

void handle_cancel(void *arg, const struct http_request *request, struct http_response *response)
{
    struct api *api = arg;
    cleanup_free char *result = result_print_unexecuted(JOB_CANCELLED, "cancelled before it was executed");
    cleanup_job struct job *job = NULL;
    struct failure failure;
    struct log_about about;
    struct caller caller;
    int got;

    if (!admit(api, request, response, SCOPE_SUBMIT, ADMIT_READ, 1, &caller) ||
        !find_job(api, request, response, &caller, 0, &job))
        return;
    if (!result) {
        answer_nomem(response, request);
        return;
    }
    got = store_cancel(api->store, &job->id, result, wallclock_us(), &failure);
    if (got == FAIL_CONFLICT) {
        answer_problem(response, request, 409, "already_over", NULL, "it ended before it could be cancelled");
        return;
    }
    if (got < 0) {
        answer_failure(response, request, &failure);
        return;
    }
    about = caller_about(&caller, request->id, &job->id);
    log_line(LOG_INFO_LEVEL, &about, got == 0 ? "cancelled: it was not executed yet" : "asked to cancel it");
    if (got == 0) {
        /* A worker may have claimed it a moment ago. */
        events_control(api->events, &job->id, CONTROL_CANCEL, NULL, 0, NULL);
        tell_end(api, &job->id);
        answer_json(response, request, 200,
                    json_pack("{s:s, s:s, s:b}", "id", request->parts[0], "status", job_status_name(JOB_CANCELLED),
                              "cancel_requested", 1));
        return;
    }
    /* Who executes it hears of it now; should the message be lost, with the next prolongation of the lease. */
    if (events_control(api->events, &job->id, CONTROL_CANCEL, NULL, 0, &failure) < 0)
        log_line(LOG_WARN_LEVEL, &about, "cancelling takes longer: %s", failure.message);
    answer_json(response, request, 202,
                json_pack("{s:s, s:s, s:b}", "id", request->parts[0], "status", job_status_name(job->status),
                          "cancel_requested", 1));
}
