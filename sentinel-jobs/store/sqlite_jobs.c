/* SPDX-License-Identifier: MIT */
#include "store/sqlite.h"

#include "base/buffer.h"

#include <string.h>

#define LIST_MOST 1000
#define RETIRE_MOST 1000

static bool read_strings(const struct lite_query *query, struct job *job)
{
    job->key_id = lite_text(query, 4);
    job->user_id = lite_text(query, 5);
    job->language = lite_text(query, 6);
    job->worker = lite_text(query, 7);
    job->callback_url = lite_text(query, 8);
    job->traceparent = lite_text(query, 9);
    return job->key_id && job->user_id && job->language && job->worker && job->callback_url && job->traceparent;
}

int lite_job_read(const struct lite_query *query, struct job **ret_job, struct failure *failure)
{
    struct job *job = calloc(1, sizeof(*job));
    int error;

    if (!job)
        return fail_nomem(failure);
    error = lite_id(query, 0, &job->id, failure);
    if (error == 0 && !read_strings(query, job))
        error = fail_nomem(failure);
    if (error < 0) {
        job_free(job);
        return error;
    }
    job->status = (enum job_status)lite_int(query, 1);
    job->attempt = (uint32_t)lite_int(query, 2);
    job->cancel_requested = lite_int(query, 3) != 0;
    job->time_used_ms = (uint64_t)lite_int(query, 10);
    job->memory_used_kb = (uint64_t)lite_int(query, 11);
    job->times.created = lite_int(query, 12);
    job->times.published = lite_int(query, 13);
    job->times.claimed = lite_int(query, 14);
    job->times.compiling = lite_int(query, 15);
    job->times.running = lite_int(query, 16);
    job->times.finished = lite_int(query, 17);
    *ret_job = job;
    return 0;
}

/* ---- insert ------------------------------------------------------------------------------------------------------ */

struct insert {
    struct lite_operation operation;
    const struct job *const *jobs;
    size_t count;
    const struct store_idempotency *idempotency;
    char *response;
};

static void forget_response(struct lite_operation *operation)
{
    struct insert *insert = (struct insert *)operation;

    free(steal_ptr(&insert->response));
}

/* 1: it was answered before, and the response is known. */
static int find_answer(struct lite_connection *connection, struct insert *insert, struct failure *failure)
{
    cleanup_query struct lite_query query =
        lite_query(connection, "SELECT digest = ?, response FROM idempotency WHERE key_id = ? AND key = ?");
    int found;

    lite_bind_text(&query, insert->idempotency->digest);
    lite_bind_text(&query, insert->idempotency->key_id);
    lite_bind_text(&query, insert->idempotency->key);
    found = lite_step(&query, failure);
    if (found != 1)
        return found;
    if (!lite_int(&query, 0))
        return fail(failure, FAIL_CONFLICT, "the idempotency key came with another request before");
    insert->response = lite_text(&query, 1);
    return insert->response ? 1 : fail_nomem(failure);
}

static int keep_answer(struct lite_connection *connection, const struct insert *insert, struct failure *failure)
{
    cleanup_query struct lite_query query = lite_query(
        connection, "INSERT INTO idempotency (key_id, key, digest, response, created) VALUES (?, ?, ?, ?, ?)");

    lite_bind_text(&query, insert->idempotency->key_id);
    lite_bind_text(&query, insert->idempotency->key);
    lite_bind_text(&query, insert->idempotency->digest);
    lite_bind_text(&query, insert->idempotency->response);
    lite_bind_int(&query, insert->count > 0 ? insert->jobs[0]->times.created : 0);
    return lite_run(&query, failure);
}

static int insert_row(struct lite_connection *connection, const struct job *job, struct failure *failure)
{
    cleanup_query struct lite_query query =
        lite_query(connection, "INSERT INTO jobs (id, status, attempt, held, cancel_requested, lease_until, key_id, "
                               "user_id, language, worker, callback_url, traceparent, time_used_ms, memory_used_kb, "
                               "created, published, claimed, compiling, running, finished) "
                               "VALUES (?, 0, 0, 0, 0, 0, ?, ?, ?, '', ?, ?, 0, 0, ?, 0, 0, 0, 0, 0)");

    lite_bind_id(&query, &job->id);
    lite_bind_text(&query, job->key_id);
    lite_bind_text(&query, job->user_id);
    lite_bind_text(&query, job->language);
    lite_bind_text(&query, job->callback_url);
    lite_bind_text(&query, job->traceparent);
    lite_bind_int(&query, job->times.created);
    return lite_run(&query, failure);
}

static int insert_spec(struct lite_connection *connection, const struct job *job, struct failure *failure)
{
    cleanup_query struct lite_query query = lite_query(connection, "INSERT INTO specs (id, spec) VALUES (?, ?)");

    lite_bind_id(&query, &job->id);
    lite_bind_text(&query, job->spec);
    return lite_run(&query, failure);
}

static int run_insert(struct lite_connection *connection, struct lite_operation *operation, struct failure *failure)
{
    struct insert *insert = (struct insert *)operation;
    int error = insert->idempotency ? find_answer(connection, insert, failure) : 0;

    if (error != 0)
        return error;
    for (size_t i = 0; error == 0 && i < insert->count; i++) {
        error = insert_row(connection, insert->jobs[i], failure);
        if (error == 0)
            error = insert_spec(connection, insert->jobs[i], failure);
    }
    return error == 0 && insert->idempotency ? keep_answer(connection, insert, failure) : error;
}

int lite_insert(void *self, const struct job *const *jobs, size_t count, const struct store_idempotency *idempotency,
                char **ret_response, struct failure *failure)
{
    struct insert insert = {.operation = {.run = run_insert, .undo = forget_response, .is_durable = true},
                            .jobs = jobs,
                            .count = count,
                            .idempotency = idempotency};
    int code = lite_write(self, &insert.operation, failure);

    if (code == 1 && ret_response)
        *ret_response = steal_ptr(&insert.response);
    free(insert.response);
    return code;
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

/* One statement, so that what it reads of several tables is of one moment. */
static int get_from(struct lite_connection *connection, const struct uuid *id, unsigned with, struct job **ret_job,
                    struct failure *failure)
{
    cleanup_query struct lite_query query =
        lite_query(connection, "SELECT " LITE_JOB ", CASE WHEN ? THEN (SELECT spec FROM specs WHERE id = j.id) END, "
                               "CASE WHEN ? THEN (SELECT result FROM results WHERE id = j.id) END "
                               "FROM jobs j WHERE j.id = ?");
    cleanup_job struct job *job = NULL;
    int found;

    lite_bind_int(&query, (with & STORE_WITH_SPEC) != 0);
    lite_bind_int(&query, (with & STORE_WITH_RESULT) != 0);
    lite_bind_id(&query, id);
    found = lite_step(&query, failure);
    if (found < 0)
        return found;
    if (found == 0)
        return fail(failure, FAIL_NOT_FOUND, "there is no such job");
    found = lite_job_read(&query, &job, failure);
    if (found < 0)
        return found;
    if (sqlite3_column_type(query.statement, LITE_JOB_COLUMNS) != SQLITE_NULL) {
        job->spec = lite_text(&query, LITE_JOB_COLUMNS);
        if (!job->spec)
            return fail_nomem(failure);
    }
    if (sqlite3_column_type(query.statement, LITE_JOB_COLUMNS + 1) != SQLITE_NULL) {
        job->result = lite_text(&query, LITE_JOB_COLUMNS + 1);
        if (!job->result)
            return fail_nomem(failure);
    }
    *ret_job = steal_ptr(&job);
    return 0;
}

int lite_get(void *self, const struct uuid *id, unsigned with, struct job **ret_job, struct failure *failure)
{
    struct lite_connection *connection = lite_borrow(self);
    int error = get_from(connection, id, with, ret_job, failure);

    lite_give_back(self, connection);
    return error;
}

/* The statement for those fields that a filter has: with fewer conditions SQLite finds the index for them. */
static struct lite_query list_query(struct lite_connection *connection, const struct store_filter *filter)
{
    bool has_after = !uuid_is_zero(&filter->after);
    unsigned fields = (filter->key_id ? 1U : 0) | (filter->user_id ? 2U : 0) | (filter->language ? 4U : 0) |
                      (filter->status ? 8U : 0) | (has_after ? 16U : 0);
    struct lite_query query = {.connection = connection, .statement = connection->lists[fields]};

    if (!query.statement) {
        char sql[700];

        snprintf(sql, sizeof(sql), "SELECT " LITE_JOB " FROM jobs j WHERE 1%s%s%s%s%s ORDER BY j.id DESC LIMIT ?",
                 filter->key_id ? " AND j.key_id = ?" : "", filter->user_id ? " AND j.user_id = ?" : "",
                 filter->language ? " AND j.language = ?" : "", filter->status ? " AND j.status = ?" : "",
                 has_after ? " AND j.id < ?" : "");
        query.code = sqlite3_prepare_v3(connection->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &query.statement, NULL);
        connection->lists[fields] = query.statement;
    }
    if (filter->key_id)
        lite_bind_text(&query, filter->key_id);
    if (filter->user_id)
        lite_bind_text(&query, filter->user_id);
    if (filter->language)
        lite_bind_text(&query, filter->language);
    if (filter->status)
        lite_bind_int(&query, *filter->status);
    if (has_after)
        lite_bind_id(&query, &filter->after);
    lite_bind_int(&query, (int64_t)(filter->limit < LIST_MOST ? filter->limit : LIST_MOST));
    return query;
}

static int list_from(struct lite_connection *connection, const struct store_filter *filter, struct sn__buffer *jobs,
                     struct failure *failure)
{
    cleanup_query struct lite_query query = list_query(connection, filter);
    int found;

    while ((found = lite_step(&query, failure)) == 1) {
        struct job *job;
        int error = lite_job_read(&query, &job, failure);

        if (error < 0)
            return error;
        sn__buffer_add(jobs, &job, sizeof(job));
        if (jobs->failed) {
            job_free(job);
            return fail_nomem(failure);
        }
    }
    return found;
}

int lite_list(void *self, const struct store_filter *filter, struct job ***ret_jobs, size_t *ret_count,
              struct failure *failure)
{
    struct lite_connection *connection = lite_borrow(self);
    struct sn__buffer jobs = {0};
    int error = list_from(connection, filter, &jobs, failure);

    lite_give_back(self, connection);
    if (error < 0) {
        store_jobs_free((struct job **)jobs.data, jobs.length / sizeof(struct job *));
        return error;
    }
    *ret_count = jobs.length / sizeof(struct job *);
    *ret_jobs = (struct job **)jobs.data;
    return 0;
}

static int load_from(struct lite_connection *connection, struct sn__buffer *loads, struct failure *failure)
{
    cleanup_query struct lite_query query =
        lite_query(connection, "SELECT language, count(*) FILTER (WHERE status = 0), count(*) FILTER (WHERE status > 0)"
                               " FROM jobs WHERE status < 10 GROUP BY language");
    int found;

    while ((found = lite_step(&query, failure)) == 1) {
        struct store_load load = {.waiting = (uint64_t)lite_int(&query, 1), .active = (uint64_t)lite_int(&query, 2)};

        lite_text_into(&query, 0, load.language, sizeof(load.language));
        sn__buffer_add(loads, &load, sizeof(load));
    }
    return found == 0 && loads->failed ? fail_nomem(failure) : found;
}

int lite_load(void *self, struct store_load **ret_loads, size_t *ret_count, struct failure *failure)
{
    struct lite_connection *connection = lite_borrow(self);
    cleanup_buffer struct sn__buffer loads = {0};
    int error = load_from(connection, &loads, failure);

    lite_give_back(self, connection);
    if (error < 0)
        return error;
    *ret_count = loads.length / sizeof(struct store_load);
    *ret_loads = (struct store_load *)steal_ptr(&loads.data);
    return 0;
}

/* ---- the end of keeping ------------------------------------------------------------------------------------------ */

struct retire {
    struct lite_operation operation;
    int64_t before;
    size_t count;
};

#define OLD "(SELECT id FROM jobs WHERE status >= 10 AND finished < ? ORDER BY finished, id LIMIT ?)"

static int delete_old(struct lite_connection *connection, const char *sql, int64_t before, size_t *ret_count,
                      struct failure *failure)
{
    cleanup_query struct lite_query query = lite_query(connection, sql);
    int error;

    lite_bind_int(&query, before);
    lite_bind_int(&query, RETIRE_MOST);
    error = lite_run(&query, failure);
    if (error == 0)
        *ret_count = (size_t)lite_changes(&query);
    return error;
}

/* The jobs last: it is by them that the others are found. */
static int run_retire(struct lite_connection *connection, struct lite_operation *operation, struct failure *failure)
{
    static const char *const texts[] = {
        "DELETE FROM idempotency WHERE (key_id, key) IN "
        "(SELECT key_id, key FROM idempotency WHERE created < ? ORDER BY created LIMIT ?)",
        "DELETE FROM webhooks WHERE job IN " OLD,
        "DELETE FROM specs WHERE id IN " OLD,
        "DELETE FROM results WHERE id IN " OLD,
        "DELETE FROM jobs WHERE id IN " OLD,
    };
    struct retire *retire = (struct retire *)operation;
    int error = 0;

    for (size_t i = 0; error == 0 && i < SN_ARRAY_SIZE(texts); i++)
        error = delete_old(connection, texts[i], retire->before, &retire->count, failure);
    return error;
}

int lite_retire(void *self, int64_t before, int64_t now, size_t *ret_count, struct failure *failure)
{
    struct retire retire = {.operation = {.run = run_retire}, .before = before};
    int error = lite_write(self, &retire.operation, failure);

    (void)now; /* one file needs no room made for it */
    if (error == 0)
        *ret_count = retire.count;
    return error;
}
