/* SPDX-License-Identifier: MIT */
#include "store/postgres.h"

#include <string.h>

/*
 * All jobs in one statement, with an idempotency key in front: ON CONFLICT waits for a request with the same key that
 * is being stored, and if that one succeeds no job is inserted. Which of the two it was, the number of rows says.
 */
#define JOB_ARRAYS                                                                                                     \
    "INSERT INTO jobs (id, key_id, user_id, language, callback_url, traceparent, spec, created)"                       \
    " SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],"        \
    " $8::bigint[])"

static const struct postgres_statement insert_jobs = {"insert", JOB_ARRAYS, true};
static const struct postgres_statement insert_jobs_once = {
    "insert_once",
    "WITH first AS (INSERT INTO idempotency_keys (key_id, key, digest, response, created)"
    " VALUES ($9, $10, $11, $12, $13) ON CONFLICT DO NOTHING RETURNING 1) " JOB_ARRAYS
    " WHERE EXISTS (SELECT 1 FROM first)",
    true};

enum { ID, KEY, USER, LANGUAGE, CALLBACK, TRACE, SPEC, CREATED, COLUMNS };

static void columns_clear(struct postgres_array (*columns)[COLUMNS])
{
    for (int i = 0; i < COLUMNS; i++)
        postgres_array_cleanup(&(*columns)[i]);
}

static void fill_columns(struct postgres_array columns[COLUMNS], const struct job *const *jobs, size_t count)
{
    for (int i = 0; i < COLUMNS; i++) {
        enum postgres_element element = i == ID ? POSTGRES_UUID : i == CREATED ? POSTGRES_I64 : POSTGRES_TEXT;

        postgres_array_begin(&columns[i], element, count);
    }
    for (size_t i = 0; i < count; i++) {
        postgres_array_uuid(&columns[ID], &jobs[i]->id);
        postgres_array_text(&columns[KEY], jobs[i]->key_id);
        postgres_array_text(&columns[USER], jobs[i]->user_id);
        postgres_array_text(&columns[LANGUAGE], jobs[i]->language);
        postgres_array_text(&columns[CALLBACK], jobs[i]->callback_url);
        postgres_array_text(&columns[TRACE], jobs[i]->traceparent);
        postgres_array_text(&columns[SPEC], jobs[i]->spec);
        postgres_array_i64(&columns[CREATED], jobs[i]->times.created);
    }
}

/* Ids are random: one that is there is there because the first attempt, whose answer was lost, had succeeded. */
static int was_inserted(struct postgres_store *store, const struct uuid *id, struct failure *failure)
{
    struct postgres_state state;
    int error = postgres_state(store->pool, id, &state, failure);

    return error == FAIL_NOT_FOUND ? 0 : error < 0 ? error : 1;
}

/* The key is another request's or this one's, sent again. */
static int answer_again(struct postgres_store *store, const struct store_idempotency *idempotency, char **ret_response,
                        struct failure *failure)
{
    static const struct postgres_statement statement = {
        "idempotency", "SELECT digest, response FROM idempotency_keys WHERE key_id = $1 AND key = $2", true};
    struct postgres_params params = {0};
    cleanup_result PGresult *result = NULL;
    char *response;
    int error;

    postgres_put_text(&params, idempotency->key_id);
    postgres_put_text(&params, idempotency->key);
    error = postgres_query(store->pool, &statement, &params, &result, NULL, failure);
    if (error < 0)
        return error;
    if (PQntuples(result) == 0)
        return fail(failure, FAIL_UNAVAILABLE, "the idempotency key was retired while it was looked at");
    if (strlen(idempotency->digest) != (size_t)PQgetlength(result, 0, 0) ||
        memcmp(idempotency->digest, PQgetvalue(result, 0, 0), strlen(idempotency->digest)) != 0)
        return fail(failure, FAIL_CONFLICT, "the idempotency key came with another request before");
    response = postgres_text(result, 0, 1);
    if (!response)
        return fail_nomem(failure);
    *ret_response = response;
    return 1;
}

int postgres_insert(void *self, const struct job *const *jobs, size_t count,
                    const struct store_idempotency *idempotency, char **ret_response, struct failure *failure)
{
    struct postgres_store *store = self;
    struct postgres_array columns[COLUMNS] __attribute__((cleanup(columns_clear))) = {0};
    struct postgres_params params = {0};
    cleanup_result PGresult *result = NULL;
    bool is_again = false;
    int error;

    if (count == 0)
        return 0;
    fill_columns(columns, jobs, count);
    for (int i = 0; i < COLUMNS; i++)
        postgres_put_array(&params, &columns[i]);
    if (idempotency) {
        postgres_put_text(&params, idempotency->key_id);
        postgres_put_text(&params, idempotency->key);
        postgres_put_text(&params, idempotency->digest);
        postgres_put_text(&params, idempotency->response);
        postgres_put_i64(&params, jobs[0]->times.created);
    }
    error = postgres_query(store->pool, idempotency ? &insert_jobs_once : &insert_jobs, &params, &result, &is_again,
                           failure);
    if (error == 0 && strtoull(PQcmdTuples(result), NULL, 10) == count)
        return 0;
    if (is_again && (error == 0 || error == FAIL_CONFLICT)) {
        int was = was_inserted(store, &jobs[0]->id, failure);

        if (was != 0)
            return was < 0 ? was : 0;
    }
    if (error == FAIL_CONFLICT)
        return fail(failure, FAIL_CONFLICT, "there is a job of this id");
    if (error < 0)
        return error;
    return answer_again(store, idempotency, ret_response, failure);
}
