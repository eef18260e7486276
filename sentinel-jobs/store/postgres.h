/* SPDX-License-Identifier: MIT */
#ifndef JOBS_STORE_POSTGRES_H
#define JOBS_STORE_POSTGRES_H

#include "base/buffer.h"
#include "store/store.h"

#include <libpq-fe.h>
#include <pthread.h>

/* Private: what the files of the PostgreSQL store share, and the events over PostgreSQL with them. */

/* ---- parameters and results (all binary, but for text) ----------------------------------------------------------- */

#define POSTGRES_PARAMS_MAX 16

/* The parameters of one execution. It points into itself: not to be copied. Scalars are kept, the rest is referred to.
 */
struct postgres_params {
    int count;
    Oid types[POSTGRES_PARAMS_MAX];
    const char *values[POSTGRES_PARAMS_MAX];
    int lengths[POSTGRES_PARAMS_MAX];
    int formats[POSTGRES_PARAMS_MAX];
    char scalars[POSTGRES_PARAMS_MAX][16];
    bool failed; /* an array had no memory */
};

void postgres_put_uuid(struct postgres_params *params, const struct uuid *uuid);
void postgres_put_i64(struct postgres_params *params, int64_t value);
void postgres_put_bool(struct postgres_params *params, bool value);
void postgres_put_text(struct postgres_params *params, const char *text);
void postgres_put_bytes(struct postgres_params *params, const void *data, size_t length);

/* An array parameter, in the making; the buffer in it is to be cleared. */
struct postgres_array {
    struct sn__buffer buffer;
    Oid type;
};
#define cleanup_postgres_array __attribute__((cleanup(postgres_array_cleanup)))
void postgres_array_cleanup(struct postgres_array *array);
enum postgres_element { POSTGRES_UUID, POSTGRES_I64, POSTGRES_TEXT, POSTGRES_BYTES };
void postgres_array_begin(struct postgres_array *array, enum postgres_element element, size_t count);
void postgres_array_uuid(struct postgres_array *array, const struct uuid *uuid);
void postgres_array_i64(struct postgres_array *array, int64_t value);
/* A NULL text is an empty one. */
void postgres_array_text(struct postgres_array *array, const char *text);
void postgres_array_bytes(struct postgres_array *array, const void *data, size_t length);
void postgres_put_array(struct postgres_params *params, const struct postgres_array *array);

#define cleanup_result __attribute__((cleanup(postgres_result_cleanup)))
void postgres_result_cleanup(PGresult **result);
/* Of any width of integer; 0 for NULL. */
int64_t postgres_i64(const PGresult *result, int row, int column);
bool postgres_bool(const PGresult *result, int row, int column);
struct uuid postgres_uuid(const PGresult *result, int row, int column);
/* A copy to be freed, NULL without memory; "" for NULL. */
char *postgres_text(const PGresult *result, int row, int column);
void postgres_copy_text(const PGresult *result, int row, int column, char *to, size_t size);

/* ---- connections ------------------------------------------------------------------------------------------------- */

/* What connections are made of: the URL taken apart, and what each is told first. */
struct postgres_target;
/* `setup`: SQL, a static string. FAIL_INVALID. */
int postgres_target_make(const char *url, const char *setup, struct postgres_target **ret_target,
                         struct failure *failure);
void postgres_target_free(struct postgres_target *target);

#define POSTGRES_PREPARED_MAX 64

struct postgres_connection {
    PGconn *pg; /* NULL: there is none now */
    const char *prepared[POSTGRES_PREPARED_MAX];
    unsigned prepared_count;
    unsigned timeout_ms;              /* of one execution; beyond it the connection is given up */
    bool is_broken;                   /* to be closed */
    bool is_hung;                     /* broken, because no answer came in time */
    bool must_repeat;                 /* the last execution was undone for the sake of another's: try again */
    struct postgres_connection *next; /* the pool's */
};

/*
 * What is executed. A name makes it prepared, on each connection once; names are unique in a process. may_repeat: doing
 * it twice is as good as once, or the caller can tell.
 */
struct postgres_statement {
    const char *name; /* a static string; NULL: not prepared */
    const char *sql;
    bool may_repeat;
};

/* `wake`: a descriptor that, once readable, ends the attempt (FAIL_CLOSED), or -1. */
int postgres_connect(const struct postgres_target *target, int wake, struct postgres_connection *connection,
                     struct failure *failure);
void postgres_disconnect(struct postgres_connection *connection);
/* Without a trip to it: has the other end closed it meanwhile? */
bool postgres_is_alive(struct postgres_connection *connection);
/* *ret_result to be cleared; NULL: not wanted. */
int postgres_run(struct postgres_connection *connection, const struct postgres_statement *statement,
                 const struct postgres_params *params, PGresult **ret_result, struct failure *failure);
/* Two statements in one trip and one transaction; the result is the second one's. */
int postgres_run_two(struct postgres_connection *connection, const struct postgres_statement *first,
                     const struct postgres_params *first_params, const struct postgres_statement *second,
                     const struct postgres_params *second_params, struct failure *failure);
/* Several statements as text. */
int postgres_script(struct postgres_connection *connection, const char *sql, struct failure *failure);

struct postgres_pool;
/* Takes the target over, also when it fails. Makes no connection yet. */
int postgres_pool_make(struct postgres_target *target, unsigned connections, struct postgres_pool **ret_pool,
                       struct failure *failure);
void postgres_pool_free(struct postgres_pool *pool);
/* A connection that works, in turn: who waits longest is next. FAIL_UNAVAILABLE. */
int postgres_take(struct postgres_pool *pool, struct postgres_connection **ret_connection, struct failure *failure);
void postgres_give(struct postgres_pool *pool, struct postgres_connection *connection);
/*
 * Takes, runs, gives back; once more after a broken connection if the statement may be repeated. *ret_again (may be
 * NULL; set on failure too): a connection broke under an attempt at it, and nobody knows what came of that one.
 */
int postgres_query(struct postgres_pool *pool, const struct postgres_statement *statement,
                   const struct postgres_params *params, PGresult **ret_result, bool *ret_again,
                   struct failure *failure);

/* ---- schema ------------------------------------------------------------------------------------------------------ */

struct postgres_migration {
    const char *name;
    const char *up;
    const char *down;
};
/* Made from migrations/: [0] leads to version 1. */
extern const struct postgres_migration postgres_migrations[];
extern const unsigned postgres_migration_count;
#define POSTGRES_MIGRATION_EVENTS 2

/* Held while somebody changes the schema. */
#define POSTGRES_LOCK_MIGRATE "6000616267"
#define POSTGRES_LOCK_PARTITIONS "6000616268"

/* What the database has. */
int postgres_schema_present(struct postgres_connection *connection, unsigned *ret_version, struct failure *failure);
/* Both versions known: FAIL_CONFLICT if the database's is newer. */
int postgres_schema_refuse_newer(unsigned present, struct failure *failure);
int postgres_migrate(const char *url, unsigned version, struct failure *failure);
/* Makes the days of partitions that are missing, from the one of `now` on. */
int postgres_partitions_make(struct postgres_pool *pool, int64_t now, struct failure *failure);

/* ---- the store --------------------------------------------------------------------------------------------------- */

struct postgres_store {
    struct postgres_pool *pool;
};

/* The columns of a job, for postgres_job(). */
#define POSTGRES_JOB_COLUMNS                                                                                           \
    "id, status, attempt, cancel_requested, key_id, user_id, language, worker, callback_url, traceparent, "            \
    "time_used_ms, memory_used_kb, created, published, claimed, compiling, running, finished"
/* spec and result: two more columns, where NULL means that they were not asked for. NULL without memory. */
struct job *postgres_job(const PGresult *result, int row, bool has_texts);

/* What a job is that a change did not find as it should be. */
struct postgres_state {
    enum job_status status;
    uint32_t attempt;
    bool is_held;
    int64_t finished;
};
/* FAIL_NOT_FOUND. */
int postgres_state(struct postgres_pool *pool, const struct uuid *id, struct postgres_state *ret_state,
                   struct failure *failure);
int postgres_conflict(const struct postgres_state *state, struct failure *failure);

int postgres_insert(void *self, const struct job *const *jobs, size_t count,
                    const struct store_idempotency *idempotency, char **ret_response, struct failure *failure);
int postgres_get(void *self, const struct uuid *id, unsigned with, struct job **ret_job, struct failure *failure);
int postgres_list(void *self, const struct store_filter *filter, struct job ***ret_jobs, size_t *ret_count,
                  struct failure *failure);
int postgres_unpublished(void *self, int64_t before, struct uuid *ret_ids, size_t max, size_t *ret_count,
                         struct failure *failure);
int postgres_mark_published(void *self, const struct uuid *ids, size_t count, int64_t now, struct failure *failure);
int postgres_load(void *self, struct store_load **ret_loads, size_t *ret_count, struct failure *failure);
int postgres_history(void *self, int64_t since, int64_t until, size_t max, struct job_history *ret_history,
                     struct failure *failure);
int postgres_claim(void *self, const struct uuid *id, const char *worker, int64_t now, int64_t lease_until,
                   bool takeover, struct job **ret_job, struct failure *failure);
int postgres_advance(void *self, const struct uuid *id, uint32_t attempt, enum job_status status, int64_t now,
                     struct failure *failure);
int postgres_renew(void *self, struct store_lease *leases, size_t count, int64_t lease_until, struct failure *failure);
int postgres_release(void *self, const struct uuid *id, uint32_t attempt, struct failure *failure);
int postgres_recall(void *self, struct failure *failure);
int postgres_expire(void *self, int64_t now, size_t *ret_count, struct failure *failure);
int postgres_finish(void *self, const struct uuid *id, uint32_t attempt, const struct store_outcome *outcome,
                    struct failure *failure);
int postgres_cancel(void *self, const struct uuid *id, const char *result, int64_t now, struct failure *failure);
int postgres_revive(void *self, const struct uuid *id, struct failure *failure);
int postgres_retire(void *self, int64_t before, int64_t now, size_t *ret_count, struct failure *failure);
int postgres_key_add(void *self, const struct api_key *key, struct failure *failure);
int postgres_key_find(void *self, const uint8_t hash[32], struct api_key *ret_key, struct failure *failure);
int postgres_key_revoke(void *self, const char *id, int64_t now, struct failure *failure);
int postgres_key_list(void *self, struct api_key **ret_keys, size_t *ret_count, struct failure *failure);
int postgres_worker_beat(void *self, const struct worker_record *worker, struct failure *failure);
int postgres_worker_gone(void *self, const char *name, struct failure *failure);
int postgres_worker_list(void *self, int64_t since, struct worker_record **ret_workers, size_t *ret_count,
                         struct failure *failure);
int postgres_webhook_take(void *self, int64_t now, int64_t lease_until, struct webhook *ret_hooks, size_t max,
                          size_t *ret_count, struct failure *failure);
int postgres_webhook_done(void *self, const struct uuid *job, const char *error, struct failure *failure);
int postgres_webhook_later(void *self, const struct uuid *job, int64_t due, const char *error, struct failure *failure);

#endif
