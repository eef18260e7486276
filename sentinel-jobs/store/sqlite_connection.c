/* SPDX-License-Identifier: MIT */
#include "store/sqlite.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <limits.h>
#include <string.h>

/* How long another process may hold the lock before a caller is told so. */
#define BUSY_NS (15ULL * 1000000000U)

/*
 * SQLite's own timeout sleeps up to 100 ms between tries. A writer that commits group after group leaves the lock free
 * for microseconds only, and a second process would starve beside it: so this one looks more often.
 */
static int wait_for_lock(void *arg, int count)
{
    struct lite_connection *connection = arg;
    struct timespec pause = {.tv_nsec = count < 5 ? 200000 : 1500000};
    uint64_t now = sn__now_ns();

    if (count == 0)
        connection->busy_since_ns = now;
    if (now - connection->busy_since_ns > BUSY_NS)
        return 0;
    nanosleep(&pause, NULL);
    return 1;
}

int lite_fail(sqlite3 *db, int code, struct failure *failure)
{
    const char *message = db ? sqlite3_errmsg(db) : sqlite3_errstr(code);

    switch (code & 0xff) {
    case SQLITE_NOMEM:
        return fail_nomem(failure);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return fail(failure, FAIL_UNAVAILABLE, "the database file is locked by another process");
    case SQLITE_FULL:
        return fail(failure, FAIL_UNAVAILABLE, "the database cannot grow: %s", message);
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_PROTOCOL:
    case SQLITE_NOLFS:
        if (db && sqlite3_system_errno(db) != 0)
            return fail(failure, FAIL_UNAVAILABLE, "the database file cannot be used: %s (%s)", message,
                        strerrordesc_np(sqlite3_system_errno(db)));
        return fail(failure, FAIL_UNAVAILABLE, "the database file cannot be used: %s", message);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return fail(failure, FAIL_INTERNAL, "the database file is damaged, or is none: %s", message);
    case SQLITE_CONSTRAINT:
        return fail(failure, FAIL_CONFLICT, "there is one already: %s", message);
    case SQLITE_TOOBIG:
        return fail(failure, FAIL_LIMIT, "a text is larger than the database can keep");
    default:
        return fail(failure, FAIL_INTERNAL, "SQLite says: %s (%d)", message, code);
    }
}

int lite_exec(struct lite_connection *connection, const char *sql, struct failure *failure)
{
    int code = sqlite3_exec(connection->db, sql, NULL, NULL, NULL);

    return code == SQLITE_OK ? 0 : lite_fail(connection->db, code, failure);
}

/* Where the log's index cannot be shared memory, SQLite keeps another mode and calls that no error. */
static int must_have_wal(struct lite_connection *connection, struct failure *failure)
{
    cleanup_query struct lite_query query = lite_query(connection, "PRAGMA journal_mode");
    char mode[16] = "";
    int found = lite_step(&query, failure);

    if (found < 0)
        return found;
    if (found == 1)
        lite_text_into(&query, 0, mode, sizeof(mode));
    return strcmp(mode, "wal") == 0 ? 0 : fail(failure, FAIL_UNAVAILABLE, "the database's file system cannot do WAL");
}

/*
 * The change of a new file to WAL takes an exclusive lock for which SQLite does not always ask the busy handler: two
 * processes that make the file at the same time would get in each other's way.
 */
static int use_wal(struct lite_connection *connection, struct failure *failure)
{
    int tries = 0;
    int code;

    connection->busy_since_ns = sn__now_ns();
    do
        code = sqlite3_exec(connection->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
    while ((code & 0xff) == SQLITE_BUSY && wait_for_lock(connection, ++tries));
    return code == SQLITE_OK ? must_have_wal(connection, failure) : lite_fail(connection->db, code, failure);
}

int lite_connect(const char *path, struct lite_connection *connection, struct failure *failure)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    unsigned version;
    int code;
    int error;

    *connection = (struct lite_connection){0};
    code = sqlite3_open_v2(path, &connection->db, flags, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_busy_handler(connection->db, wait_for_lock, connection);
    if (code != SQLITE_OK) {
        error = lite_fail(connection->db, code, failure);
        lite_disconnect(connection);
        return error;
    }
    /* Before anything is changed: it may be another program's. */
    error = lite_schema_present(connection, &version, failure);
    if (error == 0)
        error = use_wal(connection, failure);
    if (error == 0)
        error = lite_exec(connection,
                          "PRAGMA synchronous = FULL; PRAGMA secure_delete = FAST; PRAGMA cache_size = -8000;"
                          "PRAGMA journal_size_limit = 67108864",
                          failure);
    if (error < 0)
        lite_disconnect(connection);
    return error;
}

void lite_disconnect(struct lite_connection *connection)
{
    for (size_t i = 0; i < connection->cached; i++)
        sqlite3_finalize(connection->cache[i].statement);
    for (size_t i = 0; i < LITE_LISTS; i++)
        sqlite3_finalize(connection->lists[i]);
    sqlite3_close(connection->db);
    *connection = (struct lite_connection){0};
}

struct lite_query lite_query(struct lite_connection *connection, const char *sql)
{
    struct lite_query query = {.connection = connection};
    size_t i = 0;

    while (i < connection->cached && connection->cache[i].sql != sql)
        i++;
    if (i < connection->cached) {
        query.statement = connection->cache[i].statement;
        return query;
    }
    if (i == LITE_STATEMENTS) {
        query.code = SQLITE_INTERNAL;
        return query;
    }
    query.code = sqlite3_prepare_v3(connection->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &query.statement, NULL);
    if (query.code == SQLITE_OK) {
        connection->cache[i].sql = sql;
        connection->cache[i].statement = query.statement;
        connection->cached++;
    }
    return query;
}

void lite_bind_id(struct lite_query *query, const struct uuid *id)
{
    if (query->code == SQLITE_OK)
        query->code =
            sqlite3_bind_blob(query->statement, ++query->bound, id->bytes, (int)sizeof(id->bytes), SQLITE_STATIC);
}

void lite_bind_hash(struct lite_query *query, const uint8_t hash[32])
{
    if (query->code == SQLITE_OK)
        query->code = sqlite3_bind_blob(query->statement, ++query->bound, hash, 32, SQLITE_STATIC);
}

void lite_bind_int(struct lite_query *query, int64_t number)
{
    if (query->code == SQLITE_OK)
        query->code = sqlite3_bind_int64(query->statement, ++query->bound, number);
}

void lite_bind_text(struct lite_query *query, const char *text)
{
    if (query->code == SQLITE_OK)
        query->code = sqlite3_bind_text64(query->statement, ++query->bound, text ? text : "", text ? strlen(text) : 0,
                                          SQLITE_STATIC, SQLITE_UTF8);
}

int lite_step(struct lite_query *query, struct failure *failure)
{
    if (query->code == SQLITE_OK || query->code == SQLITE_ROW)
        query->code = sqlite3_step(query->statement);
    if (query->code == SQLITE_ROW)
        return 1;
    if (query->code == SQLITE_DONE)
        return 0;
    return lite_fail(query->connection->db, query->code, failure);
}

int lite_run(struct lite_query *query, struct failure *failure)
{
    int code;

    do
        code = lite_step(query, failure);
    while (code == 1);
    return code;
}

int lite_changes(const struct lite_query *query)
{
    return sqlite3_changes(query->connection->db);
}

void lite_query_end(struct lite_query *query)
{
    if (!query->statement)
        return;
    /* Both return the error of the last step again, which was told. */
    sqlite3_reset(query->statement);
    sqlite3_clear_bindings(query->statement);
}

int64_t lite_int(const struct lite_query *query, int column)
{
    return sqlite3_column_int64(query->statement, column);
}

char *lite_text(const struct lite_query *query, int column)
{
    const char *text = (const char *)sqlite3_column_text(query->statement, column);

    if (!text && sqlite3_column_type(query->statement, column) != SQLITE_NULL)
        return NULL;
    return strdup(text ? text : "");
}

void lite_text_into(const struct lite_query *query, int column, char *text, size_t size)
{
    const char *found = (const char *)sqlite3_column_text(query->statement, column);

    snprintf(text, size, "%s", found ? found : "");
}

int lite_id(const struct lite_query *query, int column, struct uuid *ret_id, struct failure *failure)
{
    const void *bytes = sqlite3_column_blob(query->statement, column);

    if (!bytes || sqlite3_column_bytes(query->statement, column) != (int)sizeof(ret_id->bytes))
        return fail(failure, FAIL_INTERNAL, "the database has an id that is none");
    memcpy(ret_id->bytes, bytes, sizeof(ret_id->bytes));
    return 0;
}
