/* SPDX-License-Identifier: MIT */
#include "store/postgres.h"

#include <string.h>

#define LIST_MAX 1000

/* In the order of POSTGRES_JOB_COLUMNS. */
enum {
    COLUMN_ID,
    COLUMN_STATUS,
    COLUMN_ATTEMPT,
    COLUMN_CANCEL,
    COLUMN_KEY,
    COLUMN_USER,
    COLUMN_LANGUAGE,
    COLUMN_WORKER,
    COLUMN_CALLBACK,
    COLUMN_TRACE,
    COLUMN_TIME,
    COLUMN_MEMORY,
    COLUMN_CREATED,
    COLUMN_PUBLISHED,
    COLUMN_CLAIMED,
    COLUMN_COMPILING,
    COLUMN_RUNNING,
    COLUMN_FINISHED,
    COLUMN_SPEC,
    COLUMN_RESULT
};

/* False without memory. */
static bool read_optional(const PGresult *result, int row, int column, char **ret_text)
{
    if (PQgetisnull(result, row, column))
        return true;
    *ret_text = postgres_text(result, row, column);
    return *ret_text != NULL;
}

struct job *postgres_job(const PGresult *result, int row, bool has_texts)
{
    cleanup_job struct job *job = calloc(1, sizeof(*job));

    if (!job)
        return NULL;
    job->id = postgres_uuid(result, row, COLUMN_ID);
    job->status = (enum job_status)postgres_i64(result, row, COLUMN_STATUS);
    job->attempt = (uint32_t)postgres_i64(result, row, COLUMN_ATTEMPT);
    job->cancel_requested = postgres_bool(result, row, COLUMN_CANCEL);
    job->key_id = postgres_text(result, row, COLUMN_KEY);
    job->user_id = postgres_text(result, row, COLUMN_USER);
    job->language = postgres_text(result, row, COLUMN_LANGUAGE);
    job->worker = postgres_text(result, row, COLUMN_WORKER);
    job->callback_url = postgres_text(result, row, COLUMN_CALLBACK);
    job->traceparent = postgres_text(result, row, COLUMN_TRACE);
    job->time_used_ms = (uint64_t)postgres_i64(result, row, COLUMN_TIME);
    job->memory_used_kb = (uint64_t)postgres_i64(result, row, COLUMN_MEMORY);
    job->times.created = postgres_i64(result, row, COLUMN_CREATED);
    job->times.published = postgres_i64(result, row, COLUMN_PUBLISHED);
    job->times.claimed = postgres_i64(result, row, COLUMN_CLAIMED);
    job->times.compiling = postgres_i64(result, row, COLUMN_COMPILING);
    job->times.running = postgres_i64(result, row, COLUMN_RUNNING);
    job->times.finished = postgres_i64(result, row, COLUMN_FINISHED);
    if (!job->key_id || !job->user_id || !job->language || !job->worker || !job->callback_url || !job->traceparent)
        return NULL;
    if (has_texts && (!read_optional(result, row, COLUMN_SPEC, &job->spec) ||
                      !read_optional(result, row, COLUMN_RESULT, &job->result)))
        return NULL;
    return steal_ptr(&job);
}

int postgres_get(void *self, const struct uuid *id, unsigned with, struct job **ret_job, struct failure *failure)
{
    static const struct postgres_statement statement = {
        "get",
        "SELECT " POSTGRES_JOB_COLUMNS
        ", CASE WHEN $2 THEN spec END, CASE WHEN $3 THEN result END FROM jobs WHERE id = $1",
        true};
    struct postgres_store *store = self;
    struct postgres_params params = {0};
    cleanup_result PGresult *result = NULL;
    struct job *job;
    int error;

    postgres_put_uuid(&params, id);
    postgres_put_bool(&params, with & STORE_WITH_SPEC);
    postgres_put_bool(&params, with & STORE_WITH_RESULT);
    error = postgres_query(store->pool, &statement, &params, &result, NULL, failure);
    if (error < 0)
        return error;
    if (PQntuples(result) == 0)
        return fail(failure, FAIL_NOT_FOUND, "there is no such job");
    job = postgres_job(result, 0, true);
    if (!job)
        return fail_nomem(failure);
    *ret_job = job;
    return 0;
}

/* ---- lists ------------------------------------------------------------------------------------------------------- */

static void add_condition(struct sn__buffer *sql, const struct postgres_params *params, const char *condition)
{
    sn__buffer_add_string(sql, params->count == 0 ? " WHERE " : " AND ");
    sn__buffer_addf(sql, condition, params->count + 1);
}

/* Not prepared: the planner is to see what is asked for, as one filter has an index and another has not. */
static void build_list(const struct store_filter *filter, struct sn__buffer *sql, struct postgres_params *params)
{
    sn__buffer_add_string(sql, "SELECT " POSTGRES_JOB_COLUMNS " FROM jobs");
    if (filter->key_id) {
        add_condition(sql, params, "key_id = $%d");
        postgres_put_text(params, filter->key_id);
    }
    if (filter->user_id) {
        add_condition(sql, params, "user_id = $%d");
        postgres_put_text(params, filter->user_id);
    }
    if (filter->language) {
        add_condition(sql, params, "language = $%d");
        postgres_put_text(params, filter->language);
    }
    if (filter->status) {
        /* Constant, so that the index of active jobs can serve; a number, so nothing to escape. */
        add_condition(sql, params, "$%d::bigint IS NOT NULL");
        postgres_put_i64(params, *filter->status);
        sn__buffer_addf(sql, " AND status = %d", (int)*filter->status);
    }
    if (!uuid_is_zero(&filter->after)) {
        add_condition(sql, params, "id < $%d");
        postgres_put_uuid(params, &filter->after);
    }
    sn__buffer_addf(sql, " ORDER BY id DESC LIMIT %zu", filter->limit < LIST_MAX ? filter->limit : LIST_MAX);
}

int postgres_list(void *self, const struct store_filter *filter, struct job ***ret_jobs, size_t *ret_count,
                  struct failure *failure)
{
    struct postgres_store *store = self;
    cleanup_buffer struct sn__buffer sql = {0};
    struct postgres_params params = {0};
    struct postgres_statement statement = {NULL, NULL, true};
    cleanup_result PGresult *result = NULL;
    struct job **jobs;
    int count;
    int error;

    build_list(filter, &sql, &params);
    if (sql.failed)
        return fail_nomem(failure);
    statement.sql = sql.data;
    error = postgres_query(store->pool, &statement, &params, &result, NULL, failure);
    if (error < 0)
        return error;
    count = PQntuples(result);
    jobs = calloc((size_t)count + 1, sizeof(struct job *));
    if (!jobs)
        return fail_nomem(failure);
    for (int i = 0; i < count; i++) {
        jobs[i] = postgres_job(result, i, false);
        if (!jobs[i]) {
            store_jobs_free(jobs, (size_t)i);
            return fail_nomem(failure);
        }
    }
    *ret_jobs = jobs;
    *ret_count = (size_t)count;
    return 0;
}

int postgres_load(void *self, struct store_load **ret_loads, size_t *ret_count, struct failure *failure)
{
    static const struct postgres_statement statement = {
        "load",
        "SELECT language, count(*) FILTER (WHERE status = 0), count(*) FILTER (WHERE status > 0)"
        " FROM jobs WHERE status < 10 GROUP BY language ORDER BY language",
        true};
    struct postgres_store *store = self;
    cleanup_result PGresult *result = NULL;
    struct store_load *loads;
    int count;
    int error = postgres_query(store->pool, &statement, NULL, &result, NULL, failure);

    if (error < 0)
        return error;
    count = PQntuples(result);
    loads = calloc((size_t)count + 1, sizeof(*loads));
    if (!loads)
        return fail_nomem(failure);
    for (int i = 0; i < count; i++) {
        postgres_copy_text(result, i, 0, loads[i].language, sizeof(loads[i].language));
        loads[i].waiting = (uint64_t)postgres_i64(result, i, 1);
        loads[i].active = (uint64_t)postgres_i64(result, i, 2);
    }
    *ret_loads = loads;
    *ret_count = (size_t)count;
    return 0;
}

/* ---- the outbox -------------------------------------------------------------------------------------------------- */

int postgres_unpublished(void *self, int64_t before, struct uuid *ret_ids, size_t max, size_t *ret_count,
                         struct failure *failure)
{
    static const struct postgres_statement statement = {
        "unpublished",
        "SELECT id FROM jobs WHERE status < 10 AND published = 0 AND created < $1 ORDER BY created, id LIMIT $2", true};
    struct postgres_store *store = self;
    struct postgres_params params = {0};
    cleanup_result PGresult *result = NULL;
    int count;
    int error;

    postgres_put_i64(&params, before);
    postgres_put_i64(&params, (int64_t)max);
    error = postgres_query(store->pool, &statement, &params, &result, NULL, failure);
    if (error < 0)
        return error;
    count = PQntuples(result);
    for (int i = 0; i < count; i++)
        ret_ids[i] = postgres_uuid(result, i, 0);
    *ret_count = (size_t)count;
    return 0;
}

int postgres_mark_published(void *self, const struct uuid *ids, size_t count, int64_t now, struct failure *failure)
{
    static const struct postgres_statement statement = {
        "mark_published", "UPDATE jobs SET published = $2 WHERE id = ANY($1) AND status < 10", true};
    struct postgres_store *store = self;
    cleanup_postgres_array struct postgres_array array = {0};
    struct postgres_params params = {0};

    if (count == 0)
        return 0;
    postgres_array_begin(&array, POSTGRES_UUID, count);
    for (size_t i = 0; i < count; i++)
        postgres_array_uuid(&array, &ids[i]);
    postgres_put_array(&params, &array);
    postgres_put_i64(&params, now);
    return postgres_query(store->pool, &statement, &params, NULL, NULL, failure);
}
