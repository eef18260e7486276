/* SPDX-License-Identifier: MIT */
#ifndef JOBS_QUEUE_SQLITE_FILE_H
#define JOBS_QUEUE_SQLITE_FILE_H

#include "common/failure.h"
#include "queue/queue.h"

#include <sqlite3.h>

enum queue_statement {
    STATEMENT_BEGIN,
    STATEMENT_COMMIT,
    STATEMENT_ROLLBACK,
    STATEMENT_PUBLISH,    /* job, traceparent */
    STATEMENT_TAKE,       /* gives id, job, traceparent, deliveries */
    STATEMENT_DONE,       /* id */
    STATEMENT_AGAIN,      /* id */
    STATEMENT_BURY,       /* at, reason, id: copies a message to the dead letters */
    STATEMENT_DEPTH,      /* gives all, taken, dead */
    STATEMENT_CHANGED,    /* gives a number that another's commit changes */
    STATEMENT_DEAD_LIST,  /* max; gives job, at, reason */
    STATEMENT_DEAD_TAKE,  /* job or NULL; gives job, at, reason */
    STATEMENT_DEAD_PURGE, /* nothing; deletes */
    STATEMENT_COUNT
};

/* One connection to the file of a queue. For one thread at a time. */
struct queue_file {
    sqlite3 *db;
    bool has_failed; /* it could not be used, and no probe has succeeded since */
    sqlite3_stmt *statements[STATEMENT_COUNT];
};

/* Opens the file, and makes it and its tables if it is new. Closed by queue_file_close(), also after a failure. */
int queue_file_open(struct queue_file *file, const char *path, struct failure *failure);
void queue_file_close(struct queue_file *file);

/* The statement, made at its first use; NULL and *failure. */
sqlite3_stmt *queue_file_statement(struct queue_file *file, enum queue_statement which, struct failure *failure);
/* Steps to the end and resets. SQLITE_DONE becomes 0, anything else a failure; rows are passed over. */
int queue_file_finish(struct queue_file *file, sqlite3_stmt *statement, struct failure *failure);
/* A statement without parameters or rows. */
int queue_file_run(struct queue_file *file, enum queue_statement which, struct failure *failure);
/* Writes something that changes nothing, if it has failed: why it still cannot be written, or 0. */
int queue_file_probe(struct queue_file *file, struct failure *failure);
/* What SQLite said last, as a failure. */
int queue_file_fail(struct queue_file *file, struct failure *failure);

/*
 * Makes what an earlier taker left ready again; what was delivered `limit` times becomes a dead letter. Only for who
 * holds the taker's lock.
 */
int queue_file_recover(struct queue_file *file, unsigned limit, int64_t now, struct failure *failure);
/* Moves a message to the dead letters, in one transaction. */
int queue_file_bury(struct queue_file *file, int64_t id, int64_t now, const char *reason, struct failure *failure);

/* A row of job, at, reason. */
void queue_file_letter(sqlite3_stmt *row, struct dead_letter *ret_letter);

#endif
