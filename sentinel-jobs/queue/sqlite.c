/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation. The queue is a table in a file of its own, written through one connection under a mutex: a
 * commit in WAL mode without an fsync takes some ten microseconds, so threads that wait for the mutex wait less than a
 * hand-over to a writing thread would cost. What only reads has a second connection.
 *
 * One process at a time takes. It holds a lock of PATH.taker for as long as it lives, and the kernel lets go of it
 * however the process ends: so the next one knows that what is marked as taken was left behind, and makes it ready
 * again. The lock is one of an open file description (F_OFD_SETLK), for it can be asked for without being taken: other
 * processes only publish, count, and look after dead letters, and must not stand in the way of a taker that starts.
 *
 * Takers are woken by a condition variable when this process publishes. What others publish, one of the waiting sees by
 * PRAGMA data_version, which reads shared memory, a few times a second.
 */
#include "queue/sqlite.h"
#include "queue/backend.h"

#include "base/cleanup.h"
#include "common/wallclock.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_DELIVERY_LIMIT 20

static const char *const prefixes[] = {"sqlite:", NULL};

static int open_taker(const char *path, int *ret_fd, struct failure *failure)
{
    cleanup_free char *name = NULL;
    int fd;

    if (asprintf(&name, "%s.taker", path) < 0) {
        name = NULL; /* which is undefined then */
        return fail_nomem(failure);
    }
    fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0)
        return fail(failure, FAIL_UNAVAILABLE, "cannot open the lock of the queue's taker: %s", strerror(errno));
    *ret_fd = fd;
    return 0;
}

static int lock_taker(int fd, struct failure *failure)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
        return 0;
    if (errno == EAGAIN || errno == EACCES)
        return fail(failure, FAIL_CONFLICT, "another process takes from the queue's file, which serves one at a time");
    return fail(failure, FAIL_UNAVAILABLE, "cannot lock the queue's file for its taker: %s", strerror(errno));
}

static bool has_taker(const struct sqlite_queue *queue)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    if (queue->prefetch > 0)
        return true;
    return fcntl(queue->taker_fd, F_OFD_GETLK, &lock) < 0 || lock.l_type != F_UNLCK;
}

static int init_locks(struct sqlite_queue *queue)
{
    pthread_condattr_t attributes;

    if (pthread_condattr_init(&attributes) != 0)
        return FAIL_NOMEM;
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&queue->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&queue->mutex, NULL);
    pthread_mutex_init(&queue->reader_mutex, NULL);
    return 0;
}

static void sqlite_close(void *self)
{
    struct sqlite_queue *queue = self;

    queue_file_close(&queue->reader);
    queue_file_close(&queue->file);
    /* Last, so that a next taker finds the file as this one leaves it. */
    sn__close(queue->taker_fd);
    pthread_cond_destroy(&queue->changed);
    pthread_mutex_destroy(&queue->mutex);
    pthread_mutex_destroy(&queue->reader_mutex);
    free(queue->taken);
    free(queue);
}

static int open_files(struct sqlite_queue *queue, const char *path, bool is_alone, struct failure *failure)
{
    int error;

    error = open_taker(path, &queue->taker_fd, failure);
    if (error == 0 && (queue->prefetch > 0 || is_alone))
        error = lock_taker(queue->taker_fd, failure);
    if (error == 0)
        error = queue_file_open(&queue->file, path, failure);
    if (error == 0)
        error = queue_file_open(&queue->reader, path, failure);
    if (error == 0 && queue->prefetch > 0)
        error = queue_file_recover(&queue->file, queue->delivery_limit, wallclock_us(), failure);
    return error;
}

static int sqlite_open(const char *url, const struct queue_options *options, void **ret_self, struct failure *failure)
{
    const char *path = url + strlen(prefixes[0]);
    struct sqlite_queue *queue;
    int error;

    if (*path == '\0' || *path == ':')
        return fail(failure, FAIL_INVALID, "a queue's URL is sqlite:PATH, of a file");
    queue = calloc(1, sizeof(*queue));
    if (!queue)
        return fail_nomem(failure);
    if (init_locks(queue) < 0) {
        free(queue);
        return fail_nomem(failure);
    }
    queue->taker_fd = -1;
    queue->prefetch = options->prefetch;
    queue->delivery_limit = options->delivery_limit ? options->delivery_limit : DEFAULT_DELIVERY_LIMIT;
    queue->may_be_ready = true;
    queue->taken = calloc(queue->prefetch ? queue->prefetch : 1, sizeof(*queue->taken));
    error = queue->taken ? open_files(queue, path, options->is_alone, failure) : fail_nomem(failure);
    if (error < 0) {
        sqlite_close(queue);
        return error;
    }
    *ret_self = queue;
    return 0;
}

static int insert(struct queue_file *file, const struct queue_message *message, struct failure *failure)
{
    sqlite3_stmt *statement = queue_file_statement(file, STATEMENT_PUBLISH, failure);
    int error;

    if (!statement)
        return queue_file_fail(file, failure);
    if (sqlite3_bind_blob(statement, 1, message->job.bytes, sizeof(message->job.bytes), SQLITE_STATIC) != SQLITE_OK ||
        sqlite3_bind_text(statement, 2, message->traceparent, -1, SQLITE_STATIC) != SQLITE_OK)
        return queue_file_fail(file, failure);
    error = queue_file_finish(file, statement, failure);
    sqlite3_clear_bindings(statement);
    return error;
}

static int insert_all(struct queue_file *file, const struct queue_message *messages, size_t count,
                      struct failure *failure)
{
    int error;

    if (count == 1)
        return insert(file, messages, failure);
    error = queue_file_run(file, STATEMENT_BEGIN, failure);
    if (error < 0)
        return error;
    for (size_t i = 0; i < count && error == 0; i++)
        error = insert(file, &messages[i], failure);
    if (error == 0)
        error = queue_file_run(file, STATEMENT_COMMIT, failure);
    if (error < 0)
        queue_file_run(file, STATEMENT_ROLLBACK, NULL);
    return error;
}

static int sqlite_publish(void *self, const struct queue_message *messages, size_t count, struct failure *failure)
{
    struct sqlite_queue *queue = self;
    int error;

    if (count == 0)
        return 0;
    for (size_t i = 0; i < count; i++)
        if (!memchr(messages[i].traceparent, '\0', sizeof(messages[i].traceparent)))
            return fail(failure, FAIL_INVALID, "a message's traceparent is too long");
    pthread_mutex_lock(&queue->mutex);
    error = insert_all(&queue->file, messages, count, failure);
    if (error == 0) {
        queue->may_be_ready = true;
        if (count == 1)
            pthread_cond_signal(&queue->changed);
        else
            pthread_cond_broadcast(&queue->changed);
    }
    pthread_mutex_unlock(&queue->mutex);
    return error;
}

static int sqlite_depth(void *self, struct queue_depth *ret_depth, struct failure *failure)
{
    struct sqlite_queue *queue = self;
    sqlite3_stmt *statement;
    int error = 0;

    pthread_mutex_lock(&queue->reader_mutex);
    statement = queue_file_statement(&queue->reader, STATEMENT_DEPTH, failure);
    if (!statement || sqlite3_step(statement) != SQLITE_ROW) {
        error = queue_file_fail(&queue->reader, failure);
    } else {
        uint64_t taken = (uint64_t)sqlite3_column_int64(statement, 1);

        /* What a taker left behind that is gone waits as all the others do. */
        if (taken > 0 && !has_taker(queue))
            taken = 0;
        *ret_depth = (struct queue_depth){
            .ready = (uint64_t)sqlite3_column_int64(statement, 0) - taken,
            .unsettled = taken,
            .dead = (uint64_t)sqlite3_column_int64(statement, 2),
        };
    }
    sqlite3_reset(statement);
    pthread_mutex_unlock(&queue->reader_mutex);
    return error;
}

static int sqlite_ping(void *self, struct failure *failure)
{
    struct sqlite_queue *queue = self;
    struct queue_depth depth;
    int error = sqlite_depth(self, &depth, failure);

    if (error < 0)
        return error;
    pthread_mutex_lock(&queue->mutex);
    error = queue_file_probe(&queue->file, failure);
    pthread_mutex_unlock(&queue->mutex);
    return error;
}

const struct queue_backend queue_sqlite = {
    .name = "sqlite",
    .prefixes = prefixes,
    .open = sqlite_open,
    .close = sqlite_close,
    .ping = sqlite_ping,
    .publish = sqlite_publish,
    .take = sqlite_take,
    .settle = sqlite_settle,
    .stop = sqlite_stop,
    .depth = sqlite_depth,
    .dead_list = sqlite_dead_list,
    .dead_take = sqlite_dead_take,
    .dead_purge = sqlite_dead_purge,
};
