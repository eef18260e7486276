/* SPDX-License-Identifier: MIT */
#include "retry.h"

#include "work/kill_point.h"

static int check_failed(struct store *store, const struct uuid *id, struct failure *failure)
{
    struct job *job;
    int error = store_get(store, id, 0, &job, failure);

    if (error < 0)
        return error;
    if (job->status != JOB_INTERNAL_ERROR)
        error = fail(failure, FAIL_CONFLICT, "only what ended with INTERNAL_ERROR is retried");
    job_free(job);
    return error;
}

int retry_job(struct store *store, struct queue *queue, struct events *events, const struct uuid *id,
              struct failure *failure)
{
    struct dead_letter letter;
    int error = check_failed(store, id, failure);

    if (error < 0)
        return error;
    /*
     * Its attempts begin anew: what was told of the earlier ones would hide them. Before it is revived, for afterwards
     * there may be something of the new one; of a job that is over the stored result tells as much.
     */
    events_forget(events, id, NULL);
    error = store_revive(store, id, failure);
    if (error < 0)
        return error;
    kill_point("after_revive");
    error = queue_dead_take(queue, id, &letter, failure);
    return error < 0 ? error : 0;
}
