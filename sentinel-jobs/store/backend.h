/* SPDX-License-Identifier: MIT */
#ifndef JOBS_STORE_BACKEND_H
#define JOBS_STORE_BACKEND_H

#include "store/store.h"

/*
 * What an implementation is: store.h's functions, one for each, with the implementation's own struct in the place of
 * `struct store *`. store.c finds it by the URL.
 */
struct store_backend {
    const char *name;            /* "sqlite": for health and messages */
    const char *const *prefixes; /* of URLs, NULL-terminated */
    int (*open)(const char *url, const struct store_options *options, void **ret_self, struct failure *failure);
    void (*close)(void *self);
    int (*ping)(void *self, struct failure *failure);
    int (*insert)(void *self, const struct job *const *jobs, size_t count, const struct store_idempotency *idempotency,
                  char **ret_response, struct failure *failure);
    int (*get)(void *self, const struct uuid *id, unsigned with, struct job **ret_job, struct failure *failure);
    int (*list)(void *self, const struct store_filter *filter, struct job ***ret_jobs, size_t *ret_count,
                struct failure *failure);
    int (*unpublished)(void *self, int64_t before, struct uuid *ret_ids, size_t max, size_t *ret_count,
                       struct failure *failure);
    int (*mark_published)(void *self, const struct uuid *ids, size_t count, int64_t now, struct failure *failure);
    int (*recall)(void *self, struct failure *failure);
    int (*claim)(void *self, const struct uuid *id, const char *worker, int64_t now, int64_t lease_until, bool takeover,
                 struct job **ret_job, struct failure *failure);
    int (*advance)(void *self, const struct uuid *id, uint32_t attempt, enum job_status status, int64_t now,
                   struct failure *failure);
    int (*renew)(void *self, struct store_lease *leases, size_t count, int64_t lease_until, struct failure *failure);
    int (*release)(void *self, const struct uuid *id, uint32_t attempt, struct failure *failure);
    int (*expire)(void *self, int64_t now, size_t *ret_count, struct failure *failure);
    int (*finish)(void *self, const struct uuid *id, uint32_t attempt, const struct store_outcome *outcome,
                  struct failure *failure);
    int (*cancel)(void *self, const struct uuid *id, const char *result, int64_t now, struct failure *failure);
    int (*revive)(void *self, const struct uuid *id, struct failure *failure);
    int (*load)(void *self, struct store_load **ret_loads, size_t *ret_count, struct failure *failure);
    int (*history)(void *self, int64_t since, int64_t until, size_t max, struct job_history *ret_history,
                   struct failure *failure);
    int (*retire)(void *self, int64_t before, int64_t now, size_t *ret_count, struct failure *failure);
    int (*key_add)(void *self, const struct api_key *key, struct failure *failure);
    int (*key_find)(void *self, const uint8_t hash[32], struct api_key *ret_key, struct failure *failure);
    int (*key_revoke)(void *self, const char *id, int64_t now, struct failure *failure);
    int (*key_list)(void *self, struct api_key **ret_keys, size_t *ret_count, struct failure *failure);
    int (*worker_beat)(void *self, const struct worker_record *worker, struct failure *failure);
    int (*worker_gone)(void *self, const char *name, struct failure *failure);
    int (*worker_list)(void *self, int64_t since, struct worker_record **ret_workers, size_t *ret_count,
                       struct failure *failure);
    int (*webhook_take)(void *self, int64_t now, int64_t lease_until, struct webhook *ret_hooks, size_t max,
                        size_t *ret_count, struct failure *failure);
    int (*webhook_done)(void *self, const struct uuid *job, const char *error, struct failure *failure);
    int (*webhook_later)(void *self, const struct uuid *job, int64_t due, const char *error, struct failure *failure);
    int (*schema)(void *self, unsigned *ret_known, unsigned *ret_present, struct failure *failure);
    int (*migrate)(const char *url, unsigned version, struct failure *failure);
};

extern const struct store_backend store_sqlite;
extern const struct store_backend store_postgres;

#endif
