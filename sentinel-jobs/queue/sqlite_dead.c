/* SPDX-License-Identifier: MIT */
#include "queue/sqlite.h"

int sqlite_dead_list(void *self, struct dead_letter *ret_letters, size_t max, size_t *ret_count,
                     struct failure *failure)
{
    struct sqlite_queue *queue = self;
    sqlite3_stmt *statement;
    size_t count = 0;
    int status = SQLITE_DONE;
    int error = 0;

    pthread_mutex_lock(&queue->reader_mutex);
    statement = queue_file_statement(&queue->reader, STATEMENT_DEAD_LIST, failure);
    if (statement) {
        sqlite3_bind_int64(statement, 1, (sqlite3_int64)(max < INT32_MAX ? max : INT32_MAX));
        while (count < max && (status = sqlite3_step(statement)) == SQLITE_ROW)
            queue_file_letter(statement, &ret_letters[count++]);
    }
    if (!statement || (status != SQLITE_DONE && status != SQLITE_ROW))
        error = queue_file_fail(&queue->reader, failure);
    else
        *ret_count = count;
    sqlite3_reset(statement);
    pthread_mutex_unlock(&queue->reader_mutex);
    return error;
}

static int dead_take_locked(struct queue_file *file, const struct uuid *job, struct dead_letter *ret_letter,
                            struct failure *failure)
{
    sqlite3_stmt *statement = queue_file_statement(file, STATEMENT_DEAD_TAKE, failure);
    struct dead_letter letter;
    int status;
    int error;

    if (!statement)
        return queue_file_fail(file, failure);
    if (job)
        status = sqlite3_bind_blob(statement, 1, job->bytes, sizeof(job->bytes), SQLITE_TRANSIENT);
    else
        status = sqlite3_bind_null(statement, 1);
    if (status != SQLITE_OK)
        return queue_file_fail(file, failure);
    status = sqlite3_step(statement);
    if (status != SQLITE_ROW) {
        error = status == SQLITE_DONE ? 0 : queue_file_fail(file, failure);
        sqlite3_reset(statement);
        return error;
    }
    queue_file_letter(statement, &letter);
    error = queue_file_finish(file, statement, failure);
    if (error < 0)
        return error;
    *ret_letter = letter;
    return 1;
}

int sqlite_dead_take(void *self, const struct uuid *job, struct dead_letter *ret_letter, struct failure *failure)
{
    struct sqlite_queue *queue = self;
    int got;

    pthread_mutex_lock(&queue->mutex);
    got = dead_take_locked(&queue->file, job, ret_letter, failure);
    pthread_mutex_unlock(&queue->mutex);
    return got;
}

int sqlite_dead_purge(void *self, uint64_t *ret_count, struct failure *failure)
{
    struct sqlite_queue *queue = self;
    int error;

    pthread_mutex_lock(&queue->mutex);
    error = queue_file_run(&queue->file, STATEMENT_DEAD_PURGE, failure);
    if (error == 0)
        *ret_count = (uint64_t)sqlite3_changes64(queue->file.db);
    pthread_mutex_unlock(&queue->mutex);
    return error;
}
