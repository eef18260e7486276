/* SPDX-License-Identifier: MIT */
#include "store/postgres.h"

#include <string.h>

#define HOUR_US (3600LL * 1000000)

/* ---- API keys ---------------------------------------------------------------------------------------------------- */

#define KEY_COLUMNS "id, name, hash, scopes, per_minute, created, revoked"

static void read_key(const PGresult *result, int row, struct api_key *key)
{
    postgres_copy_text(result, row, 0, key->id, sizeof(key->id));
    postgres_copy_text(result, row, 1, key->name, sizeof(key->name));
    if (PQgetlength(result, row, 2) == (int)sizeof(key->hash))
        memcpy(key->hash, PQgetvalue(result, row, 2), sizeof(key->hash));
    key->scopes = (unsigned)postgres_i64(result, row, 3);
    key->per_minute = (unsigned)postgres_i64(result, row, 4);
    key->created = postgres_i64(result, row, 5);
    key->revoked = postgres_i64(result, row, 6);
}

int postgres_key_find(void *self, const uint8_t hash[32], struct api_key *ret_key, struct failure *failure)
{
    static const struct postgres_statement statement = {"key_find",
                                                        "SELECT " KEY_COLUMNS " FROM api_keys WHERE hash = $1", true};
    struct postgres_store *store = self;
    struct postgres_params params = {0};
    cleanup_result PGresult *result = NULL;
    struct api_key key = {0};
    int error;

    postgres_put_bytes(&params, hash, sizeof(key.hash));
    error = postgres_query(store->pool, &statement, &params, &result, NULL, failure);
    if (error < 0)
        return error;
    if (PQntuples(result) == 0)
        return fail(failure, FAIL_NOT_FOUND, "there is no such key");
    read_key(result, 0, &key);
    *ret_key = key;
    return 0;
}

int postgres_key_add(void *self, const struct api_key *key, struct failure *failure)
{
    static const struct postgres_statement statement = {
        "key_add", "INSERT INTO api_keys (" KEY_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7)", true};
    struct postgres_store *store = self;
    struct postgres_params params = {0};
    struct api_key present;
    bool is_again = false;
    int error;

    postgres_put_text(&params, key->id);
    postgres_put_text(&params, key->name);
    postgres_put_bytes(&params, key->hash, sizeof(key->hash));
    postgres_put_i64(&params, key->scopes);
    postgres_put_i64(&params, key->per_minute);
    postgres_put_i64(&params, key->created);
    postgres_put_i64(&params, key->revoked);
    error = postgres_query(store->pool, &statement, &params, NULL, &is_again, failure);
    /* The hash is of a random secret: a key with it is the one that the first attempt added. */
    if (error == FAIL_CONFLICT && is_again && postgres_key_find(self, key->hash, &present, NULL) == 0 &&
        strcmp(present.id, key->id) == 0)
        return 0;
    if (error == FAIL_CONFLICT)
        return fail(failure, FAIL_CONFLICT, "there is a key of this id or hash");
    return error;
}

int postgres_key_revoke(void *self, const char *id, int64_t now, struct failure *failure)
{
    static const struct postgres_statement statement = {
        "key_revoke", "UPDATE api_keys SET revoked = CASE WHEN revoked = 0 THEN $2 ELSE revoked END WHERE id = $1",
        true};
    struct postgres_store *store = self;
    struct postgres_params params = {0};
    cleanup_result PGresult *result = NULL;
    int error;

    postgres_put_text(&params, id);
    postgres_put_i64(&params, now);
    error = postgres_query(store->pool, &statement, &params, &result, NULL, failure);
    if (error < 0)
        return error;
    if (strcmp(PQcmdTuples(result), "0") == 0)
        return fail(failure, FAIL_NOT_FOUND, "there is no such key");
    return 0;
}

int postgres_key_list(void *self, struct api_key **ret_keys, size_t *ret_count, struct failure *failure)
{
    static const struct postgres_statement statement = {
        "key_list", "SELECT " KEY_COLUMNS " FROM api_keys ORDER BY created, id", true};
    struct postgres_store *store = self;
    cleanup_result PGresult *result = NULL;
    struct api_key *keys;
    int count;
    int error = postgres_query(store->pool, &statement, NULL, &result, NULL, failure);

    if (error < 0)
        return error;
    count = PQntuples(result);
    keys = calloc((size_t)count + 1, sizeof(*keys));
    if (!keys)
        return fail_nomem(failure);
    for (int i = 0; i < count; i++)
        read_key(result, i, &keys[i]);
    *ret_keys = keys;
    *ret_count = (size_t)count;
    return 0;
}

/* ---- workers ----------------------------------------------------------------------------------------------------- */

int postgres_worker_beat(void *self, const struct worker_record *worker, struct failure *failure)
{
    static const struct postgres_statement statement = {
        "worker_beat",
        "INSERT INTO workers (name, beat, slots, active, report) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (name) DO UPDATE SET beat = excluded.beat, slots = excluded.slots, active = excluded.active,"
        " report = excluded.report",
        true};
    struct postgres_store *store = self;
    struct postgres_params params = {0};

    postgres_put_text(&params, worker->name);
    postgres_put_i64(&params, worker->beat);
    postgres_put_i64(&params, worker->slots);
    postgres_put_i64(&params, worker->active);
    postgres_put_text(&params, worker->report ? worker->report : "");
    return postgres_query(store->pool, &statement, &params, NULL, NULL, failure);
}

int postgres_worker_gone(void *self, const char *name, struct failure *failure)
{
    static const struct postgres_statement statement = {"worker_gone", "DELETE FROM workers WHERE name = $1", true};
    struct postgres_store *store = self;
    struct postgres_params params = {0};

    postgres_put_text(&params, name);
    return postgres_query(store->pool, &statement, &params, NULL, NULL, failure);
}

static bool read_worker(const PGresult *result, int row, struct worker_record *worker)
{
    postgres_copy_text(result, row, 0, worker->name, sizeof(worker->name));
    worker->beat = postgres_i64(result, row, 1);
    worker->slots = (uint32_t)postgres_i64(result, row, 2);
    worker->active = (uint32_t)postgres_i64(result, row, 3);
    worker->report = postgres_text(result, row, 4);
    return worker->report != NULL;
}

int postgres_worker_list(void *self, int64_t since, struct worker_record **ret_workers, size_t *ret_count,
                         struct failure *failure)
{
    /* The time is the caller's, who asks since a moment before now: what is an hour older than that may go. */
    static const struct postgres_statement statement = {
        "worker_list",
        "WITH old AS (DELETE FROM workers WHERE beat < $2)"
        " SELECT name, beat, slots, active, report FROM workers WHERE beat >= $1 ORDER BY name",
        true};
    struct postgres_store *store = self;
    struct postgres_params params = {0};
    cleanup_result PGresult *result = NULL;
    struct worker_record *workers;
    int count;
    int error;

    postgres_put_i64(&params, since);
    postgres_put_i64(&params, since - HOUR_US);
    error = postgres_query(store->pool, &statement, &params, &result, NULL, failure);
    if (error < 0)
        return error;
    count = PQntuples(result);
    workers = calloc((size_t)count + 1, sizeof(*workers));
    if (!workers)
        return fail_nomem(failure);
    for (int i = 0; i < count; i++) {
        if (!read_worker(result, i, &workers[i])) {
            store_workers_free(workers, (size_t)i);
            return fail_nomem(failure);
        }
    }
    *ret_workers = workers;
    *ret_count = (size_t)count;
    return 0;
}
