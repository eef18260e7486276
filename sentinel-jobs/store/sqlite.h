/* SPDX-License-Identifier: MIT */
#ifndef JOBS_STORE_SQLITE_H
#define JOBS_STORE_SQLITE_H

#include "store/backend.h"

#include <pthread.h>
#include <sqlite3.h>

/* What the files of the SQLite store share; nothing else includes this. */

/* ---- sqlite_connection.c: one connection, used by one thread at a time ------------------------------------------- */

#define LITE_STATEMENTS 64 /* more than there are texts of SQL in the store */
#define LITE_LISTS 32      /* one for each set of a filter's fields */

struct lite_connection {
    sqlite3 *db;
    struct {
        const char *sql; /* known by its address: a static text */
        sqlite3_stmt *statement;
    } cache[LITE_STATEMENTS];
    size_t cached;
    sqlite3_stmt *lists[LITE_LISTS];
    uint64_t busy_since_ns;
};

/* Puts it into what the caller gives; the file exists. */
int lite_connect(const char *path, struct lite_connection *connection, struct failure *failure);
void lite_disconnect(struct lite_connection *connection);
/* Translates what SQLite returned, with its message. */
int lite_fail(sqlite3 *db, int code, struct failure *failure);
/* SQL without parameters and rows. */
int lite_exec(struct lite_connection *connection, const char *sql, struct failure *failure);

/*
 * A prepared statement in use. Parameters are bound one after the other; an error is remembered until the first step
 * tells it. What is bound must live until the query ends.
 */
struct lite_query {
    struct lite_connection *connection;
    sqlite3_stmt *statement;
    int bound;
    int code; /* SQLite's */
};
struct lite_query lite_query(struct lite_connection *connection, const char *sql);
void lite_bind_id(struct lite_query *query, const struct uuid *id);
void lite_bind_int(struct lite_query *query, int64_t number);
/* NULL is stored as "". */
void lite_bind_text(struct lite_query *query, const char *text);
void lite_bind_hash(struct lite_query *query, const uint8_t hash[32]);
/* 1: there is a row. 0: no more. */
int lite_step(struct lite_query *query, struct failure *failure);
/* To its end, whatever rows it has. */
int lite_run(struct lite_query *query, struct failure *failure);
/* How many rows the statement that just ended has changed. */
int lite_changes(const struct lite_query *query);
void lite_query_end(struct lite_query *query);
#define cleanup_query __attribute__((cleanup(lite_query_end)))

int64_t lite_int(const struct lite_query *query, int column);
/* A copy; NULL without memory, "" for NULL. */
char *lite_text(const struct lite_query *query, int column);
/* The same, cut to fit. */
void lite_text_into(const struct lite_query *query, int column, char *text, size_t size);
/* FAIL_INTERNAL if what is there is no id. */
int lite_id(const struct lite_query *query, int column, struct uuid *ret_id, struct failure *failure);

/* ---- sqlite_writer.c: all that changes the database -------------------------------------------------------------- */

/* One change. Embedded, as the first member, in a struct with its parameters and results. */
struct lite_operation {
    /* In a transaction; what it returns is what lite_write() returns. Of a failure, its changes are undone. */
    int (*run)(struct lite_connection *connection, struct lite_operation *operation, struct failure *failure);
    /* Frees and forgets what run() made: the transaction failed after it. NULL: nothing to free. */
    void (*undo)(struct lite_operation *operation);
    bool is_durable; /* has to be on the disk before it is acknowledged */
    /* the writer's */
    struct lite_operation *next;
    int code;
    struct failure failure;
    bool is_done;
    pthread_cond_t done;
};

struct lite_writer {
    struct lite_connection connection;
    pthread_t thread;
    bool is_started;
    bool is_synchronous; /* the connection's present setting is FULL */
    pthread_mutex_t mutex;
    pthread_cond_t work;
    struct lite_operation *first; /* waiting; this and what follows is under the mutex */
    struct lite_operation *last;
    bool is_stopping;
    bool has_failed; /* a write could not be done, and no probe has succeeded since */
};

/* The connection is open already. */
int lite_writer_start(struct lite_writer *writer, struct failure *failure);
/* Ends the thread when nothing waits any more, and the connection; also of one that was never started. */
void lite_writer_stop(struct lite_writer *writer);

/* ---- sqlite.c ---------------------------------------------------------------------------------------------------- */

#define LITE_READERS 4

struct lite {
    struct lite_writer writer;
    struct lite_connection readers[LITE_READERS];
    struct lite_connection *idle[LITE_READERS];
    size_t idle_count;
    pthread_mutex_t mutex; /* of the idle ones */
    pthread_cond_t returned;
};

/* Blocks until it is committed. */
int lite_write(struct lite *lite, struct lite_operation *operation, struct failure *failure); /* sqlite_writer.c */
/* Writes something, if the file could not be written before: why it still cannot, or 0. */
int lite_probe(struct lite *lite, struct failure *failure); /* sqlite_writer.c */
/* A connection for reading, until it is given back. */
struct lite_connection *lite_borrow(struct lite *lite);
void lite_give_back(struct lite *lite, struct lite_connection *connection);

/* ---- sqlite_schema.c --------------------------------------------------------------------------------------------- */

#define LITE_APPLICATION_ID 0x534a5354 /* what tells a store's file from another program's */

unsigned lite_schema_known(void);
int lite_schema_present(struct lite_connection *connection, unsigned *ret_version, struct failure *failure);
/* Is this what the program needs? FAIL_CONFLICT. */
int lite_schema_check(struct lite_connection *connection, bool may_migrate, struct failure *failure);
int lite_schema_migrate(struct lite_connection *connection, unsigned version, struct failure *failure);

/* ---- sqlite_jobs.c ----------------------------------------------------------------------------------------------- */

/* What lite_job_read() reads, from the first column on. */
#define LITE_JOB                                                                                                       \
    "j.id, j.status, j.attempt, j.cancel_requested, j.key_id, j.user_id, j.language, j.worker, j.callback_url, "       \
    "j.traceparent, j.time_used_ms, j.memory_used_kb, j.created, j.published, j.claimed, j.compiling, j.running, "     \
    "j.finished"
#define LITE_JOB_COLUMNS 18
int lite_job_read(const struct lite_query *query, struct job **ret_job, struct failure *failure);

int lite_insert(void *self, const struct job *const *jobs, size_t count, const struct store_idempotency *idempotency,
                char **ret_response, struct failure *failure);
int lite_get(void *self, const struct uuid *id, unsigned with, struct job **ret_job, struct failure *failure);
int lite_list(void *self, const struct store_filter *filter, struct job ***ret_jobs, size_t *ret_count,
              struct failure *failure);
int lite_load(void *self, struct store_load **ret_loads, size_t *ret_count, struct failure *failure);
int lite_retire(void *self, int64_t before, int64_t now, size_t *ret_count, struct failure *failure);

/* ---- sqlite_history.c: what happened in a time ------------------------------------------------------------------- */

int lite_history(void *self, int64_t since, int64_t until, size_t max, struct job_history *ret_history,
                 struct failure *failure);

/* ---- sqlite_outbox.c: jobs on their way to and from the queue ---------------------------------------------------- */

int lite_unpublished(void *self, int64_t before, struct uuid *ret_ids, size_t max, size_t *ret_count,
                     struct failure *failure);
int lite_mark_published(void *self, const struct uuid *ids, size_t count, int64_t now, struct failure *failure);
int lite_recall(void *self, struct failure *failure);
int lite_expire(void *self, int64_t now, size_t *ret_count, struct failure *failure);

/* ---- sqlite_attempts.c: what is done to a job by attempts -------------------------------------------------------- */

/* Why nothing was changed for an attempt: FAIL_NOT_FOUND or FAIL_CONFLICT, with the reason. */
int lite_refusal(struct lite_connection *connection, const struct uuid *id, uint32_t attempt, struct failure *failure);

int lite_claim(void *self, const struct uuid *id, const char *worker, int64_t now, int64_t lease_until, bool takeover,
               struct job **ret_job, struct failure *failure);
int lite_advance(void *self, const struct uuid *id, uint32_t attempt, enum job_status status, int64_t now,
                 struct failure *failure);
int lite_renew(void *self, struct store_lease *leases, size_t count, int64_t lease_until, struct failure *failure);
int lite_release(void *self, const struct uuid *id, uint32_t attempt, struct failure *failure);

/* ---- sqlite_ends.c: how jobs end, and begin again ---------------------------------------------------------------- */

int lite_finish(void *self, const struct uuid *id, uint32_t attempt, const struct store_outcome *outcome,
                struct failure *failure);
int lite_cancel(void *self, const struct uuid *id, const char *result, int64_t now, struct failure *failure);
int lite_revive(void *self, const struct uuid *id, struct failure *failure);

/* ---- sqlite_keys.c, sqlite_workers.c, sqlite_webhooks.c ---------------------------------------------------------- */

int lite_key_add(void *self, const struct api_key *key, struct failure *failure);
int lite_key_find(void *self, const uint8_t hash[32], struct api_key *ret_key, struct failure *failure);
int lite_key_revoke(void *self, const char *id, int64_t now, struct failure *failure);
int lite_key_list(void *self, struct api_key **ret_keys, size_t *ret_count, struct failure *failure);
int lite_worker_beat(void *self, const struct worker_record *worker, struct failure *failure);
int lite_worker_gone(void *self, const char *name, struct failure *failure);
int lite_worker_list(void *self, int64_t since, struct worker_record **ret_workers, size_t *ret_count,
                     struct failure *failure);
int lite_webhook_take(void *self, int64_t now, int64_t lease_until, struct webhook *ret_hooks, size_t max,
                      size_t *ret_count, struct failure *failure);
int lite_webhook_done(void *self, const struct uuid *job, const char *error, struct failure *failure);
int lite_webhook_later(void *self, const struct uuid *job, int64_t due, const char *error, struct failure *failure);

#endif
