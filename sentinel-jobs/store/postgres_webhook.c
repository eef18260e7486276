/* SPDX-License-Identifier: MIT */
#include "store/postgres.h"

#include <string.h>

static void free_urls(struct webhook *hooks, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(hooks[i].url);
}

int postgres_webhook_take(void *self, int64_t now, int64_t lease_until, struct webhook *ret_hooks, size_t max,
                          size_t *ret_count, struct failure *failure)
{
    /* Not repeated: what an attempt took whose answer was lost is due again after its lease. */
    static const struct postgres_statement statement = {
        "webhook_take",
        "UPDATE webhooks SET due = $2, attempt = attempt + 1 WHERE job = ANY(ARRAY(SELECT job FROM webhooks"
        " WHERE due <= $1 ORDER BY due LIMIT $3 FOR UPDATE SKIP LOCKED)) RETURNING job, attempt, url",
        false};
    struct postgres_store *store = self;
    struct postgres_params params = {0};
    cleanup_result PGresult *result = NULL;
    int count;
    int error;

    postgres_put_i64(&params, now);
    postgres_put_i64(&params, lease_until);
    postgres_put_i64(&params, (int64_t)max);
    error = postgres_query(store->pool, &statement, &params, &result, NULL, failure);
    if (error < 0)
        return error;
    count = PQntuples(result);
    for (int i = 0; i < count; i++) {
        ret_hooks[i].job = postgres_uuid(result, i, 0);
        ret_hooks[i].attempt = (uint32_t)postgres_i64(result, i, 1);
        ret_hooks[i].url = postgres_text(result, i, 2);
        if (!ret_hooks[i].url) {
            free_urls(ret_hooks, (size_t)i);
            return fail_nomem(failure);
        }
    }
    *ret_count = (size_t)count;
    return 0;
}

int postgres_webhook_done(void *self, const struct uuid *job, const char *error, struct failure *failure)
{
    static const struct postgres_statement delivered = {"webhook_delivered", "DELETE FROM webhooks WHERE job = $1",
                                                        true};
    static const struct postgres_statement given_up = {
        "webhook_given_up", "UPDATE webhooks SET due = NULL, error = $2 WHERE job = $1", true};
    struct postgres_store *store = self;
    struct postgres_params params = {0};

    postgres_put_uuid(&params, job);
    if (error)
        postgres_put_text(&params, error);
    return postgres_query(store->pool, error ? &given_up : &delivered, &params, NULL, NULL, failure);
}

int postgres_webhook_later(void *self, const struct uuid *job, int64_t due, const char *error, struct failure *failure)
{
    static const struct postgres_statement statement = {
        "webhook_later", "UPDATE webhooks SET due = $2, error = $3 WHERE job = $1", true};
    struct postgres_store *store = self;
    struct postgres_params params = {0};

    postgres_put_uuid(&params, job);
    postgres_put_i64(&params, due);
    postgres_put_text(&params, error);
    return postgres_query(store->pool, &statement, &params, NULL, NULL, failure);
}
