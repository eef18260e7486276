/* SPDX-License-Identifier: MIT */
#include "queue/sqlite.h"

#include "base/clock.h"
#include "common/wallclock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define POLL_NS 100000000U /* how late another process's publication is seen at worst */

/* Waits for a change until `until`, or for the next look at other processes' doings. Under the mutex. */
static void wait_for_change(struct sqlite_queue *queue, uint64_t now, uint64_t until)
{
    bool polls = !queue->is_polled;
    struct timespec at;

    if (polls) {
        queue->is_polled = true;
        if (until > now + POLL_NS)
            until = now + POLL_NS;
    }
    at = sn__timespec(until);
    queue->waiting++;
    pthread_cond_timedwait(&queue->changed, &queue->mutex, &at);
    queue->waiting--;
    if (polls)
        queue->is_polled = false;
}

/* A number that another process's commit changes; a failure shows at the next statement. */
static void look_for_others(struct sqlite_queue *queue)
{
    sqlite3_stmt *statement = queue_file_statement(&queue->file, STATEMENT_CHANGED, NULL);

    if (statement && sqlite3_step(statement) == SQLITE_ROW) {
        int64_t version = sqlite3_column_int64(statement, 0);

        if (version != queue->data_version)
            queue->may_be_ready = true;
        queue->data_version = version;
    }
    sqlite3_reset(statement);
}

static void read_delivery(sqlite3_stmt *row, struct sqlite_taken *taken, struct delivery *ret_delivery)
{
    const void *job = sqlite3_column_blob(row, 1);
    const char *traceparent = (const char *)sqlite3_column_text(row, 2);
    struct delivery delivery = {.tag = (uint64_t)taken->id, .generation = taken->serial};

    if (sqlite3_column_bytes(row, 1) == sizeof(delivery.message.job.bytes))
        memcpy(delivery.message.job.bytes, job, sizeof(delivery.message.job.bytes));
    else
        delivery.is_malformed = true;
    snprintf(delivery.message.traceparent, sizeof(delivery.message.traceparent), "%s", traceparent ? traceparent : "");
    delivery.is_redelivered = taken->deliveries > 1;
    *ret_delivery = delivery;
}

/* 1 and a delivery, 0 if nothing is ready. */
static int take_row(struct sqlite_queue *queue, struct delivery *ret_delivery, struct failure *failure)
{
    sqlite3_stmt *statement = queue_file_statement(&queue->file, STATEMENT_TAKE, failure);
    struct sqlite_taken *taken = &queue->taken[queue->taken_count];
    struct delivery delivery;
    int status;
    int error;

    if (!statement)
        return queue_file_fail(&queue->file, failure);
    status = sqlite3_step(statement);
    if (status == SQLITE_ROW) {
        *taken = (struct sqlite_taken){.id = sqlite3_column_int64(statement, 0),
                                       .serial = ++queue->serial,
                                       .deliveries = (unsigned)sqlite3_column_int(statement, 3)};
        read_delivery(statement, taken, &delivery);
    } else if (status != SQLITE_DONE) {
        error = queue_file_fail(&queue->file, failure);
        sqlite3_reset(statement);
        return error;
    }
    /* Only the end of the statement commits it. */
    if (status == SQLITE_ROW) {
        error = queue_file_finish(&queue->file, statement, failure);
        if (error < 0)
            return error;
        queue->taken_count++;
        *ret_delivery = delivery;
        return 1;
    }
    sqlite3_reset(statement);
    queue->may_be_ready = false;
    return 0;
}

static int take_locked(struct sqlite_queue *queue, uint64_t until, struct delivery *ret_delivery,
                       struct failure *failure)
{
    for (;;) {
        uint64_t now;

        if (queue->is_stopped)
            return fail(failure, FAIL_CLOSED, "the queue was stopped");
        if (queue->taken_count < queue->prefetch) {
            int got;

            look_for_others(queue);
            got = queue->may_be_ready ? take_row(queue, ret_delivery, failure) : 0;
            if (got != 0)
                return got;
        }
        now = sn__now_ns();
        if (now >= until)
            return 0;
        wait_for_change(queue, now, until);
    }
}

int sqlite_take(void *self, unsigned timeout_ms, struct delivery *ret_delivery, struct failure *failure)
{
    struct sqlite_queue *queue = self;
    uint64_t until = sn__now_ns() + timeout_ms * UINT64_C(1000000);
    int got;

    if (queue->prefetch == 0)
        return fail(failure, FAIL_INVALID, "the queue was opened without prefetch: it takes nothing");
    pthread_mutex_lock(&queue->mutex);
    got = take_locked(queue, until, ret_delivery, failure);
    /* Of those that still wait, one must look for other processes' publications from now on, or take what is left. */
    if (queue->waiting > 0 && (!queue->is_polled || queue->may_be_ready))
        pthread_cond_signal(&queue->changed);
    pthread_mutex_unlock(&queue->mutex);
    return got;
}

static int run_for_id(struct sqlite_queue *queue, enum queue_statement which, int64_t id, struct failure *failure)
{
    sqlite3_stmt *statement = queue_file_statement(&queue->file, which, failure);

    if (!statement)
        return queue_file_fail(&queue->file, failure);
    sqlite3_bind_int64(statement, 1, id);
    return queue_file_finish(&queue->file, statement, failure);
}

static int settle_row(struct sqlite_queue *queue, const struct sqlite_taken *taken, enum queue_settlement settlement,
                      const char *reason, struct failure *failure)
{
    switch (settlement) {
    case QUEUE_DONE:
        return run_for_id(queue, STATEMENT_DONE, taken->id, failure);
    case QUEUE_AGAIN:
        if (taken->deliveries >= queue->delivery_limit)
            return queue_file_bury(&queue->file, taken->id, wallclock_us(), "delivery_limit", failure);
        return run_for_id(queue, STATEMENT_AGAIN, taken->id, failure);
    case QUEUE_DEAD:
        return queue_file_bury(&queue->file, taken->id, wallclock_us(), reason && *reason ? reason : "rejected",
                               failure);
    }
    return fail(failure, FAIL_INVALID, "there is no such settlement");
}

static struct sqlite_taken *find_taken(struct sqlite_queue *queue, const struct delivery *delivery)
{
    for (unsigned i = 0; i < queue->taken_count; i++)
        if (queue->taken[i].serial == delivery->generation && queue->taken[i].id == (int64_t)delivery->tag)
            return &queue->taken[i];
    return NULL;
}

int sqlite_settle(void *self, const struct delivery *delivery, enum queue_settlement settlement, const char *reason,
                  struct failure *failure)
{
    struct sqlite_queue *queue = self;
    struct sqlite_taken *taken;
    int error;

    pthread_mutex_lock(&queue->mutex);
    taken = find_taken(queue, delivery);
    if (!taken)
        error = fail(failure, FAIL_CONFLICT, "the delivery is settled already");
    else
        error = settle_row(queue, taken, settlement, reason, failure);
    if (error == 0) {
        *taken = queue->taken[--queue->taken_count];
        if (settlement == QUEUE_AGAIN)
            queue->may_be_ready = true;
        pthread_cond_signal(&queue->changed);
    }
    pthread_mutex_unlock(&queue->mutex);
    return error;
}

void sqlite_stop(void *self)
{
    struct sqlite_queue *queue = self;

    pthread_mutex_lock(&queue->mutex);
    queue->is_stopped = true;
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->mutex);
}
