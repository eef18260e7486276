/* SPDX-License-Identifier: MIT */
#include "store/sqlite.h"

#include "base/cleanup.h"

#include <string.h>

/*
 * Fencing: a change that belongs to an attempt names it in its WHERE, with `held`, which is false once the attempt was
 * given back. Else an older worker would fit again when the count goes back by one.
 */
#define BY_ATTEMPT "WHERE id = ? AND attempt = ? AND held = 1 AND status < 10"

int lite_refusal(struct lite_connection *connection, const struct uuid *id, uint32_t attempt, struct failure *failure)
{
    cleanup_query struct lite_query query = lite_query(connection, "SELECT status, attempt FROM jobs WHERE id = ?");
    int found;

    lite_bind_id(&query, id);
    found = lite_step(&query, failure);
    if (found < 0)
        return found;
    if (found == 0)
        return fail(failure, FAIL_NOT_FOUND, "there is no such job");
    if (job_status_is_over((enum job_status)lite_int(&query, 0)))
        return fail(failure, FAIL_CONFLICT, "the job is over: %s",
                    job_status_name((enum job_status)lite_int(&query, 0)));
    return fail(failure, FAIL_CONFLICT, "attempt %u is not the one that has the job (%u attempts so far)", attempt,
                (unsigned)lite_int(&query, 1));
}

/* ---- claim ------------------------------------------------------------------------------------------------------- */

struct claim {
    struct lite_operation operation;
    const struct uuid *id;
    const char *worker;
    int64_t now;
    int64_t lease_until;
    bool takeover;
    struct job *job;
};

static void forget_job(struct lite_operation *operation)
{
    struct claim *claim = (struct claim *)operation;

    job_free(steal_ptr(&claim->job));
}

/* 0: it may be claimed, 1: it is over; both with the job as it was. */
static int look_at(struct lite_connection *connection, const struct claim *claim, struct job **ret_job,
                   struct failure *failure)
{
    cleanup_query struct lite_query query =
        lite_query(connection, "SELECT " LITE_JOB ", j.lease_until > ? AND j.worker != ?, "
                               "CASE WHEN j.status < 10 THEN (SELECT spec FROM specs WHERE id = j.id) END "
                               "FROM jobs j WHERE j.id = ?");
    cleanup_job struct job *job = NULL;
    int found;

    lite_bind_int(&query, claim->now);
    lite_bind_text(&query, claim->worker);
    lite_bind_id(&query, claim->id);
    found = lite_step(&query, failure);
    if (found < 0)
        return found;
    if (found == 0)
        return fail(failure, FAIL_NOT_FOUND, "there is no such job");
    found = lite_job_read(&query, &job, failure);
    if (found < 0)
        return found;
    if (!job_status_is_over(job->status)) {
        if (lite_int(&query, LITE_JOB_COLUMNS) && !claim->takeover)
            return fail(failure, FAIL_CONFLICT, "%s has the job, and its lease has not ended", job->worker);
        job->spec = lite_text(&query, LITE_JOB_COLUMNS + 1);
        if (!job->spec)
            return fail_nomem(failure);
    }
    *ret_job = steal_ptr(&job);
    return job_status_is_over((*ret_job)->status);
}

static int take(struct lite_connection *connection, const struct claim *claim, struct failure *failure)
{
    cleanup_query struct lite_query query =
        lite_query(connection, "UPDATE jobs SET attempt = attempt + 1, held = 1, lease_until = ?, worker = ?, "
                               "claimed = ?, compiling = 0, running = 0 WHERE id = ?");

    lite_bind_int(&query, claim->lease_until);
    lite_bind_text(&query, claim->worker);
    lite_bind_int(&query, claim->now);
    lite_bind_id(&query, claim->id);
    return lite_run(&query, failure);
}

static int run_claim(struct lite_connection *connection, struct lite_operation *operation, struct failure *failure)
{
    struct claim *claim = (struct claim *)operation;
    cleanup_job struct job *job = NULL;
    int code = look_at(connection, claim, &job, failure);

    if (code == 0) {
        char *worker = strdup(claim->worker);

        if (!worker)
            return fail_nomem(failure);
        free(job->worker);
        job->worker = worker;
        job->attempt++;
        job->times.claimed = claim->now;
        job->times.compiling = 0;
        job->times.running = 0;
        code = take(connection, claim, failure);
    }
    if (code >= 0)
        claim->job = steal_ptr(&job);
    return code;
}

int lite_claim(void *self, const struct uuid *id, const char *worker, int64_t now, int64_t lease_until, bool takeover,
               struct job **ret_job, struct failure *failure)
{
    struct claim claim = {.operation = {.run = run_claim, .undo = forget_job},
                          .id = id,
                          .worker = worker,
                          .now = now,
                          .lease_until = lease_until,
                          .takeover = takeover};
    int code = lite_write(self, &claim.operation, failure);

    if (code >= 0)
        *ret_job = claim.job;
    return code;
}

/* ---- advance, release -------------------------------------------------------------------------------------------- */

struct step {
    struct lite_operation operation;
    const struct uuid *id;
    uint32_t attempt;
    enum job_status status;
    int64_t now;
};

static int run_advance(struct lite_connection *connection, struct lite_operation *operation, struct failure *failure)
{
    struct step *step = (struct step *)operation;
    cleanup_query struct lite_query query =
        step->status == JOB_COMPILING
            ? lite_query(connection, "UPDATE jobs SET status = max(status, ?), compiling = ? " BY_ATTEMPT)
            : lite_query(connection, "UPDATE jobs SET status = max(status, ?), running = ? " BY_ATTEMPT);
    int error;

    lite_bind_int(&query, step->status);
    lite_bind_int(&query, step->now);
    lite_bind_id(&query, step->id);
    lite_bind_int(&query, step->attempt);
    error = lite_run(&query, failure);
    if (error == 0 && lite_changes(&query) == 0)
        error = lite_refusal(connection, step->id, step->attempt, failure);
    return error;
}

int lite_advance(void *self, const struct uuid *id, uint32_t attempt, enum job_status status, int64_t now,
                 struct failure *failure)
{
    struct step step = {.operation = {.run = run_advance}, .id = id, .attempt = attempt, .status = status, .now = now};

    if (status != JOB_COMPILING && status != JOB_RUNNING)
        return fail(failure, FAIL_INVALID, "a job does not advance to %s", job_status_name(status));
    return lite_write(self, &step.operation, failure);
}

static int run_release(struct lite_connection *connection, struct lite_operation *operation, struct failure *failure)
{
    struct step *step = (struct step *)operation;
    cleanup_query struct lite_query query =
        lite_query(connection, "UPDATE jobs SET attempt = attempt - 1, held = 0, lease_until = 0 " BY_ATTEMPT);
    int error;

    lite_bind_id(&query, step->id);
    lite_bind_int(&query, step->attempt);
    error = lite_run(&query, failure);
    if (error == 0 && lite_changes(&query) == 0)
        error = lite_refusal(connection, step->id, step->attempt, failure);
    return error;
}

int lite_release(void *self, const struct uuid *id, uint32_t attempt, struct failure *failure)
{
    struct step step = {.operation = {.run = run_release}, .id = id, .attempt = attempt};

    return lite_write(self, &step.operation, failure);
}

/* ---- renew ------------------------------------------------------------------------------------------------------- */

struct renew {
    struct lite_operation operation;
    struct store_lease *leases; /* a copy: the caller's are untouched if the transaction fails */
    size_t count;
    int64_t lease_until;
};

static int renew_one(struct lite_connection *connection, struct store_lease *lease, int64_t lease_until,
                     struct failure *failure)
{
    cleanup_query struct lite_query query =
        lite_query(connection, "UPDATE jobs SET lease_until = ? " BY_ATTEMPT " RETURNING cancel_requested");
    int found;

    lite_bind_int(&query, lease_until);
    lite_bind_id(&query, &lease->id);
    lite_bind_int(&query, lease->attempt);
    found = lite_step(&query, failure);
    if (found < 0)
        return found;
    lease->is_lost = found == 0;
    lease->cancel_requested = found == 1 && lite_int(&query, 0) != 0;
    /* What RETURNING returns is changed for certain when the statement has ended. */
    return found == 1 ? lite_run(&query, failure) : 0;
}

static int run_renew(struct lite_connection *connection, struct lite_operation *operation, struct failure *failure)
{
    struct renew *renew = (struct renew *)operation;
    int error = 0;

    for (size_t i = 0; error == 0 && i < renew->count; i++)
        error = renew_one(connection, &renew->leases[i], renew->lease_until, failure);
    return error;
}

int lite_renew(void *self, struct store_lease *leases, size_t count, int64_t lease_until, struct failure *failure)
{
    cleanup_free struct store_lease *copies = calloc(count + 1, sizeof(*copies));
    struct renew renew = {
        .operation = {.run = run_renew}, .leases = copies, .count = count, .lease_until = lease_until};
    int error;

    if (!copies)
        return fail_nomem(failure);
    for (size_t i = 0; i < count; i++)
        copies[i] = leases[i];
    error = lite_write(self, &renew.operation, failure);
    for (size_t i = 0; error == 0 && i < count; i++)
        leases[i] = copies[i];
    return error;
}
