/* SPDX-License-Identifier: MIT */
#include "queue/sqlite_file.h"

#include "base/cleanup.h"

#include <stdio.h>
#include <string.h>

#define SCHEMA_VERSION 1
/* Longer than any transaction of ours takes, a checkpoint's fsync on a slow disk included. */
#define BUSY_MS 3000

/*
 * A message that is taken stays in its place: the first that is not taken is found by passing over at most as many
 * rows as may be taken at once, so the table needs no second index, which each publication would have to keep.
 */
static const char schema[] = "CREATE TABLE IF NOT EXISTS messages("
                             " id INTEGER PRIMARY KEY,"
                             " job BLOB NOT NULL,"
                             " traceparent TEXT NOT NULL,"
                             " deliveries INTEGER NOT NULL DEFAULT 0,"
                             " taken INTEGER NOT NULL DEFAULT 0);"
                             "CREATE TABLE IF NOT EXISTS dead_letters("
                             " id INTEGER PRIMARY KEY,"
                             " job BLOB NOT NULL,"
                             " at INTEGER NOT NULL,"
                             " reason TEXT NOT NULL);";

static const char *const statement_texts[STATEMENT_COUNT] = {
    [STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
    [STATEMENT_COMMIT] = "COMMIT",
    [STATEMENT_ROLLBACK] = "ROLLBACK",
    [STATEMENT_PUBLISH] = "INSERT INTO messages(job, traceparent) VALUES(?1, ?2)",
    [STATEMENT_TAKE] = "UPDATE messages SET taken = 1, deliveries = deliveries + 1"
                       " WHERE id = (SELECT id FROM messages WHERE taken = 0 ORDER BY id LIMIT 1)"
                       " RETURNING id, job, traceparent, deliveries",
    [STATEMENT_DONE] = "DELETE FROM messages WHERE id = ?1",
    [STATEMENT_AGAIN] = "UPDATE messages SET taken = 0 WHERE id = ?1",
    [STATEMENT_BURY] = "INSERT INTO dead_letters(job, at, reason) SELECT job, ?1, ?2 FROM messages WHERE id = ?3",
    [STATEMENT_DEPTH] = "SELECT count(*), coalesce(sum(taken), 0), (SELECT count(*) FROM dead_letters) FROM messages",
    [STATEMENT_CHANGED] = "PRAGMA data_version",
    [STATEMENT_DEAD_LIST] = "SELECT job, at, reason FROM dead_letters ORDER BY id LIMIT ?1",
    [STATEMENT_DEAD_TAKE] = "DELETE FROM dead_letters WHERE id = (SELECT id FROM dead_letters"
                            " WHERE ?1 IS NULL OR job = ?1 ORDER BY id LIMIT 1) RETURNING job, at, reason",
    [STATEMENT_DEAD_PURGE] = "DELETE FROM dead_letters",
};

static int code_of(int status)
{
    switch (status & 0xff) {
    case SQLITE_NOMEM:
        return FAIL_NOMEM;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_IOERR:
    case SQLITE_FULL:
    case SQLITE_PROTOCOL:
        return FAIL_UNAVAILABLE;
    default:
        return FAIL_INTERNAL;
    }
}

int queue_file_fail(struct queue_file *file, struct failure *failure)
{
    int code;

    if (!file->db)
        return fail_nomem(failure);
    code = code_of(sqlite3_errcode(file->db));
    file->has_failed = file->has_failed || code == FAIL_UNAVAILABLE;
    return fail(failure, code, "the queue's file: %s", sqlite3_errmsg(file->db));
}

static int run_text(struct queue_file *file, const char *text, struct failure *failure)
{
    if (sqlite3_exec(file->db, text, NULL, NULL, NULL) != SQLITE_OK)
        return queue_file_fail(file, failure);
    return 0;
}

static int read_version(struct queue_file *file, int *ret_version, struct failure *failure)
{
    sqlite3_stmt *statement = NULL;
    int error = 0;

    if (sqlite3_prepare_v2(file->db, "PRAGMA user_version", -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW)
        error = queue_file_fail(file, failure);
    else
        *ret_version = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return error;
}

/* In a commit of its own, which a number that stays the same has, too. */
static int set_version(struct queue_file *file, struct failure *failure)
{
    char pragma[60];

    snprintf(pragma, sizeof(pragma), "PRAGMA user_version = %d", SCHEMA_VERSION);
    return run_text(file, pragma, failure);
}

int queue_file_probe(struct queue_file *file, struct failure *failure)
{
    int error = file->has_failed ? set_version(file, failure) : 0;

    if (error == 0)
        file->has_failed = false;
    return error;
}

static int make_schema(struct queue_file *file, struct failure *failure)
{
    int version = 0;
    int error;

    error = read_version(file, &version, failure);
    if (error < 0 || version == SCHEMA_VERSION)
        return error;
    if (version > SCHEMA_VERSION)
        return fail(failure, FAIL_INVALID, "the queue's file is of format %d, made by a later Sentinel", version);
    error = run_text(file, "BEGIN IMMEDIATE", failure);
    if (error == 0)
        error = run_text(file, schema, failure);
    if (error == 0)
        error = set_version(file, failure);
    if (error == 0)
        error = run_text(file, "COMMIT", failure);
    return error;
}

int queue_file_open(struct queue_file *file, const char *path, struct failure *failure)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int error;

    *file = (struct queue_file){0};
    if (sqlite3_open_v2(path, &file->db, flags, NULL) != SQLITE_OK)
        return queue_file_fail(file, failure);
    sqlite3_busy_timeout(file->db, BUSY_MS);
    /* What a power cut takes, the outbox publishes again: so no fsync for each commit. */
    error = run_text(file, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL", failure);
    if (error < 0)
        return error;
    return make_schema(file, failure);
}

void queue_file_close(struct queue_file *file)
{
    for (size_t i = 0; i < SN_ARRAY_SIZE(file->statements); i++)
        sqlite3_finalize(file->statements[i]);
    sqlite3_close(file->db);
    *file = (struct queue_file){0};
}

sqlite3_stmt *queue_file_statement(struct queue_file *file, enum queue_statement which, struct failure *failure)
{
    if (!file->statements[which] && sqlite3_prepare_v3(file->db, statement_texts[which], -1, SQLITE_PREPARE_PERSISTENT,
                                                       &file->statements[which], NULL) != SQLITE_OK)
        queue_file_fail(file, failure);
    return file->statements[which];
}

int queue_file_finish(struct queue_file *file, sqlite3_stmt *statement, struct failure *failure)
{
    int status;
    int error = 0;

    do
        status = sqlite3_step(statement);
    while (status == SQLITE_ROW);
    if (status != SQLITE_DONE)
        error = queue_file_fail(file, failure);
    sqlite3_reset(statement);
    return error;
}

int queue_file_run(struct queue_file *file, enum queue_statement which, struct failure *failure)
{
    sqlite3_stmt *statement = queue_file_statement(file, which, failure);

    if (!statement)
        return queue_file_fail(file, failure);
    return queue_file_finish(file, statement, failure);
}

/* Ends a transaction by what came of it; a failed COMMIT is rolled back, for a busy one stays open. */
static int end_transaction(struct queue_file *file, int error, struct failure *failure)
{
    if (error == 0)
        error = queue_file_run(file, STATEMENT_COMMIT, failure);
    if (error < 0)
        queue_file_run(file, STATEMENT_ROLLBACK, NULL);
    return error;
}

static int recover_rows(struct queue_file *file, unsigned limit, int64_t now, struct failure *failure)
{
    char *text = sqlite3_mprintf("INSERT INTO dead_letters(job, at, reason)"
                                 " SELECT job, %lld, 'delivery_limit' FROM messages WHERE deliveries >= %u ORDER BY id;"
                                 "DELETE FROM messages WHERE deliveries >= %u;"
                                 "UPDATE messages SET taken = 0 WHERE taken = 1",
                                 (long long)now, limit, limit);
    int error;

    if (!text)
        return fail_nomem(failure);
    error = run_text(file, text, failure);
    sqlite3_free(text);
    return error;
}

int queue_file_recover(struct queue_file *file, unsigned limit, int64_t now, struct failure *failure)
{
    int error = queue_file_run(file, STATEMENT_BEGIN, failure);

    if (error < 0)
        return error;
    return end_transaction(file, recover_rows(file, limit, now, failure), failure);
}

static int bury_rows(struct queue_file *file, int64_t id, int64_t now, const char *reason, struct failure *failure)
{
    sqlite3_stmt *bury = queue_file_statement(file, STATEMENT_BURY, failure);
    sqlite3_stmt *done = queue_file_statement(file, STATEMENT_DONE, failure);
    int error;

    if (!bury || !done)
        return queue_file_fail(file, failure);
    sqlite3_bind_int64(bury, 1, now);
    if (sqlite3_bind_text(bury, 2, reason, -1, SQLITE_TRANSIENT) != SQLITE_OK)
        return queue_file_fail(file, failure);
    sqlite3_bind_int64(bury, 3, id);
    error = queue_file_finish(file, bury, failure);
    if (error < 0)
        return error;
    sqlite3_bind_int64(done, 1, id);
    return queue_file_finish(file, done, failure);
}

int queue_file_bury(struct queue_file *file, int64_t id, int64_t now, const char *reason, struct failure *failure)
{
    int error = queue_file_run(file, STATEMENT_BEGIN, failure);

    if (error < 0)
        return error;
    return end_transaction(file, bury_rows(file, id, now, reason, failure), failure);
}

void queue_file_letter(sqlite3_stmt *row, struct dead_letter *ret_letter)
{
    const char *reason = (const char *)sqlite3_column_text(row, 2);

    *ret_letter = (struct dead_letter){.at = sqlite3_column_int64(row, 1)};
    if (sqlite3_column_bytes(row, 0) == sizeof(ret_letter->job.bytes))
        memcpy(ret_letter->job.bytes, sqlite3_column_blob(row, 0), sizeof(ret_letter->job.bytes));
    snprintf(ret_letter->reason, sizeof(ret_letter->reason), "%s", reason ? reason : "");
}
