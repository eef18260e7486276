/* SPDX-License-Identifier: MIT */
#include "store/sqlite.h"

static int keep_result(struct lite_connection *connection, const struct uuid *id, const char *result,
                       struct failure *failure)
{
    cleanup_query struct lite_query query =
        lite_query(connection, "INSERT OR REPLACE INTO results (id, result) VALUES (?, ?)");

    lite_bind_id(&query, id);
    lite_bind_text(&query, result);
    return lite_run(&query, failure);
}

/* Also of one that was revived, and whose first end was told: it has another result now. */
static int make_webhook_due(struct lite_connection *connection, const struct uuid *id, int64_t due,
                            struct failure *failure)
{
    cleanup_query struct lite_query query =
        lite_query(connection, "INSERT OR REPLACE INTO webhooks (job, url, due, attempt, is_done, error) "
                               "SELECT id, callback_url, ?, 0, 0, '' FROM jobs WHERE id = ? AND callback_url != ''");

    lite_bind_int(&query, due);
    lite_bind_id(&query, id);
    return lite_run(&query, failure);
}

static int end_with(struct lite_connection *connection, const struct uuid *id, const char *result, int64_t finished,
                    struct failure *failure)
{
    int error = keep_result(connection, id, result, failure);

    return error == 0 ? make_webhook_due(connection, id, finished, failure) : error;
}

/* ---- finish ------------------------------------------------------------------------------------------------------ */

struct finish {
    struct lite_operation operation;
    const struct uuid *id;
    uint32_t attempt;
    const struct store_outcome *outcome;
};

static int finish_row(struct lite_connection *connection, const struct finish *finish, struct failure *failure)
{
    const struct store_outcome *outcome = finish->outcome;
    cleanup_query struct lite_query query = lite_query(
        connection, "UPDATE jobs SET status = ?, time_used_ms = ?, memory_used_kb = ?, compiling = ?, running = ?, "
                    "finished = ?, lease_until = 0, attempt = attempt - ? "
                    "WHERE id = ? AND attempt = ? AND held = 1 AND status < 10");
    int error;

    lite_bind_int(&query, outcome->status);
    lite_bind_int(&query, (int64_t)outcome->time_used_ms);
    lite_bind_int(&query, (int64_t)outcome->memory_used_kb);
    lite_bind_int(&query, outcome->times.compiling);
    lite_bind_int(&query, outcome->times.running);
    lite_bind_int(&query, outcome->times.finished);
    lite_bind_int(&query, outcome->is_given_up);
    lite_bind_id(&query, finish->id);
    lite_bind_int(&query, finish->attempt);
    error = lite_run(&query, failure);
    if (error == 0 && lite_changes(&query) == 0)
        error = lite_refusal(connection, finish->id, finish->attempt, failure);
    return error;
}

static int run_finish(struct lite_connection *connection, struct lite_operation *operation, struct failure *failure)
{
    struct finish *finish = (struct finish *)operation;
    int error = finish_row(connection, finish, failure);

    if (error < 0)
        return error;
    return end_with(connection, finish->id, finish->outcome->result, finish->outcome->times.finished, failure);
}

int lite_finish(void *self, const struct uuid *id, uint32_t attempt, const struct store_outcome *outcome,
                struct failure *failure)
{
    struct finish finish = {
        .operation = {.run = run_finish, .is_durable = true}, .id = id, .attempt = attempt, .outcome = outcome};

    if (!job_status_is_over(outcome->status))
        return fail(failure, FAIL_INVALID, "a job does not end as %s", job_status_name(outcome->status));
    return lite_write(self, &finish.operation, failure);
}

/* ---- cancel ------------------------------------------------------------------------------------------------------ */

struct cancel {
    struct lite_operation operation;
    const struct uuid *id;
    const char *result;
    int64_t now;
};

/* Both return how many rows were changed. */
static int request_cancel(struct lite_connection *connection, const struct uuid *id, struct failure *failure)
{
    cleanup_query struct lite_query query =
        lite_query(connection, "UPDATE jobs SET cancel_requested = 1 WHERE id = ? AND status > 0 AND status < 10");
    int error;

    lite_bind_id(&query, id);
    error = lite_run(&query, failure);
    return error == 0 ? lite_changes(&query) : error;
}

static int cancel_queued(struct lite_connection *connection, const struct cancel *cancel, struct failure *failure)
{
    cleanup_query struct lite_query query = lite_query(
        connection, "UPDATE jobs SET status = 18, finished = ?, lease_until = 0 WHERE id = ? AND status = 0");
    int error;

    lite_bind_int(&query, cancel->now);
    lite_bind_id(&query, cancel->id);
    error = lite_run(&query, failure);
    return error == 0 ? lite_changes(&query) : error;
}

static int run_cancel(struct lite_connection *connection, struct lite_operation *operation, struct failure *failure)
{
    struct cancel *cancel = (struct cancel *)operation;
    int changed = cancel_queued(connection, cancel, failure);

    if (changed > 0)
        return end_with(connection, cancel->id, cancel->result, cancel->now, failure);
    if (changed == 0)
        changed = request_cancel(connection, cancel->id, failure);
    return changed == 0 ? lite_refusal(connection, cancel->id, 0, failure) : changed;
}

int lite_cancel(void *self, const struct uuid *id, const char *result, int64_t now, struct failure *failure)
{
    struct cancel cancel = {
        .operation = {.run = run_cancel, .is_durable = true}, .id = id, .result = result, .now = now};

    return lite_write(self, &cancel.operation, failure);
}

/* ---- revive ------------------------------------------------------------------------------------------------------ */

struct revive {
    struct lite_operation operation;
    const struct uuid *id;
};

static int revive_row(struct lite_connection *connection, const struct uuid *id, struct failure *failure)
{
    cleanup_query struct lite_query query =
        lite_query(connection, "UPDATE jobs SET status = 0, attempt = 0, held = 0, cancel_requested = 0, "
                               "lease_until = 0, worker = '', time_used_ms = 0, memory_used_kb = 0, published = 0, "
                               "claimed = 0, compiling = 0, running = 0, finished = 0 WHERE id = ? AND status = 19");
    int error;

    lite_bind_id(&query, id);
    error = lite_run(&query, failure);
    return error == 0 ? lite_changes(&query) : error;
}

static int delete_of(struct lite_connection *connection, const char *sql, const struct uuid *id,
                     struct failure *failure)
{
    cleanup_query struct lite_query query = lite_query(connection, sql);

    lite_bind_id(&query, id);
    return lite_run(&query, failure);
}

static int refuse_revival(struct lite_connection *connection, const struct uuid *id, struct failure *failure)
{
    cleanup_query struct lite_query query = lite_query(connection, "SELECT status FROM jobs WHERE id = ?");
    int found;

    lite_bind_id(&query, id);
    found = lite_step(&query, failure);
    if (found < 0)
        return found;
    if (found == 0)
        return fail(failure, FAIL_NOT_FOUND, "there is no such job");
    return fail(failure, FAIL_CONFLICT, "the job is %s: only one that ended as INTERNAL_ERROR is tried again",
                job_status_name((enum job_status)lite_int(&query, 0)));
}

static int run_revive(struct lite_connection *connection, struct lite_operation *operation, struct failure *failure)
{
    const struct uuid *id = ((struct revive *)operation)->id;
    int code = revive_row(connection, id, failure);

    if (code < 0)
        return code;
    if (code == 0)
        return refuse_revival(connection, id, failure);
    code = delete_of(connection, "DELETE FROM results WHERE id = ?", id, failure);
    /* Of a result that is no more nobody is to be told. */
    return code == 0 ? delete_of(connection, "DELETE FROM webhooks WHERE job = ?", id, failure) : code;
}

int lite_revive(void *self, const struct uuid *id, struct failure *failure)
{
    struct revive revive = {.operation = {.run = run_revive, .is_durable = true}, .id = id};

    return lite_write(self, &revive.operation, failure);
}
