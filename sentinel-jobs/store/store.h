/* SPDX-License-Identifier: MIT */
#ifndef JOBS_STORE_STORE_H
#define JOBS_STORE_STORE_H

#include "common/failure.h"
#include "job/job.h"
#include "job/statistics.h"

/*
 * Where jobs, API keys, workers and webhooks that are due are kept. Two implementations, chosen by the URL:
 *   sqlite:PATH                        one file, WAL; one writer thread that commits in groups
 *   postgresql://... (or postgres://)  libpq, prepared statements, a pool of connections
 * One conformance suite (tests/service/parts/test_store*) runs against both.
 *
 * Every function blocks until it is done, and may be called from any number of threads at once. Any of them can return
 * FAIL_UNAVAILABLE (the database is away: nothing was done, or, after a connection lost in the middle of a commit,
 * nobody knows) and FAIL_NOMEM; both are not repeated below. Times are microseconds since the epoch and the caller's.
 *
 * Fencing: store_claim() counts attempts, and whatever is done for an attempt that is not the latest any more, or for a
 * job that is over, returns FAIL_CONFLICT and changes nothing. So of two workers that both believe to have a job, one
 * can end it. The status of a job never goes to an earlier stage (store_revive() is the operator's exception).
 */
struct store;

struct store_options {
    unsigned connections; /* PostgreSQL: how many at most; 0: two for each CPU, at least four */
    bool may_migrate;     /* bring an older schema up to date; else one is FAIL_CONFLICT. A newer one always is. */
};

/*
 * Opens it. FAIL_INVALID (a URL of no known kind), FAIL_UNAVAILABLE, FAIL_CONFLICT (the schema, which the message
 * says). *ret_store ends by store_close(), when no other thread uses it any more.
 */
int store_open(const char *url, const struct store_options *options, struct store **ret_store, struct failure *failure);
void store_close(struct store *store);
/* As far as that can be seen without opening it. FAIL_INVALID. */
int store_check_url(const char *url, struct failure *failure);
/*
 * What a connection parameter of PostgreSQL ("sslmode") is by the URL, or else by libpq's variable in the environment.
 * NULL: nothing says so, it is no such URL, or there is no memory. To be freed.
 */
char *store_parameter(const char *url, const char *name);
/*
 * One trip to the database. Of a file that could not be written (no room, read-only, an I/O error) it is a write, until
 * one succeeds.
 */
int store_ping(struct store *store, struct failure *failure);

/* ---- jobs -------------------------------------------------------------------------------------------------------- */

/* What makes a repeated request be answered as the first one was. */
struct store_idempotency {
    const char *key_id;   /* whose; "" in open mode */
    const char *key;      /* the header's value */
    const char *digest;   /* of the request: the same key with another is a conflict */
    const char *response; /* what the first one is answered, kept with it */
};

/*
 * Stores jobs as QUEUED, all or none; when it returns 0 they outlast a crash and a power cut. 1: this was answered
 * before, nothing is stored, *ret_response (to be freed) is what was answered then. FAIL_CONFLICT: the same idempotency
 * key came with another request. `idempotency` may be NULL. Only id, key_id, user_id, language, callback_url,
 * traceparent, spec and times.created of a job are looked at.
 */
int store_insert(struct store *store, const struct job *const *jobs, size_t count,
                 const struct store_idempotency *idempotency, char **ret_response, struct failure *failure);

#define STORE_WITH_SPEC (1U << 0)
#define STORE_WITH_RESULT (1U << 1)
/* *ret_job ends by job_free(). FAIL_NOT_FOUND. */
int store_get(struct store *store, const struct uuid *id, unsigned with, struct job **ret_job, struct failure *failure);

/* Which jobs a list has; NULL: whatever. Newest first, from the one after `after` (zero: the newest). */
struct store_filter {
    const char *key_id;
    const char *user_id;
    const char *language;
    const enum job_status *status;
    struct uuid after;
    size_t limit; /* at most 1000 */
};
/* Without specs and results. *ret_jobs: *ret_count of them, to be freed by store_jobs_free(). */
int store_list(struct store *store, const struct store_filter *filter, struct job ***ret_jobs, size_t *ret_count,
               struct failure *failure);
void store_jobs_free(struct job **jobs, size_t count);

/* The outbox: jobs that are not over and that no queue is known to have, made before `before`; oldest first. */
int store_unpublished(struct store *store, int64_t before, struct uuid *ret_ids, size_t max, size_t *ret_count,
                      struct failure *failure);
/* The queue has confirmed these. Those that are over meanwhile are left as they are. */
int store_mark_published(struct store *store, const struct uuid *ids, size_t count, int64_t now,
                         struct failure *failure);

/*
 * The queue may have forgotten what it had (a power cut): every job that is QUEUED, or that nobody has a lease for,
 * goes to the outbox again.
 */
int store_recall(struct store *store, struct failure *failure);

/*
 * Takes a job for execution: attempt + 1, worker, lease. A job that is over returns 1 and *ret_job without spec: the
 * delivery is an old one. FAIL_CONFLICT: another worker's lease has not ended (with `takeover` that does not matter:
 * the queue knows that the other is gone). FAIL_NOT_FOUND. *ret_job has the spec. times.claimed is `now`.
 */
int store_claim(struct store *store, const struct uuid *id, const char *worker, int64_t now, int64_t lease_until,
                bool takeover, struct job **ret_job, struct failure *failure);
/* COMPILING or RUNNING reached by this attempt; an earlier stage than the present one is no error and only dated. */
int store_advance(struct store *store, const struct uuid *id, uint32_t attempt, enum job_status status, int64_t now,
                  struct failure *failure);

struct store_lease {
    struct uuid id;
    uint32_t attempt;
    bool is_lost;          /* out: it is another attempt's by now, or over */
    bool cancel_requested; /* out */
};
/* Prolongs leases, and tells what became of the jobs. */
int store_renew(struct store *store, struct store_lease *leases, size_t count, int64_t lease_until,
                struct failure *failure);
/* Gives a job back unfinished: its lease ends at once, the attempt is not counted. FAIL_CONFLICT. */
int store_release(struct store *store, const struct uuid *id, uint32_t attempt, struct failure *failure);
/* Jobs whose worker let its lease end go to the outbox again. *ret_count: how many. */
int store_expire(struct store *store, int64_t now, size_t *ret_count, struct failure *failure);

/* How a job ended. */
struct store_outcome {
    enum job_status status; /* one that is over */
    const char *result;     /* JSON text */
    uint64_t time_used_ms;
    uint64_t memory_used_kb;
    struct job_times times; /* compiling, running (0: never), finished */
    bool is_given_up;       /* it was claimed for this alone, which is no attempt: not counted */
};
/*
 * Durable when it returns 0; a webhook becomes due with it if the job has a callback_url. FAIL_CONFLICT (see Fencing),
 * FAIL_NOT_FOUND.
 */
int store_finish(struct store *store, const struct uuid *id, uint32_t attempt, const struct store_outcome *outcome,
                 struct failure *failure);
/*
 * Cancels. 0: it was QUEUED and is CANCELLED now, with `result`, durably. 1: somebody executes it, who is to be told;
 * cancel_requested is set. FAIL_CONFLICT: it is over. FAIL_NOT_FOUND.
 */
int store_cancel(struct store *store, const struct uuid *id, const char *result, int64_t now, struct failure *failure);
/* An operator's retry: INTERNAL_ERROR is QUEUED again, attempt 0, without result, in the outbox. FAIL_CONFLICT. */
int store_revive(struct store *store, const struct uuid *id, struct failure *failure);

struct store_load {
    char language[32];
    uint64_t waiting; /* QUEUED */
    uint64_t active;  /* COMPILING, RUNNING */
};
/* By language, of jobs that are not over. *ret_loads (to be freed with free()) has *ret_count. */
int store_load(struct store *store, struct store_load **ret_loads, size_t *ret_count, struct failure *failure);

/*
 * What was accepted, and what ended, from `since` on and before `until`: of either the newest, at most `max`. It reads
 * no more rows than it returns, and neither specs nor results. *ret_history ends by job_history_free().
 */
int store_history(struct store *store, int64_t since, int64_t until, size_t max, struct job_history *ret_history,
                  struct failure *failure);

/*
 * Removes what ended before `before`, with idempotency keys as old, at most some thousands a call (PostgreSQL drops
 * whole partitions), and makes room for the coming days. *ret_count: how many jobs.
 */
int store_retire(struct store *store, int64_t before, int64_t now, size_t *ret_count, struct failure *failure);

/* ---- API keys ---------------------------------------------------------------------------------------------------- */

#define SCOPE_SUBMIT (1U << 0)
#define SCOPE_READ (1U << 1)
#define SCOPE_ADMIN (1U << 2) /* includes the others, and everybody's jobs */

struct api_key {
    char id[24];         /* what is shown and revoked by */
    char name[80];       /* for people */
    uint8_t hash[32];    /* SHA-256 of the secret; the secret itself is nowhere */
    unsigned scopes;     /* SCOPE_... */
    unsigned per_minute; /* rate limit; 0: the server's default */
    int64_t created;
    int64_t revoked; /* 0: valid */
};
/* FAIL_CONFLICT: there is one of this id or hash. */
int store_key_add(struct store *store, const struct api_key *key, struct failure *failure);
/* Revoked ones too. FAIL_NOT_FOUND. */
int store_key_find(struct store *store, const uint8_t hash[32], struct api_key *ret_key, struct failure *failure);
/* FAIL_NOT_FOUND; one that was revoked before keeps its time. */
int store_key_revoke(struct store *store, const char *id, int64_t now, struct failure *failure);
/* Oldest first; *ret_keys is freed with free(). */
int store_key_list(struct store *store, struct api_key **ret_keys, size_t *ret_count, struct failure *failure);

/* ---- workers ----------------------------------------------------------------------------------------------------- */

struct worker_record {
    char name[80]; /* unique among the living: host, process number, start */
    int64_t beat;  /* when it was last heard of */
    uint32_t slots;
    uint32_t active;
    char *report; /* JSON text: languages, counts since its start (work/report.h); owned */
};
/* Who was not heard of for so long is taken for gone by who asks. */
#define WORKER_AGE_US INT64_C(10000000)
/* Writes or replaces the record of its name. */
int store_worker_beat(struct store *store, const struct worker_record *worker, struct failure *failure);
int store_worker_gone(struct store *store, const char *name, struct failure *failure);
/* Those heard of since; others are removed once they are an hour old. Freed by store_workers_free(). */
int store_worker_list(struct store *store, int64_t since, struct worker_record **ret_workers, size_t *ret_count,
                      struct failure *failure);
void store_workers_free(struct worker_record *workers, size_t count);

/* ---- webhooks ---------------------------------------------------------------------------------------------------- */

struct webhook {
    struct uuid job;
    uint32_t attempt; /* of its delivery, from 1 */
    char *url;        /* owned */
};
/*
 * Takes those that are due; each is nobody else's until `lease_until`, and due again then. *ret_count at most `max`;
 * each url is freed with free().
 */
int store_webhook_take(struct store *store, int64_t now, int64_t lease_until, struct webhook *ret_hooks, size_t max,
                       size_t *ret_count, struct failure *failure);
/* Delivered, or given up (`error` says why; NULL: delivered). */
int store_webhook_done(struct store *store, const struct uuid *job, const char *error, struct failure *failure);
int store_webhook_later(struct store *store, const struct uuid *job, int64_t due, const char *error,
                        struct failure *failure);

/* ---- schema ------------------------------------------------------------------------------------------------------ */

/* The newest that this program knows, and what the database has (0: nothing yet). */
int store_schema(struct store *store, unsigned *ret_known, unsigned *ret_present, struct failure *failure);
/* Up or down to a version, under a lock against others who do the same. FAIL_INVALID. */
int store_migrate(const char *url, unsigned version, struct failure *failure);
#define STORE_NEWEST 0xffffffffU

#endif
