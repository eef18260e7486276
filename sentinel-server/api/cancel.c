/* SPDX-License-Identifier: MIT */
#include "api/cancel.h"

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

int cancel_job(struct api *api, const struct caller *caller, const char *request_id, const struct uuid *job,
               struct failure *failure)
{
    cleanup_free char *result = result_print_unexecuted(JOB_CANCELLED, "cancelled before it was executed");
    struct log_about about = caller_about(caller, request_id, job);
    struct failure why;
    int got;

    if (!result)
        return fail_nomem(failure);
    got = store_cancel(api->store, job, result, wallclock_us(), failure);
    if (got < 0)
        return got;
    log_line(LOG_INFO_LEVEL, &about, got == 0 ? "cancelled: it was not executed yet" : "asked to cancel it");
    /*
     * Who executes it hears of it now; should the message be lost, with the next prolongation of the lease. And a
     * worker may have claimed a moment ago what waited.
     */
    if (events_control(api->events, job, CONTROL_CANCEL, NULL, 0, &why) < 0 && got == 1)
        log_line(LOG_WARN_LEVEL, &about, "cancelling takes longer: %s", why.message);
    if (got == 0)
        tell_end(api, job);
    return got;
}

void handle_cancel(void *arg, const struct http_request *request, struct http_response *response)
{
    struct api *api = arg;
    cleanup_job struct job *job = NULL;
    struct failure failure;
    struct caller caller;
    int got;

    if (!admit(api, request, response, SCOPE_SUBMIT, ADMIT_READ, 1, &caller) ||
        !find_job(api, request, response, &caller, 0, &job))
        return;
    got = cancel_job(api, &caller, request->id, &job->id, &failure);
    if (got == FAIL_CONFLICT)
        answer_problem(response, request, 409, "already_over", NULL, "it ended before it could be cancelled");
    else if (got < 0)
        answer_failure(response, request, &failure);
    else
        answer_json(response, request, got == 0 ? 200 : 202,
                    json_pack("{s:s, s:s, s:b}", "id", request->parts[0], "status",
                              job_status_name(got == 0 ? JOB_CANCELLED : job->status), "cancel_requested", 1));
}
