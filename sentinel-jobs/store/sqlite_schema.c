/* SPDX-License-Identifier: MIT */
#include "store/sqlite.h"

#include "base/cleanup.h"

/*
 * Theory of operation. The schema's version is the file's own (PRAGMA user_version). Step N leads from version N - 1 to
 * N, and back. All steps of a migration are one transaction, in which the version is read once more: of two processes
 * that want the same, the second finds it done. Steps that a released program knew are never changed: what is new is a
 * new step.
 *
 * A status below 10 is that of a job that is not over (job/status.h). Small rows that change often are apart from the
 * large texts that do not: SQLite rewrites a row as a whole.
 */

static const struct {
    const char *up;
    const char *down;
} steps[] = {
    {
        /* 1: jobs. `held` is 0 when nobody has the latest attempt: before the first and after it was given back. */
        .up = "PRAGMA application_id = 0x534a5354;"
              "CREATE TABLE jobs ("
              "  id BLOB NOT NULL PRIMARY KEY,"
              "  status INTEGER NOT NULL,"
              "  attempt INTEGER NOT NULL,"
              "  held INTEGER NOT NULL,"
              "  cancel_requested INTEGER NOT NULL,"
              "  lease_until INTEGER NOT NULL," /* 0: no lease */
              "  key_id TEXT NOT NULL,"
              "  user_id TEXT NOT NULL,"
              "  language TEXT NOT NULL,"
              "  worker TEXT NOT NULL,"
              "  callback_url TEXT NOT NULL,"
              "  traceparent TEXT NOT NULL,"
              "  time_used_ms INTEGER NOT NULL,"
              "  memory_used_kb INTEGER NOT NULL,"
              "  created INTEGER NOT NULL,"
              "  published INTEGER NOT NULL,"
              "  claimed INTEGER NOT NULL,"
              "  compiling INTEGER NOT NULL,"
              "  running INTEGER NOT NULL,"
              "  finished INTEGER NOT NULL"
              ") WITHOUT ROWID;"
              "CREATE INDEX jobs_by_key ON jobs (key_id, id DESC);"
              "CREATE INDEX jobs_by_user ON jobs (user_id, id DESC);"
              "CREATE INDEX jobs_live ON jobs (language, status) WHERE status < 10;"
              "CREATE INDEX jobs_outbox ON jobs (id, created) WHERE published = 0 AND status < 10;"
              "CREATE INDEX jobs_leased ON jobs (lease_until) WHERE lease_until > 0;"
              "CREATE INDEX jobs_ended ON jobs (finished) WHERE status >= 10;"
              "CREATE TABLE specs (id BLOB NOT NULL PRIMARY KEY, spec TEXT NOT NULL);"
              "CREATE TABLE results (id BLOB NOT NULL PRIMARY KEY, result TEXT NOT NULL);"
              "CREATE TABLE idempotency ("
              "  key_id TEXT NOT NULL,"
              "  key TEXT NOT NULL,"
              "  digest TEXT NOT NULL,"
              "  response TEXT NOT NULL,"
              "  created INTEGER NOT NULL,"
              "  PRIMARY KEY (key_id, key)"
              ") WITHOUT ROWID;"
              "CREATE INDEX idempotency_by_age ON idempotency (created);",
        .down = "DROP TABLE idempotency; DROP TABLE results; DROP TABLE specs; DROP TABLE jobs;",
    },
    {
        /* 2: who may use the service, and who works for it */
        .up = "CREATE TABLE api_keys ("
              "  id TEXT NOT NULL PRIMARY KEY,"
              "  name TEXT NOT NULL,"
              "  hash BLOB NOT NULL UNIQUE,"
              "  scopes INTEGER NOT NULL,"
              "  per_minute INTEGER NOT NULL,"
              "  created INTEGER NOT NULL,"
              "  revoked INTEGER NOT NULL"
              ") WITHOUT ROWID;"
              "CREATE TABLE workers ("
              "  name TEXT NOT NULL PRIMARY KEY,"
              "  beat INTEGER NOT NULL,"
              "  slots INTEGER NOT NULL,"
              "  active INTEGER NOT NULL,"
              "  report TEXT NOT NULL"
              ") WITHOUT ROWID;",
        .down = "DROP TABLE workers; DROP TABLE api_keys;",
    },
    {
        /* 3: results that are to be delivered; what was delivered or given up stays as long as its job */
        .up = "CREATE TABLE webhooks ("
              "  job BLOB NOT NULL PRIMARY KEY,"
              "  url TEXT NOT NULL,"
              "  due INTEGER NOT NULL,"
              "  attempt INTEGER NOT NULL,"
              "  is_done INTEGER NOT NULL,"
              "  error TEXT NOT NULL"
              ") WITHOUT ROWID;"
              "CREATE INDEX webhooks_due ON webhooks (due) WHERE is_done = 0;",
        .down = "DROP TABLE webhooks;",
    },
};

unsigned lite_schema_known(void)
{
    return SN_ARRAY_SIZE(steps);
}

static int read_number(struct lite_connection *connection, const char *sql, int64_t *ret_number,
                       struct failure *failure)
{
    cleanup_query struct lite_query query = lite_query(connection, sql);
    int found = lite_step(&query, failure);

    if (found < 0)
        return found;
    *ret_number = found ? lite_int(&query, 0) : 0;
    return 0;
}

int lite_schema_present(struct lite_connection *connection, unsigned *ret_version, struct failure *failure)
{
    int64_t version;
    int64_t application = 0;
    int64_t tables = 0;
    int error = read_number(connection, "PRAGMA user_version", &version, failure);

    /* In this order: whoever makes the database meanwhile commits tables and mark together. */
    if (error == 0)
        error = read_number(connection, "SELECT count(*) FROM sqlite_schema", &tables, failure);
    if (error == 0)
        error = read_number(connection, "PRAGMA application_id", &application, failure);
    if (error < 0)
        return error;
    if (tables > 0 && application != LITE_APPLICATION_ID)
        return fail(failure, FAIL_CONFLICT, "the database file is another program's");
    *ret_version = (unsigned)version;
    return 0;
}

static int refuse_newer(unsigned present, struct failure *failure)
{
    return fail(failure, FAIL_CONFLICT,
                "the database has schema version %u, and this program knows none newer than %u: it needs a newer "
                "program",
                present, lite_schema_known());
}

static int set_version(struct lite_connection *connection, unsigned version, struct failure *failure)
{
    char sql[60];

    snprintf(sql, sizeof(sql), "PRAGMA user_version = %u", version);
    return lite_exec(connection, sql, failure);
}

static int take_steps(struct lite_connection *connection, unsigned version, struct failure *failure)
{
    unsigned present;
    int error = lite_schema_present(connection, &present, failure);

    if (error == 0 && present > lite_schema_known())
        error = refuse_newer(present, failure);
    while (error == 0 && present < version)
        error = lite_exec(connection, steps[present++].up, failure);
    while (error == 0 && present > version)
        error = lite_exec(connection, steps[--present].down, failure);
    return error == 0 ? set_version(connection, version, failure) : error;
}

int lite_schema_migrate(struct lite_connection *connection, unsigned version, struct failure *failure)
{
    int error;

    if (version == STORE_NEWEST)
        version = lite_schema_known();
    if (version > lite_schema_known())
        return fail(failure, FAIL_INVALID, "there is no schema version %u: the newest is %u", version,
                    lite_schema_known());
    error = lite_exec(connection, "BEGIN IMMEDIATE", failure);
    if (error == 0)
        error = take_steps(connection, version, failure);
    if (error == 0)
        error = lite_exec(connection, "COMMIT", failure);
    if (error < 0 && !sqlite3_get_autocommit(connection->db))
        lite_exec(connection, "ROLLBACK", NULL);
    return error;
}

int lite_schema_check(struct lite_connection *connection, bool may_migrate, struct failure *failure)
{
    unsigned known = lite_schema_known();
    unsigned present;
    int error = lite_schema_present(connection, &present, failure);

    if (error < 0 || present == known)
        return error;
    if (present > known)
        return refuse_newer(present, failure);
    if (may_migrate)
        return lite_schema_migrate(connection, STORE_NEWEST, failure);
    return fail(failure, FAIL_CONFLICT, "the database has schema version %u, and this program needs %u: migrate it",
                present, known);
}
