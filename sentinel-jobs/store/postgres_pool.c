/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation. A pool has a fixed number of places for connections, which are made when they are first taken.
 * Who finds none free waits in a line of its own condition variables, and one that is given back goes straight to the
 * first in it: nobody who comes later can be faster. The one given back last is taken first, so a pool with little to
 * do uses few.
 *
 * A connection that broke is made anew by who takes it next. While that does not succeed, takers fail at once for a
 * time that doubles up to two seconds, so that a database that comes back is not met by everybody at once.
 */
#include "store/postgres.h"

#include "base/clock.h"

#include <string.h>

#define TURN_TIMEOUT_S 30
#define BACKOFF_FIRST_MS 50
#define BACKOFF_MOST_MS 2000

struct waiter {
    pthread_cond_t condition;
    struct postgres_connection *granted;
    struct waiter *next;
};

struct postgres_pool {
    struct postgres_target *target;
    pthread_mutex_t mutex;
    struct postgres_connection *idle;
    struct waiter *first;
    struct waiter *last;
    unsigned backoff_ms; /* 0: the last attempt to connect succeeded */
    uint64_t not_before_ns;
    struct failure why;
    unsigned count;
    struct postgres_connection places[];
};

int postgres_pool_make(struct postgres_target *target, unsigned connections, struct postgres_pool **ret_pool,
                       struct failure *failure)
{
    struct postgres_pool *pool = calloc(1, sizeof(*pool) + connections * sizeof(pool->places[0]));

    if (!pool) {
        postgres_target_free(target);
        return fail_nomem(failure);
    }
    pool->target = target;
    pool->count = connections;
    pthread_mutex_init(&pool->mutex, NULL);
    for (unsigned i = 0; i < connections; i++) {
        pool->places[i].next = pool->idle;
        pool->idle = &pool->places[i];
    }
    *ret_pool = pool;
    return 0;
}

void postgres_pool_free(struct postgres_pool *pool)
{
    if (!pool)
        return;
    for (unsigned i = 0; i < pool->count; i++)
        postgres_disconnect(&pool->places[i]);
    pthread_mutex_destroy(&pool->mutex);
    postgres_target_free(pool->target);
    free(pool);
}

/* ---- places ------------------------------------------------------------------------------------------------------ */

static void leave_line(struct postgres_pool *pool, const struct waiter *waiter)
{
    struct waiter *before = NULL;

    for (struct waiter *w = pool->first; w; before = w, w = w->next) {
        if (w != waiter)
            continue;
        if (before)
            before->next = w->next;
        else
            pool->first = w->next;
        if (pool->last == w)
            pool->last = before;
        return;
    }
}

/* With the mutex held. NULL: nothing was given back for too long. */
static struct postgres_connection *wait_in_line(struct postgres_pool *pool)
{
    struct waiter waiter = {0};
    struct timespec deadline;
    pthread_condattr_t attributes;
    int timed_out = 0;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&waiter.condition, &attributes);
    pthread_condattr_destroy(&attributes);
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += TURN_TIMEOUT_S;
    if (pool->last)
        pool->last->next = &waiter;
    else
        pool->first = &waiter;
    pool->last = &waiter;
    while (!waiter.granted && timed_out == 0)
        timed_out = pthread_cond_timedwait(&waiter.condition, &pool->mutex, &deadline);
    if (!waiter.granted)
        leave_line(pool, &waiter);
    pthread_cond_destroy(&waiter.condition);
    return waiter.granted;
}

static struct postgres_connection *take_place(struct postgres_pool *pool)
{
    struct postgres_connection *connection;

    pthread_mutex_lock(&pool->mutex);
    /* An idle one and somebody in the line do not exist at the same time. */
    connection = pool->idle;
    if (connection)
        pool->idle = connection->next;
    else
        connection = wait_in_line(pool);
    pthread_mutex_unlock(&pool->mutex);
    return connection;
}

void postgres_give(struct postgres_pool *pool, struct postgres_connection *connection)
{
    struct waiter *waiter;

    /* One in the middle of a transaction, after a failure in it, is cheaper to close than to mend. */
    if (connection->pg && (connection->is_broken || PQtransactionStatus(connection->pg) != PQTRANS_IDLE ||
                           PQpipelineStatus(connection->pg) != PQ_PIPELINE_OFF))
        postgres_disconnect(connection);
    pthread_mutex_lock(&pool->mutex);
    waiter = pool->first;
    if (waiter) {
        leave_line(pool, waiter);
        waiter->granted = connection;
        pthread_cond_signal(&waiter->condition);
    } else {
        connection->next = pool->idle;
        pool->idle = connection;
    }
    pthread_mutex_unlock(&pool->mutex);
}

/* ---- connections ------------------------------------------------------------------------------------------------- */

static int refuse_too_early(struct postgres_pool *pool, struct failure *failure)
{
    int error = 0;

    pthread_mutex_lock(&pool->mutex);
    if (pool->backoff_ms > 0 && sn__now_ns() < pool->not_before_ns) {
        error = pool->why.code;
        if (failure)
            *failure = pool->why;
    }
    pthread_mutex_unlock(&pool->mutex);
    return error;
}

static void remember_attempt(struct postgres_pool *pool, const struct failure *failed)
{
    pthread_mutex_lock(&pool->mutex);
    if (failed) {
        pool->backoff_ms = pool->backoff_ms ? pool->backoff_ms * 2 : BACKOFF_FIRST_MS;
        if (pool->backoff_ms > BACKOFF_MOST_MS)
            pool->backoff_ms = BACKOFF_MOST_MS;
        pool->not_before_ns = sn__now_ns() + pool->backoff_ms * 1000000ULL;
        pool->why = *failed;
    } else {
        pool->backoff_ms = 0;
    }
    pthread_mutex_unlock(&pool->mutex);
}

static int connect_place(struct postgres_pool *pool, struct postgres_connection *connection, struct failure *failure)
{
    struct failure why = {0};
    int error = refuse_too_early(pool, failure);

    if (error < 0)
        return error;
    error = postgres_connect(pool->target, -1, connection, &why);
    remember_attempt(pool, error < 0 ? &why : NULL);
    if (error < 0 && failure)
        *failure = why;
    return error;
}

int postgres_take(struct postgres_pool *pool, struct postgres_connection **ret_connection, struct failure *failure)
{
    struct postgres_connection *connection = take_place(pool);
    int error = 0;

    if (!connection)
        return fail(failure, FAIL_UNAVAILABLE, "all %u connections to the database were busy for %d s", pool->count,
                    TURN_TIMEOUT_S);
    if (connection->pg && !postgres_is_alive(connection))
        postgres_disconnect(connection);
    if (!connection->pg)
        error = connect_place(pool, connection, failure);
    if (error < 0) {
        postgres_give(pool, connection);
        return error;
    }
    *ret_connection = connection;
    return 0;
}

int postgres_query(struct postgres_pool *pool, const struct postgres_statement *statement,
                   const struct postgres_params *params, PGresult **ret_result, bool *ret_again,
                   struct failure *failure)
{
    bool is_again = false;

    for (int attempt = 1;; attempt++) {
        struct postgres_connection *connection = NULL;
        bool is_undone;
        bool is_unknown;
        int error = postgres_take(pool, &connection, failure);

        if (error < 0)
            return error;
        connection->must_repeat = false;
        error = postgres_run(connection, statement, params, ret_result, failure);
        is_undone = error < 0 && !connection->is_broken && connection->must_repeat;
        is_unknown = error < 0 && connection->is_broken && !connection->is_hung;
        postgres_give(pool, connection);
        if (is_undone && attempt <= 3)
            continue;
        if (is_unknown && statement->may_repeat && !is_again) {
            is_again = true;
            continue;
        }
        if (ret_again)
            *ret_again = is_again || is_unknown;
        return error;
    }
}
