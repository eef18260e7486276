/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation. A day's jobs are a partition, made some days ahead and dropped as a whole: deleting rows would
 * cost as much as inserting them did. Both need locks that nobody else is compatible with, and who waits for such a
 * lock makes everybody wait who comes after. So these wait half a second at most, and leave the rest to the next call.
 *
 * A day can be made only while the default partition has no job of it. If it has (the service did not run for days, or
 * a clock was wrong), that day stays in the default partition, from which jobs are deleted one by one; so are the ended
 * ones of an old day in which a job is not over yet.
 */
#include "store/postgres.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define DAY_US (24LL * 3600 * 1000000)
#define DAYS_AHEAD 3
#define DELETE_MAX 5000
/* Counting a large partition takes longer than what callers wait for. */
#define RETIRE_TIMEOUT_MS 65000
#define BEGIN_PATIENT "BEGIN; SET LOCAL statement_timeout = '60s'"
#define BEGIN_BRIEF                                                                                                    \
    "BEGIN; SET LOCAL lock_timeout = '500ms'; SELECT pg_advisory_xact_lock(" POSTGRES_LOCK_PARTITIONS ")"

#define NAME_SIZE 32

/* jobs_YYYYMMDD; false beyond what four digits can say. */
static bool name_of_day(int64_t day_us, char name[NAME_SIZE])
{
    time_t seconds = (time_t)(day_us / 1000000);
    struct tm tm;

    if (day_us < 0 || !gmtime_r(&seconds, &tm) || tm.tm_year > 9999 - 1900)
        return false;
    return strftime(name, NAME_SIZE, "jobs_%Y%m%d", &tm) > 0;
}

static bool day_of_name(const char *name, int64_t *ret_day_us)
{
    struct tm tm = {0};
    const char *end = strptime(name, "jobs_%Y%m%d", &tm);

    if (!end || *end)
        return false;
    *ret_day_us = (int64_t)timegm(&tm) * 1000000;
    return true;
}

static int64_t day_start(int64_t us)
{
    return us > 0 ? us - us % DAY_US : 0;
}

/* Ends the transaction, either way. */
static int end_transaction(struct postgres_connection *connection, int error, struct failure *failure)
{
    if (error == 0)
        return postgres_script(connection, "COMMIT", failure);
    if (!connection->is_broken)
        postgres_script(connection, "ROLLBACK", NULL);
    return error;
}

/* ---- making ------------------------------------------------------------------------------------------------------ */

/* Is the day to be made: there is none, and nothing of it in the default partition? */
static int is_missing(struct postgres_connection *connection, const char *name, int64_t day_us, bool *ret_is_missing,
                      struct failure *failure)
{
    static const struct postgres_statement statement = {
        NULL, "SELECT to_regclass($1) IS NULL AND NOT EXISTS (SELECT 1 FROM jobs_default WHERE id >= $2 AND id < $3)",
        true};
    struct uuid from = uuid_of_time(day_us);
    struct uuid to = uuid_of_time(day_us + DAY_US);
    struct postgres_params params = {0};
    cleanup_result PGresult *result = NULL;
    int error;

    postgres_put_text(&params, name);
    postgres_put_uuid(&params, &from);
    postgres_put_uuid(&params, &to);
    error = postgres_run(connection, &statement, &params, &result, failure);
    if (error == 0)
        *ret_is_missing = postgres_bool(result, 0, 0);
    return error;
}

/* Attaching locks the table less than CREATE TABLE ... PARTITION OF would: readers and writers go on. */
static int make_day(struct postgres_connection *connection, const char *name, int64_t day_us, struct failure *failure)
{
    struct uuid from = uuid_of_time(day_us);
    struct uuid to = uuid_of_time(day_us + DAY_US);
    char from_text[UUID_TEXT_SIZE];
    char to_text[UUID_TEXT_SIZE];
    char sql[500];
    bool missing = false;
    int error = postgres_script(connection, BEGIN_BRIEF, failure);

    if (error == 0)
        error = is_missing(connection, name, day_us, &missing, failure);
    if (error == 0 && missing) {
        uuid_print(&from, from_text);
        uuid_print(&to, to_text);
        snprintf(sql, sizeof(sql),
                 "CREATE TABLE %s (LIKE jobs INCLUDING ALL);"
                 "ALTER TABLE jobs ATTACH PARTITION %s FOR VALUES FROM ('%s') TO ('%s')",
                 name, name, from_text, to_text);
        error = postgres_script(connection, sql, failure);
    }
    return end_transaction(connection, error, failure);
}

static int make_days(struct postgres_connection *connection, int64_t now, struct failure *failure)
{
    int first_error = 0;

    for (int i = 0; i <= DAYS_AHEAD; i++) {
        int64_t day_us = day_start(now) + i * DAY_US;
        struct failure why = {0};
        char name[NAME_SIZE];
        bool missing = false;
        int error;

        if (!name_of_day(day_us, name))
            break;
        error = is_missing(connection, name, day_us, &missing, &why);
        if (error == 0 && missing)
            error = make_day(connection, name, day_us, &why);
        if (error < 0 && first_error == 0) {
            first_error = error;
            if (failure)
                *failure = why;
        }
        if (connection->is_broken)
            break;
    }
    return first_error;
}

int postgres_partitions_make(struct postgres_pool *pool, int64_t now, struct failure *failure)
{
    struct postgres_connection *connection;
    int error = postgres_take(pool, &connection, failure);

    if (error < 0)
        return error;
    error = make_days(connection, now, failure);
    postgres_give(pool, connection);
    return error;
}

/* ---- dropping ---------------------------------------------------------------------------------------------------- */

/* Deletes what ended before; at most DELETE_MAX rows. */
static int delete_ended(struct postgres_connection *connection, const char *partition, int64_t before, size_t *count,
                        struct failure *failure)
{
    cleanup_buffer struct sn__buffer sql = {0};
    struct postgres_statement statement = {0};
    struct postgres_params params = {0};
    cleanup_result PGresult *result = NULL;
    int error;

    sn__buffer_addf(&sql,
                    "DELETE FROM %s WHERE status >= 10 AND id = ANY(ARRAY(SELECT id FROM %s WHERE status >= 10"
                    " AND finished < $1 LIMIT %d FOR UPDATE SKIP LOCKED))",
                    partition, partition, DELETE_MAX);
    if (sql.failed)
        return fail_nomem(failure);
    statement.sql = sql.data;
    postgres_put_i64(&params, before);
    error = postgres_run(connection, &statement, &params, &result, failure);
    if (error == 0)
        *count += strtoull(PQcmdTuples(result), NULL, 10);
    return error;
}

/* How many jobs it has, and whether one of them is still to be kept. */
static int judge_day(struct postgres_connection *connection, const char *name, int64_t before, size_t *ret_jobs,
                     bool *ret_is_kept, struct failure *failure)
{
    struct postgres_statement statement = {0};
    struct postgres_params params = {0};
    cleanup_result PGresult *result = NULL;
    char sql[200];
    int error;

    snprintf(sql, sizeof(sql), "SELECT count(*), count(*) FILTER (WHERE status < 10 OR finished >= $1) > 0 FROM %s",
             name);
    statement.sql = sql;
    postgres_put_i64(&params, before);
    error = postgres_run(connection, &statement, &params, &result, failure);
    if (error < 0)
        return error;
    *ret_jobs = (size_t)postgres_i64(result, 0, 0);
    *ret_is_kept = postgres_bool(result, 0, 1);
    return 0;
}

/* Once nobody else can touch it, one more look: a job of it may have been revived since it was judged. */
static int drop_day(struct postgres_connection *connection, const char *name, struct failure *failure)
{
    struct postgres_statement statement = {0};
    cleanup_result PGresult *result = NULL;
    char sql[200];
    int error = postgres_script(connection, BEGIN_BRIEF, failure);

    snprintf(sql, sizeof(sql), "LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE");
    if (error == 0)
        error = postgres_script(connection, sql, failure);
    snprintf(sql, sizeof(sql), "SELECT EXISTS (SELECT 1 FROM %s WHERE status < 10)", name);
    statement.sql = sql;
    if (error == 0)
        error = postgres_run(connection, &statement, NULL, &result, failure);
    if (error == 0 && postgres_bool(result, 0, 0))
        error = fail(failure, FAIL_CONFLICT, "a job of %s was revived", name);
    snprintf(sql, sizeof(sql), "DROP TABLE %s", name);
    if (error == 0)
        error = postgres_script(connection, sql, failure);
    return end_transaction(connection, error, failure);
}

static int retire_day(struct postgres_connection *connection, const char *name, int64_t before, size_t *count,
                      struct failure *failure)
{
    bool is_kept = false;
    size_t jobs = 0;
    int error = postgres_script(connection, BEGIN_PATIENT, failure);

    if (error == 0)
        error = judge_day(connection, name, before, &jobs, &is_kept, failure);
    if (error == 0 && is_kept)
        error = delete_ended(connection, name, before, count, failure);
    error = end_transaction(connection, error, failure);
    if (error < 0 || is_kept)
        return error;
    error = drop_day(connection, name, failure);
    if (error == 0)
        *count += jobs;
    /* Somebody has the table in use: another time. */
    return connection->is_broken ? error : 0;
}

static int retire_days(struct postgres_connection *connection, int64_t before, size_t *count, struct failure *failure)
{
    static const struct postgres_statement statement = {
        NULL,
        "SELECT relname::text FROM pg_inherits JOIN pg_class ON oid = inhrelid"
        " WHERE inhparent = 'jobs'::regclass AND relname ~ '^jobs_[0-9]{8}$' ORDER BY 1",
        true};
    cleanup_result PGresult *result = NULL;
    int error = postgres_run(connection, &statement, NULL, &result, failure);

    for (int i = 0; error == 0 && i < PQntuples(result); i++) {
        char name[NAME_SIZE];
        int64_t day_us;

        postgres_copy_text(result, i, 0, name, sizeof(name));
        if (day_of_name(name, &day_us) && day_us + DAY_US <= before)
            error = retire_day(connection, name, before, count, failure);
    }
    return error;
}

/* What belongs to jobs that are gone. */
static int retire_rest(struct postgres_connection *connection, int64_t before, struct failure *failure)
{
    static const struct postgres_statement keys = {
        NULL,
        "DELETE FROM idempotency_keys WHERE ctid = ANY(ARRAY(SELECT ctid FROM idempotency_keys WHERE created < $1"
        " LIMIT 5000))",
        true};
    static const struct postgres_statement hooks = {
        NULL, "DELETE FROM webhooks WHERE job < $1 AND NOT EXISTS (SELECT 1 FROM jobs WHERE id = job)", true};
    struct uuid bound = uuid_of_time(before);
    struct postgres_params keys_params = {0};
    struct postgres_params hooks_params = {0};
    int error;

    postgres_put_i64(&keys_params, before);
    postgres_put_uuid(&hooks_params, &bound);
    error = postgres_run(connection, &keys, &keys_params, NULL, failure);
    return error < 0 ? error : postgres_run(connection, &hooks, &hooks_params, NULL, failure);
}

int postgres_retire(void *self, int64_t before, int64_t now, size_t *ret_count, struct failure *failure)
{
    struct postgres_store *store = self;
    struct postgres_connection *connection;
    unsigned usual_ms;
    size_t count = 0;
    int error = postgres_take(store->pool, &connection, failure);

    if (error < 0)
        return error;
    usual_ms = connection->timeout_ms;
    connection->timeout_ms = RETIRE_TIMEOUT_MS;
    error = retire_days(connection, before, &count, failure);
    if (error == 0)
        error = delete_ended(connection, "jobs_default", before, &count, failure);
    if (error == 0)
        error = retire_rest(connection, before, failure);
    if (error == 0)
        error = make_days(connection, now, failure);
    connection->timeout_ms = usual_ms;
    postgres_give(store->pool, connection);
    if (error < 0)
        return error;
    *ret_count = count;
    return 0;
}
