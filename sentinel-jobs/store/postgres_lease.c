/* SPDX-License-Identifier: MIT */
#include "store/postgres.h"

#include <string.h>

int postgres_state(struct postgres_pool *pool, const struct uuid *id, struct postgres_state *ret_state,
                   struct failure *failure)
{
    static const struct postgres_statement statement = {
        "state", "SELECT status, attempt, held, finished FROM jobs WHERE id = $1", true};
    struct postgres_params params = {0};
    cleanup_result PGresult *result = NULL;
    int error;

    postgres_put_uuid(&params, id);
    error = postgres_query(pool, &statement, &params, &result, NULL, failure);
    if (error < 0)
        return error;
    if (PQntuples(result) == 0)
        return fail(failure, FAIL_NOT_FOUND, "there is no such job");
    ret_state->status = (enum job_status)postgres_i64(result, 0, 0);
    ret_state->attempt = (uint32_t)postgres_i64(result, 0, 1);
    ret_state->is_held = postgres_bool(result, 0, 2);
    ret_state->finished = postgres_i64(result, 0, 3);
    return 0;
}

int postgres_conflict(const struct postgres_state *state, struct failure *failure)
{
    if (job_status_is_over(state->status))
        return fail(failure, FAIL_CONFLICT, "the job is over: %s", job_status_name(state->status));
    return fail(failure, FAIL_CONFLICT, "the job is %s, in attempt %u%s", job_status_name(state->status),
                state->attempt, state->is_held ? "" : ", which nobody has");
}

static bool changed_something(PGresult *result)
{
    return strcmp(PQcmdTuples(result), "0") != 0;
}

/* ---- claiming ---------------------------------------------------------------------------------------------------- */

/* $6: a second attempt at this, which finds what the first one did by its worker and times. */
static const struct postgres_statement claim = {
    "claim",
    "UPDATE jobs SET attempt = attempt +"
    " CASE WHEN $6 AND worker = $2 AND claimed = $3 AND lease = $4 THEN 0 ELSE 1 END,"
    " held = true, worker = $2, claimed = $3, lease = $4, compiling = 0, running = 0"
    " WHERE id = $1 AND status < 10 AND ($5 OR lease <= $3 OR worker = $2)"
    " RETURNING " POSTGRES_JOB_COLUMNS ", spec, NULL::text",
    true};

/* Nothing was to be claimed: why? */
static int explain_claim(struct postgres_store *store, const struct uuid *id, struct job **ret_job,
                         struct failure *failure)
{
    cleanup_job struct job *job = NULL;
    int error = postgres_get(store, id, 0, &job, failure);

    if (error < 0)
        return error;
    if (!job_status_is_over(job->status))
        return fail(failure, FAIL_CONFLICT, "another worker has the job");
    *ret_job = steal_ptr(&job);
    return 1;
}

int postgres_claim(void *self, const struct uuid *id, const char *worker, int64_t now, int64_t lease_until,
                   bool takeover, struct job **ret_job, struct failure *failure)
{
    struct postgres_store *store = self;
    struct job *job;

    for (bool is_again = false;; is_again = true) {
        struct postgres_statement statement = claim;
        struct postgres_params params = {0};
        cleanup_result PGresult *result = NULL;
        bool was_lost = false;
        int error;

        postgres_put_uuid(&params, id);
        postgres_put_text(&params, worker);
        postgres_put_i64(&params, now);
        postgres_put_i64(&params, lease_until);
        postgres_put_bool(&params, takeover);
        postgres_put_bool(&params, is_again);
        /* Only the attempt that knows to be the second one may count nothing: hence the repetition here. */
        statement.may_repeat = false;
        error = postgres_query(store->pool, &statement, &params, &result, &was_lost, failure);
        if (error < 0 && was_lost && !is_again)
            continue;
        if (error < 0)
            return error;
        if (PQntuples(result) == 0)
            return explain_claim(store, id, ret_job, failure);
        job = postgres_job(result, 0, true);
        break;
    }
    if (!job)
        return fail_nomem(failure);
    *ret_job = job;
    return 0;
}

int postgres_advance(void *self, const struct uuid *id, uint32_t attempt, enum job_status status, int64_t now,
                     struct failure *failure)
{
    static const struct postgres_statement statement = {
        "advance",
        "UPDATE jobs SET status = greatest(status, $3::bigint),"
        " compiling = CASE WHEN $3 = 1 THEN $4 ELSE compiling END, running = CASE WHEN $3 = 2 THEN $4 ELSE running END"
        " WHERE id = $1 AND attempt = $2 AND held AND status < 10",
        true};
    struct postgres_store *store = self;
    struct postgres_params params = {0};
    cleanup_result PGresult *result = NULL;
    struct postgres_state state;
    int error;

    if (status != JOB_COMPILING && status != JOB_RUNNING)
        return fail(failure, FAIL_INVALID, "a job does not advance to %s", job_status_name(status));
    postgres_put_uuid(&params, id);
    postgres_put_i64(&params, attempt);
    postgres_put_i64(&params, status);
    postgres_put_i64(&params, now);
    error = postgres_query(store->pool, &statement, &params, &result, NULL, failure);
    if (error < 0 || changed_something(result))
        return error;
    error = postgres_state(store->pool, id, &state, failure);
    return error < 0 ? error : postgres_conflict(&state, failure);
}

/* ---- leases ------------------------------------------------------------------------------------------------------ */

static struct store_lease *find_lease(struct store_lease *leases, size_t count, const struct uuid *id, uint32_t attempt)
{
    for (size_t i = 0; i < count; i++)
        if (leases[i].attempt == attempt && uuid_compare(&leases[i].id, id) == 0)
            return &leases[i];
    return NULL;
}

int postgres_renew(void *self, struct store_lease *leases, size_t count, int64_t lease_until, struct failure *failure)
{
    static const struct postgres_statement statement = {
        "renew",
        "UPDATE jobs SET lease = $3 FROM unnest($1::uuid[], $2::bigint[]) AS leased(id, attempt)"
        " WHERE jobs.id = leased.id AND jobs.attempt = leased.attempt AND jobs.held AND status < 10"
        " RETURNING jobs.id, jobs.attempt, cancel_requested",
        true};
    struct postgres_store *store = self;
    cleanup_postgres_array struct postgres_array ids = {0};
    cleanup_postgres_array struct postgres_array attempts = {0};
    struct postgres_params params = {0};
    cleanup_result PGresult *result = NULL;
    int error;

    if (count == 0)
        return 0;
    postgres_array_begin(&ids, POSTGRES_UUID, count);
    postgres_array_begin(&attempts, POSTGRES_I64, count);
    for (size_t i = 0; i < count; i++) {
        postgres_array_uuid(&ids, &leases[i].id);
        postgres_array_i64(&attempts, leases[i].attempt);
    }
    postgres_put_array(&params, &ids);
    postgres_put_array(&params, &attempts);
    postgres_put_i64(&params, lease_until);
    error = postgres_query(store->pool, &statement, &params, &result, NULL, failure);
    if (error < 0)
        return error;
    for (size_t i = 0; i < count; i++) {
        leases[i].is_lost = true;
        leases[i].cancel_requested = false;
    }
    for (int i = 0; i < PQntuples(result); i++) {
        struct uuid id = postgres_uuid(result, i, 0);
        struct store_lease *lease = find_lease(leases, count, &id, (uint32_t)postgres_i64(result, i, 1));

        if (!lease)
            continue;
        lease->is_lost = false;
        lease->cancel_requested = postgres_bool(result, i, 2);
    }
    return 0;
}

int postgres_release(void *self, const struct uuid *id, uint32_t attempt, struct failure *failure)
{
    static const struct postgres_statement statement = {"release",
                                                        "UPDATE jobs SET attempt = attempt - 1, held = false, lease = 0"
                                                        " WHERE id = $1 AND attempt = $2 AND held AND status < 10",
                                                        true};
    struct postgres_store *store = self;
    struct postgres_params params = {0};
    cleanup_result PGresult *result = NULL;
    struct postgres_state state;
    bool is_again = false;
    int error;

    postgres_put_uuid(&params, id);
    postgres_put_i64(&params, attempt);
    error = postgres_query(store->pool, &statement, &params, &result, &is_again, failure);
    if (error < 0 || changed_something(result))
        return error;
    error = postgres_state(store->pool, id, &state, failure);
    if (error < 0)
        return error;
    /* Released by the first attempt, whose answer was lost. */
    if (is_again && state.attempt + 1 == attempt && !state.is_held)
        return 0;
    return postgres_conflict(&state, failure);
}

int postgres_expire(void *self, int64_t now, size_t *ret_count, struct failure *failure)
{
    static const struct postgres_statement statement = {
        "expire", "UPDATE jobs SET lease = 0, published = 0 WHERE status < 10 AND lease > 0 AND lease <= $1", true};
    struct postgres_store *store = self;
    struct postgres_params params = {0};
    cleanup_result PGresult *result = NULL;
    int error;

    postgres_put_i64(&params, now);
    error = postgres_query(store->pool, &statement, &params, &result, NULL, failure);
    if (error < 0)
        return error;
    *ret_count = strtoull(PQcmdTuples(result), NULL, 10);
    return 0;
}

int postgres_recall(void *self, struct failure *failure)
{
    static const struct postgres_statement statement = {
        "recall", "UPDATE jobs SET published = 0 WHERE status < 10 AND lease = 0 AND published > 0", true};
    struct postgres_store *store = self;
    struct postgres_params params = {0};
    cleanup_result PGresult *result = NULL;

    return postgres_query(store->pool, &statement, &params, &result, NULL, failure);
}

/* ---- ends -------------------------------------------------------------------------------------------------------- */

/* A webhook of an earlier end of the same job (it was revived since) begins anew. */
#define MAKE_WEBHOOK                                                                                                   \
    "INSERT INTO webhooks (job, url, due) SELECT id, callback_url, finished FROM ended WHERE callback_url <> ''"       \
    " ON CONFLICT (job) DO UPDATE SET url = excluded.url, due = excluded.due, attempt = 0, error = NULL"

int postgres_finish(void *self, const struct uuid *id, uint32_t attempt, const struct store_outcome *outcome,
                    struct failure *failure)
{
    static const struct postgres_statement statement = {
        "finish",
        "WITH ended AS (UPDATE jobs SET status = $3, result = $4, time_used_ms = $5, memory_used_kb = $6,"
        " compiling = $7, running = $8, finished = $9, lease = 0, attempt = attempt - $10"
        " WHERE id = $1 AND attempt = $2 AND held AND status < 10"
        " RETURNING id, callback_url, finished), hook AS (" MAKE_WEBHOOK ") SELECT 1 FROM ended",
        true};
    struct postgres_store *store = self;
    struct postgres_params params = {0};
    cleanup_result PGresult *result = NULL;
    struct postgres_state state;
    bool is_again = false;
    int error;

    if (!job_status_is_over(outcome->status))
        return fail(failure, FAIL_INVALID, "a job does not end as %s", job_status_name(outcome->status));
    postgres_put_uuid(&params, id);
    postgres_put_i64(&params, attempt);
    postgres_put_i64(&params, outcome->status);
    postgres_put_text(&params, outcome->result);
    postgres_put_i64(&params, (int64_t)outcome->time_used_ms);
    postgres_put_i64(&params, (int64_t)outcome->memory_used_kb);
    postgres_put_i64(&params, outcome->times.compiling);
    postgres_put_i64(&params, outcome->times.running);
    postgres_put_i64(&params, outcome->times.finished);
    postgres_put_i64(&params, outcome->is_given_up);
    error = postgres_query(store->pool, &statement, &params, &result, &is_again, failure);
    if (error < 0 || PQntuples(result) > 0)
        return error;
    error = postgres_state(store->pool, id, &state, failure);
    if (error < 0)
        return error;
    if (is_again && state.attempt + outcome->is_given_up == attempt && state.status == outcome->status &&
        state.finished == outcome->times.finished)
        return 0;
    return postgres_conflict(&state, failure);
}

int postgres_cancel(void *self, const struct uuid *id, const char *result_text, int64_t now, struct failure *failure)
{
    /* A worker that has claimed it and told of no stage yet learns of it when it does, and can end it no more. */
    static const struct postgres_statement statement = {
        "cancel",
        "WITH ended AS (UPDATE jobs SET cancel_requested = true,"
        " status = CASE WHEN status = 0 THEN 18 ELSE status END,"
        " result = CASE WHEN status = 0 THEN $2 ELSE result END,"
        " finished = CASE WHEN status = 0 THEN $3 ELSE finished END"
        " WHERE id = $1 AND status < 10"
        " RETURNING id, status, CASE WHEN status = 18 THEN callback_url ELSE '' END AS callback_url, finished),"
        " hook AS (" MAKE_WEBHOOK ") SELECT status FROM ended",
        true};
    struct postgres_store *store = self;
    struct postgres_params params = {0};
    cleanup_result PGresult *result = NULL;
    struct postgres_state state;
    bool is_again = false;
    int error;

    postgres_put_uuid(&params, id);
    postgres_put_text(&params, result_text);
    postgres_put_i64(&params, now);
    error = postgres_query(store->pool, &statement, &params, &result, &is_again, failure);
    if (error < 0)
        return error;
    if (PQntuples(result) > 0)
        return postgres_i64(result, 0, 0) == JOB_CANCELLED ? 0 : 1;
    error = postgres_state(store->pool, id, &state, failure);
    if (error < 0)
        return error;
    if (is_again && state.status == JOB_CANCELLED && state.finished == now)
        return 0;
    return postgres_conflict(&state, failure);
}

int postgres_revive(void *self, const struct uuid *id, struct failure *failure)
{
    static const struct postgres_statement statement = {
        "revive",
        "WITH revived AS (UPDATE jobs SET status = 0, attempt = 0, cancel_requested = false, held = false, worker = "
        "'', lease = 0,"
        " result = NULL, time_used_ms = 0, memory_used_kb = 0, published = 0, claimed = 0, compiling = 0, running = 0,"
        " finished = 0 WHERE id = $1 AND status = 19 RETURNING id),"
        " hook AS (DELETE FROM webhooks WHERE job IN (SELECT id FROM revived)) SELECT 1 FROM revived",
        true};
    struct postgres_store *store = self;
    struct postgres_params params = {0};
    cleanup_result PGresult *result = NULL;
    struct postgres_state state;
    bool is_again = false;
    int error;

    postgres_put_uuid(&params, id);
    error = postgres_query(store->pool, &statement, &params, &result, &is_again, failure);
    if (error < 0 || PQntuples(result) > 0)
        return error;
    error = postgres_state(store->pool, id, &state, failure);
    if (error < 0)
        return error;
    if (is_again && state.status == JOB_QUEUED && state.attempt == 0)
        return 0;
    return postgres_conflict(&state, failure);
}
