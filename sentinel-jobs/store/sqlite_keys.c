/* SPDX-License-Identifier: MIT */
#include "store/sqlite.h"

#include "base/buffer.h"

#include <string.h>

#define KEY_COLUMNS "id, name, hash, scopes, per_minute, created, revoked"

struct key_add {
    struct lite_operation operation;
    const struct api_key *key;
};

static int run_add(struct lite_connection *connection, struct lite_operation *operation, struct failure *failure)
{
    const struct api_key *key = ((struct key_add *)operation)->key;
    cleanup_query struct lite_query query =
        lite_query(connection, "INSERT INTO api_keys (" KEY_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?)");

    lite_bind_text(&query, key->id);
    lite_bind_text(&query, key->name);
    lite_bind_hash(&query, key->hash);
    lite_bind_int(&query, key->scopes);
    lite_bind_int(&query, key->per_minute);
    lite_bind_int(&query, key->created);
    lite_bind_int(&query, key->revoked);
    return lite_run(&query, failure);
}

int lite_key_add(void *self, const struct api_key *key, struct failure *failure)
{
    struct key_add add = {.operation = {.run = run_add, .is_durable = true}, .key = key};

    return lite_write(self, &add.operation, failure);
}

struct key_revoke {
    struct lite_operation operation;
    const char *id;
    int64_t now;
};

static int run_revoke(struct lite_connection *connection, struct lite_operation *operation, struct failure *failure)
{
    struct key_revoke *revoke = (struct key_revoke *)operation;
    cleanup_query struct lite_query query = lite_query(
        connection, "UPDATE api_keys SET revoked = CASE WHEN revoked = 0 THEN ? ELSE revoked END WHERE id = ?");
    int error;

    lite_bind_int(&query, revoke->now);
    lite_bind_text(&query, revoke->id);
    error = lite_run(&query, failure);
    if (error == 0 && lite_changes(&query) == 0)
        error = fail(failure, FAIL_NOT_FOUND, "there is no such key");
    return error;
}

int lite_key_revoke(void *self, const char *id, int64_t now, struct failure *failure)
{
    struct key_revoke revoke = {.operation = {.run = run_revoke, .is_durable = true}, .id = id, .now = now};

    return lite_write(self, &revoke.operation, failure);
}

static void read_key(const struct lite_query *query, struct api_key *key)
{
    const void *hash = sqlite3_column_blob(query->statement, 2);

    *key = (struct api_key){0};
    lite_text_into(query, 0, key->id, sizeof(key->id));
    lite_text_into(query, 1, key->name, sizeof(key->name));
    if (hash && sqlite3_column_bytes(query->statement, 2) == (int)sizeof(key->hash))
        memcpy(key->hash, hash, sizeof(key->hash));
    key->scopes = (unsigned)lite_int(query, 3);
    key->per_minute = (unsigned)lite_int(query, 4);
    key->created = lite_int(query, 5);
    key->revoked = lite_int(query, 6);
}

static int find_in(struct lite_connection *connection, const uint8_t hash[32], struct api_key *ret_key,
                   struct failure *failure)
{
    cleanup_query struct lite_query query =
        lite_query(connection, "SELECT " KEY_COLUMNS " FROM api_keys WHERE hash = ?");
    int found;

    lite_bind_hash(&query, hash);
    found = lite_step(&query, failure);
    if (found < 0)
        return found;
    if (found == 0)
        return fail(failure, FAIL_NOT_FOUND, "there is no such key");
    read_key(&query, ret_key);
    return 0;
}

int lite_key_find(void *self, const uint8_t hash[32], struct api_key *ret_key, struct failure *failure)
{
    struct lite_connection *connection = lite_borrow(self);
    int error = find_in(connection, hash, ret_key, failure);

    lite_give_back(self, connection);
    return error;
}

static int list_from(struct lite_connection *connection, struct sn__buffer *keys, struct failure *failure)
{
    cleanup_query struct lite_query query =
        lite_query(connection, "SELECT " KEY_COLUMNS " FROM api_keys ORDER BY created, id");
    int found;

    while ((found = lite_step(&query, failure)) == 1) {
        struct api_key key;

        read_key(&query, &key);
        sn__buffer_add(keys, &key, sizeof(key));
    }
    return found == 0 && keys->failed ? fail_nomem(failure) : found;
}

int lite_key_list(void *self, struct api_key **ret_keys, size_t *ret_count, struct failure *failure)
{
    struct lite_connection *connection = lite_borrow(self);
    cleanup_buffer struct sn__buffer keys = {0};
    int error = list_from(connection, &keys, failure);

    lite_give_back(self, connection);
    if (error < 0)
        return error;
    *ret_count = keys.length / sizeof(struct api_key);
    *ret_keys = (struct api_key *)steal_ptr(&keys.data);
    return 0;
}
