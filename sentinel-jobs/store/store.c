/* SPDX-License-Identifier: MIT */
#include "store/store.h"

#include "store/backend.h"

#include "common/url.h"

#include <stdlib.h>

/* Which implementation it is, and that one's own struct. */
struct store {
    const struct store_backend *backend;
    void *self;
};

static const struct store_backend *const backends[] = {&store_sqlite, &store_postgres};

static const struct store_backend *find_backend(const char *url)
{
    for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++)
        if (url_has_prefix(url, backends[i]->prefixes))
            return backends[i];
    return NULL;
}

int store_open(const char *url, const struct store_options *options, struct store **ret_store, struct failure *failure)
{
    const struct store_backend *backend = find_backend(url);
    struct store *store;
    int error;

    if (!backend)
        return fail(failure, FAIL_INVALID, "this is no URL of a store: it begins with none of sqlite:, postgresql://");
    store = calloc(1, sizeof(*store));
    if (!store)
        return fail_nomem(failure);
    store->backend = backend;
    error = backend->open(url, options, &store->self, failure);
    if (error < 0) {
        free(store);
        return error;
    }
    *ret_store = store;
    return 0;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    store->backend->close(store->self);
    free(store);
}

int store_ping(struct store *store, struct failure *failure)
{
    return store->backend->ping(store->self, failure);
}

int store_insert(struct store *store, const struct job *const *jobs, size_t count,
                 const struct store_idempotency *idempotency, char **ret_response, struct failure *failure)
{
    return store->backend->insert(store->self, jobs, count, idempotency, ret_response, failure);
}

int store_get(struct store *store, const struct uuid *id, unsigned with, struct job **ret_job, struct failure *failure)
{
    return store->backend->get(store->self, id, with, ret_job, failure);
}

int store_list(struct store *store, const struct store_filter *filter, struct job ***ret_jobs, size_t *ret_count,
               struct failure *failure)
{
    return store->backend->list(store->self, filter, ret_jobs, ret_count, failure);
}

void store_jobs_free(struct job **jobs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        job_free(jobs[i]);
    free(jobs);
}

int store_unpublished(struct store *store, int64_t before, struct uuid *ret_ids, size_t max, size_t *ret_count,
                      struct failure *failure)
{
    return store->backend->unpublished(store->self, before, ret_ids, max, ret_count, failure);
}

int store_mark_published(struct store *store, const struct uuid *ids, size_t count, int64_t now,
                         struct failure *failure)
{
    return store->backend->mark_published(store->self, ids, count, now, failure);
}

int store_recall(struct store *store, struct failure *failure)
{
    return store->backend->recall(store->self, failure);
}

int store_claim(struct store *store, const struct uuid *id, const char *worker, int64_t now, int64_t lease_until,
                bool takeover, struct job **ret_job, struct failure *failure)
{
    return store->backend->claim(store->self, id, worker, now, lease_until, takeover, ret_job, failure);
}

int store_advance(struct store *store, const struct uuid *id, uint32_t attempt, enum job_status status, int64_t now,
                  struct failure *failure)
{
    return store->backend->advance(store->self, id, attempt, status, now, failure);
}

int store_renew(struct store *store, struct store_lease *leases, size_t count, int64_t lease_until,
                struct failure *failure)
{
    return store->backend->renew(store->self, leases, count, lease_until, failure);
}

int store_release(struct store *store, const struct uuid *id, uint32_t attempt, struct failure *failure)
{
    return store->backend->release(store->self, id, attempt, failure);
}

int store_expire(struct store *store, int64_t now, size_t *ret_count, struct failure *failure)
{
    return store->backend->expire(store->self, now, ret_count, failure);
}

int store_finish(struct store *store, const struct uuid *id, uint32_t attempt, const struct store_outcome *outcome,
                 struct failure *failure)
{
    return store->backend->finish(store->self, id, attempt, outcome, failure);
}

int store_cancel(struct store *store, const struct uuid *id, const char *result, int64_t now, struct failure *failure)
{
    return store->backend->cancel(store->self, id, result, now, failure);
}

int store_revive(struct store *store, const struct uuid *id, struct failure *failure)
{
    return store->backend->revive(store->self, id, failure);
}

int store_load(struct store *store, struct store_load **ret_loads, size_t *ret_count, struct failure *failure)
{
    return store->backend->load(store->self, ret_loads, ret_count, failure);
}

int store_history(struct store *store, int64_t since, int64_t until, size_t max, struct job_history *ret_history,
                  struct failure *failure)
{
    return store->backend->history(store->self, since, until, max, ret_history, failure);
}

int store_retire(struct store *store, int64_t before, int64_t now, size_t *ret_count, struct failure *failure)
{
    return store->backend->retire(store->self, before, now, ret_count, failure);
}

int store_key_add(struct store *store, const struct api_key *key, struct failure *failure)
{
    return store->backend->key_add(store->self, key, failure);
}

int store_key_find(struct store *store, const uint8_t hash[32], struct api_key *ret_key, struct failure *failure)
{
    return store->backend->key_find(store->self, hash, ret_key, failure);
}

int store_key_revoke(struct store *store, const char *id, int64_t now, struct failure *failure)
{
    return store->backend->key_revoke(store->self, id, now, failure);
}

int store_key_list(struct store *store, struct api_key **ret_keys, size_t *ret_count, struct failure *failure)
{
    return store->backend->key_list(store->self, ret_keys, ret_count, failure);
}

int store_worker_beat(struct store *store, const struct worker_record *worker, struct failure *failure)
{
    return store->backend->worker_beat(store->self, worker, failure);
}

int store_worker_gone(struct store *store, const char *name, struct failure *failure)
{
    return store->backend->worker_gone(store->self, name, failure);
}

int store_worker_list(struct store *store, int64_t since, struct worker_record **ret_workers, size_t *ret_count,
                      struct failure *failure)
{
    return store->backend->worker_list(store->self, since, ret_workers, ret_count, failure);
}

void store_workers_free(struct worker_record *workers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(workers[i].report);
    free(workers);
}

int store_webhook_take(struct store *store, int64_t now, int64_t lease_until, struct webhook *ret_hooks, size_t max,
                       size_t *ret_count, struct failure *failure)
{
    return store->backend->webhook_take(store->self, now, lease_until, ret_hooks, max, ret_count, failure);
}

int store_webhook_done(struct store *store, const struct uuid *job, const char *error, struct failure *failure)
{
    return store->backend->webhook_done(store->self, job, error, failure);
}

int store_webhook_later(struct store *store, const struct uuid *job, int64_t due, const char *error,
                        struct failure *failure)
{
    return store->backend->webhook_later(store->self, job, due, error, failure);
}

int store_schema(struct store *store, unsigned *ret_known, unsigned *ret_present, struct failure *failure)
{
    return store->backend->schema(store->self, ret_known, ret_present, failure);
}

int store_migrate(const char *url, unsigned version, struct failure *failure)
{
    const struct store_backend *backend = find_backend(url);

    if (!backend)
        return fail(failure, FAIL_INVALID, "this is no URL of a store: it begins with none of sqlite:, postgresql://");
    return backend->migrate(url, version, failure);
}
