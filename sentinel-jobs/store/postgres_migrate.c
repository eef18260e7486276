/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation. Migrations are numbered from 1; the table schema_version has a row for each one that is applied,
 * written in the same transaction. All of it happens on one connection that holds an advisory lock of its session, so
 * of two who migrate at once the second one waits, and finds nothing left to do; if the first one dies, the lock goes
 * with its connection and the transaction with it.
 */
#include "store/postgres.h"

#include "common/log.h"

#include <stdio.h>
#include <string.h>

/* A migration may have to rewrite a table: what bounds it is the operator's patience, but for locks of others. */
#define MIGRATE_TIMEOUT_MS (3600U * 1000)
static const char setup[] = "SET statement_timeout = 0; SET lock_timeout = 0; SET synchronous_commit = on;"
                            "SET client_min_messages = warning";

int postgres_schema_present(struct postgres_connection *connection, unsigned *ret_version, struct failure *failure)
{
    static const struct postgres_statement exists = {NULL, "SELECT to_regclass('schema_version') IS NOT NULL", true};
    static const struct postgres_statement newest = {NULL, "SELECT coalesce(max(version), 0) FROM schema_version",
                                                     true};
    cleanup_result PGresult *result = NULL;
    unsigned version = 0;
    int error = postgres_run(connection, &exists, NULL, &result, failure);

    if (error < 0)
        return error;
    if (postgres_bool(result, 0, 0)) {
        PQclear(steal_ptr(&result));
        error = postgres_run(connection, &newest, NULL, &result, failure);
        if (error < 0)
            return error;
        version = (unsigned)postgres_i64(result, 0, 0);
    }
    *ret_version = version;
    return 0;
}

int postgres_schema_refuse_newer(unsigned present, struct failure *failure)
{
    if (present <= postgres_migration_count)
        return 0;
    return fail(failure, FAIL_CONFLICT,
                "the database's schema is version %u, and this program knows up to version %u: a newer program made it",
                present, postgres_migration_count);
}

static int step(struct postgres_connection *connection, unsigned version, bool is_up, struct failure *failure)
{
    const struct postgres_migration *migration = &postgres_migrations[version - 1];
    cleanup_buffer struct sn__buffer sql = {0};
    struct failure why = {0};
    int error;

    sn__buffer_addf(&sql, "BEGIN;\n%s\n", is_up ? migration->up : migration->down);
    if (is_up)
        sn__buffer_addf(&sql, "INSERT INTO schema_version (version, name) VALUES (%u, '%s');\n", version,
                        migration->name);
    else
        sn__buffer_addf(&sql, "DELETE FROM schema_version WHERE version = %u;\n", version);
    sn__buffer_add_string(&sql, "COMMIT;");
    if (sql.failed)
        return fail_nomem(failure);
    error = postgres_script(connection, sql.data, &why);
    if (error < 0)
        return fail(failure, error, "the migration %04u_%s failed: %.200s", version, migration->name, why.message);
    log_info("the database's schema is version %u now", is_up ? version : version - 1);
    return 0;
}

static int migrate_locked(struct postgres_connection *connection, unsigned version, struct failure *failure)
{
    static const char table[] = "CREATE TABLE IF NOT EXISTS schema_version (version integer PRIMARY KEY,"
                                " name text NOT NULL, applied timestamptz NOT NULL DEFAULT now())";
    unsigned present = 0;
    int error = postgres_schema_present(connection, &present, failure);

    if (error < 0)
        return error;
    error = postgres_schema_refuse_newer(present, failure);
    if (error == 0 && present < version)
        error = postgres_script(connection, table, failure);
    while (error == 0 && present < version)
        error = step(connection, ++present, true, failure);
    while (error == 0 && present > version)
        error = step(connection, present--, false, failure);
    return error;
}

int postgres_migrate(const char *url, unsigned version, struct failure *failure)
{
    struct postgres_connection connection = {0};
    struct postgres_target *target;
    int error;

    if (version == STORE_NEWEST)
        version = postgres_migration_count;
    if (version > postgres_migration_count)
        return fail(failure, FAIL_INVALID, "there is no schema version %u: the newest is %u", version,
                    postgres_migration_count);
    error = postgres_target_make(url, setup, &target, failure);
    if (error < 0)
        return error;
    error = postgres_connect(target, -1, &connection, failure);
    postgres_target_free(target);
    if (error < 0)
        return error;
    connection.timeout_ms = MIGRATE_TIMEOUT_MS;
    error = postgres_script(&connection, "SELECT pg_advisory_lock(" POSTGRES_LOCK_MIGRATE ")", failure);
    if (error == 0)
        error = migrate_locked(&connection, version, failure);
    postgres_disconnect(&connection);
    return error;
}
