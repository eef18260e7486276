/* SPDX-License-Identifier: MIT */
#include "store/sqlite.h"

#include "common/wallclock.h"

#include <signal.h>
#include <string.h>

/*
 * Theory of operation. SQLite has one writer at a time, and what a commit costs is the wait for the disk: so one thread
 * does all that changes the database, for everybody. A caller puts its operation (on its own stack) into a queue and
 * sleeps until it is done. The thread takes all that waits, up to GROUP_MOST, runs it in one transaction and commits
 * once; what arrives meanwhile is the next group. Nobody is made to wait so that a group may grow: alone, an operation
 * is a group of one.
 *
 * Each operation runs in a savepoint of its own, so that one which fails takes back only what it did itself. An error
 * of the disk or of memory may cost the whole transaction: then each of the group is run again in a transaction of its
 * own, so that one insert that is too large for the disk does not fail those beside it.
 *
 * A transaction begins with BEGIN IMMEDIATE: other processes may have the file open, and a transaction that begins by
 * reading cannot become a writing one after somebody else has written. Its commit waits for the disk
 * (synchronous = FULL) if one of the group was promised to be durable; a commit with NORMAL outlasts the end of this
 * process but not a power cut, and becomes durable with the next one with FULL, as they share the log.
 */

#define GROUP_MOST 256

static int run_sql(struct lite_connection *connection, const char *sql, struct failure *failure)
{
    cleanup_query struct lite_query query = lite_query(connection, sql);

    return lite_run(&query, failure);
}

static bool is_in_transaction(struct lite_connection *connection)
{
    return !sqlite3_get_autocommit(connection->db);
}

static int begin(struct lite_writer *writer, bool is_durable, struct failure *failure)
{
    if (writer->is_synchronous != is_durable) {
        int error = lite_exec(&writer->connection,
                              is_durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL", failure);

        if (error < 0)
            return error;
        writer->is_synchronous = is_durable;
    }
    return run_sql(&writer->connection, "BEGIN IMMEDIATE", failure);
}

/* 0, or why the transaction is lost, with all that was done in it. */
static int run_operation(struct lite_connection *connection, struct lite_operation *operation, struct failure *failure)
{
    int error = run_sql(connection, "SAVEPOINT operation", failure);

    if (error < 0)
        return error;
    operation->code = operation->run(connection, operation, &operation->failure);
    if (!is_in_transaction(connection)) {
        *failure = operation->failure;
        return operation->code < 0 ? operation->code : fail(failure, FAIL_INTERNAL, "a transaction ended by itself");
    }
    if (operation->code < 0) {
        error = run_sql(connection, "ROLLBACK TO operation", failure);
        if (error < 0)
            return error;
    }
    return run_sql(connection, "RELEASE operation", failure);
}

static void fail_all(struct lite_operation *const *group, size_t count, int error, const struct failure *failure)
{
    for (size_t i = 0; i < count; i++) {
        if (group[i]->code >= 0 && group[i]->undo)
            group[i]->undo(group[i]);
        group[i]->code = error;
        group[i]->failure = *failure;
    }
}

/* From after the beginning to the commit. */
static int run_transaction(struct lite_connection *connection, struct lite_operation *const *group, size_t count)
{
    struct failure failure = {0};
    int error = 0;

    for (size_t i = 0; error == 0 && i < count; i++)
        error = run_operation(connection, group[i], &failure);
    if (error == 0)
        error = run_sql(connection, "COMMIT", &failure);
    if (error == 0)
        return 0;
    if (is_in_transaction(connection)) {
        struct failure ignored;

        run_sql(connection, "ROLLBACK", &ignored);
    }
    fail_all(group, count, error, &failure);
    return error;
}

static void run_group(struct lite_writer *writer, struct lite_operation *const *group, size_t count)
{
    struct failure failure = {0};
    bool is_durable = false;
    int error;

    for (size_t i = 0; i < count; i++) {
        group[i]->code = FAIL_CLOSED; /* nothing to undo yet */
        is_durable = is_durable || group[i]->is_durable;
    }
    error = begin(writer, is_durable, &failure);
    if (error < 0) {
        fail_all(group, count, error, &failure);
        return;
    }
    if (run_transaction(&writer->connection, group, count) == 0 || count == 1)
        return;
    for (size_t i = 0; i < count; i++)
        run_group(writer, &group[i], 1);
}

/* Waits for work; 0 when there will be no more. */
static size_t take_group(struct lite_writer *writer, struct lite_operation **group)
{
    size_t count = 0;

    pthread_mutex_lock(&writer->mutex);
    while (!writer->first && !writer->is_stopping)
        pthread_cond_wait(&writer->work, &writer->mutex);
    while (writer->first && count < GROUP_MOST) {
        group[count++] = writer->first;
        writer->first = writer->first->next;
    }
    pthread_mutex_unlock(&writer->mutex);
    return count;
}

/* An operation is its caller's again, and may be gone, as soon as the mutex is free. */
static void acknowledge(struct lite_writer *writer, struct lite_operation *const *group, size_t count)
{
    pthread_mutex_lock(&writer->mutex);
    for (size_t i = 0; i < count; i++) {
        group[i]->is_done = true;
        pthread_cond_signal(&group[i]->done);
    }
    pthread_mutex_unlock(&writer->mutex);
}

static void *write_groups(void *arg)
{
    struct lite_writer *writer = arg;
    struct lite_operation *group[GROUP_MOST];
    size_t count;

    while ((count = take_group(writer, group)) > 0) {
        run_group(writer, group, count);
        acknowledge(writer, group, count);
    }
    return NULL;
}

int lite_writer_start(struct lite_writer *writer, struct failure *failure)
{
    sigset_t all;
    sigset_t before;
    int error;

    writer->is_synchronous = true;
    pthread_mutex_init(&writer->mutex, NULL);
    pthread_cond_init(&writer->work, NULL);
    /* Signals are for threads that know what to do with them. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&writer->thread, NULL, write_groups, writer);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    writer->is_started = error == 0;
    if (error != 0) {
        pthread_cond_destroy(&writer->work);
        pthread_mutex_destroy(&writer->mutex);
        return fail(failure, FAIL_UNAVAILABLE, "no thread for the database: %s", strerrordesc_np(error));
    }
    return 0;
}

void lite_writer_stop(struct lite_writer *writer)
{
    if (writer->is_started) {
        pthread_mutex_lock(&writer->mutex);
        writer->is_stopping = true;
        pthread_cond_signal(&writer->work);
        pthread_mutex_unlock(&writer->mutex);
        pthread_join(writer->thread, NULL);
        pthread_cond_destroy(&writer->work);
        pthread_mutex_destroy(&writer->mutex);
    }
    lite_disconnect(&writer->connection);
}

int lite_write(struct lite *lite, struct lite_operation *operation, struct failure *failure)
{
    struct lite_writer *writer = &lite->writer;

    pthread_cond_init(&operation->done, NULL);
    operation->is_done = false;
    operation->next = NULL;
    pthread_mutex_lock(&writer->mutex);
    if (writer->first)
        writer->last->next = operation;
    else
        writer->first = operation;
    writer->last = operation;
    pthread_cond_signal(&writer->work);
    while (!operation->is_done)
        pthread_cond_wait(&operation->done, &writer->mutex);
    if (operation->code == FAIL_UNAVAILABLE)
        writer->has_failed = true;
    pthread_mutex_unlock(&writer->mutex);
    pthread_cond_destroy(&operation->done);
    if (operation->code < 0 && failure)
        *failure = operation->failure;
    return operation->code;
}

/* ---- is there room again? ---------------------------------------------------------------------------------------- */

/*
 * As much as a submission takes: where the disk is full, the last pages of the log may still have room for a heartbeat.
 * The row is in a table that retention looks through, so one that is left behind goes with it; its key_id is no key's.
 */
#define PROBE_SIZE 65536

static int write_probe(struct lite_connection *connection, struct lite_operation *operation, struct failure *failure)
{
    cleanup_query struct lite_query query =
        lite_query(connection, "REPLACE INTO idempotency (key_id, key, digest, response, created) "
                               "VALUES ('probe', '', '', zeroblob(?), ?)");

    (void)operation;
    lite_bind_int(&query, PROBE_SIZE);
    lite_bind_int(&query, wallclock_us());
    return lite_run(&query, failure);
}

static int remove_probe(struct lite_connection *connection, struct lite_operation *operation, struct failure *failure)
{
    (void)operation;
    return run_sql(connection, "DELETE FROM idempotency WHERE key_id = 'probe' AND key = ''", failure);
}

int lite_probe(struct lite *lite, struct failure *failure)
{
    struct lite_operation put = {.run = write_probe, .is_durable = true};
    struct lite_operation take = {.run = remove_probe};
    struct lite_writer *writer = &lite->writer;
    bool has_failed;
    int error;

    pthread_mutex_lock(&writer->mutex);
    has_failed = writer->has_failed;
    pthread_mutex_unlock(&writer->mutex);
    if (!has_failed)
        return 0;
    error = lite_write(lite, &put, failure);
    if (error == 0)
        error = lite_write(lite, &take, failure);
    if (error == 0) {
        pthread_mutex_lock(&writer->mutex);
        writer->has_failed = false;
        pthread_mutex_unlock(&writer->mutex);
    }
    return error;
}
