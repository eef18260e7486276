/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation. Each operation is one statement, prepared on each connection once, that changes a row only if it
 * is as the operation wants it (attempt, status, lease): PostgreSQL's row locks are all there is to order two of them.
 * If it changed nothing, a second look tells the caller why. Operations on several jobs send arrays, not statements, so
 * they too are one trip and one commit.
 *
 * An operation whose connection broke before the answer is tried once more on another. That is safe where doing it
 * twice changes nothing more, and elsewhere if the second attempt can recognise what the first one did: a job's id, the
 * time that the caller gave. What is neither (taking webhooks, retiring) is FAIL_UNAVAILABLE and the caller's next
 * round.
 */
#include "store/postgres.h"

#include "common/log.h"
#include "common/wallclock.h"
#include "store/backend.h"

#include <unistd.h>

/* Durable commits even where the database's default is otherwise; a bound to whatever could wait for ever. */
static const char setup[] =
    "SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit') IN ('off', 'local');"
    "SET statement_timeout = 10000; SET lock_timeout = 5000; SET idle_in_transaction_session_timeout = 20000";

static unsigned default_connections(void)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);

    return cpus > 2 ? (unsigned)cpus * 2 : 4;
}

/* FAIL_CONFLICT unless the schema is the one of this program. */
static int check_schema(struct postgres_pool *pool, const char *url, bool may_migrate, struct failure *failure)
{
    struct postgres_connection *connection;
    unsigned present = 0;
    int error = postgres_take(pool, &connection, failure);

    if (error < 0)
        return error;
    error = postgres_schema_present(connection, &present, failure);
    postgres_give(pool, connection);
    if (error < 0)
        return error;
    error = postgres_schema_refuse_newer(present, failure);
    if (error < 0 || present == postgres_migration_count)
        return error;
    if (may_migrate)
        return postgres_migrate(url, STORE_NEWEST, failure);
    return fail(failure, FAIL_CONFLICT,
                "the database's schema is version %u, this program's is %u: run `sentinel-server migrate`", present,
                postgres_migration_count);
}

static void close_store(void *self)
{
    struct postgres_store *store = self;

    postgres_pool_free(store->pool);
    free(store);
}

static int open_store(const char *url, const struct store_options *options, void **ret_self, struct failure *failure)
{
    unsigned connections = options && options->connections ? options->connections : default_connections();
    struct postgres_store *store = calloc(1, sizeof(*store));
    struct postgres_target *target;
    struct failure partitions;
    int error;

    if (!store)
        return fail_nomem(failure);
    error = postgres_target_make(url, setup, &target, failure);
    if (error == 0)
        error = postgres_pool_make(target, connections, &store->pool, failure);
    if (error == 0)
        error = check_schema(store->pool, url, options && options->may_migrate, failure);
    if (error < 0) {
        close_store(store);
        return error;
    }
    /* Without its day a job lands in the default partition: slower to get rid of, but no reason not to serve. */
    if (postgres_partitions_make(store->pool, wallclock_us(), &partitions) < 0)
        log_warn("no partitions were made ahead: %s", partitions.message);
    *ret_self = store;
    return 0;
}

static int ping(void *self, struct failure *failure)
{
    static const struct postgres_statement statement = {"ping", "SELECT 1", true};
    struct postgres_store *store = self;

    return postgres_query(store->pool, &statement, NULL, NULL, NULL, failure);
}

static int schema(void *self, unsigned *ret_known, unsigned *ret_present, struct failure *failure)
{
    struct postgres_store *store = self;
    struct postgres_connection *connection;
    int error = postgres_take(store->pool, &connection, failure);

    if (error < 0)
        return error;
    error = postgres_schema_present(connection, ret_present, failure);
    postgres_give(store->pool, connection);
    if (error == 0)
        *ret_known = postgres_migration_count;
    return error;
}

static const char *const prefixes[] = {"postgresql://", "postgres://", NULL};

const struct store_backend store_postgres = {
    .name = "postgresql",
    .prefixes = prefixes,
    .open = open_store,
    .close = close_store,
    .ping = ping,
    .insert = postgres_insert,
    .get = postgres_get,
    .list = postgres_list,
    .unpublished = postgres_unpublished,
    .mark_published = postgres_mark_published,
    .claim = postgres_claim,
    .advance = postgres_advance,
    .renew = postgres_renew,
    .release = postgres_release,
    .recall = postgres_recall,
    .expire = postgres_expire,
    .finish = postgres_finish,
    .cancel = postgres_cancel,
    .revive = postgres_revive,
    .load = postgres_load,
    .history = postgres_history,
    .retire = postgres_retire,
    .key_add = postgres_key_add,
    .key_find = postgres_key_find,
    .key_revoke = postgres_key_revoke,
    .key_list = postgres_key_list,
    .worker_beat = postgres_worker_beat,
    .worker_gone = postgres_worker_gone,
    .worker_list = postgres_worker_list,
    .webhook_take = postgres_webhook_take,
    .webhook_done = postgres_webhook_done,
    .webhook_later = postgres_webhook_later,
    .schema = schema,
    .migrate = postgres_migrate,
};
