/* SPDX-License-Identifier: MIT */
#include "guard/redis_pool.h"

#include "base/clock.h"
#include "guard/redis_connection.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

/*
 * Theory of operation
 *
 * A call takes an idle connection, or makes one while there are fewer than CONNECTIONS in use, or waits for one to be
 * given back. Redis ends idle connections when it is started anew, so a call whose old connection turns out to be
 * closed tries once more on a new one.
 *
 * What that does not cure (nobody listens, no answer within a second, a wrong password) means that Redis is away. From
 * then on every call fails at once, until a backoff has passed; then a single call tries (the prober) while the others
 * go on failing at once. If it fails too the backoff doubles. So an absent Redis costs all callers together a second
 * or two in each backoff, whatever their number is. Any answer ends it.
 */
#define CONNECTIONS 8
#define WAIT_NS 1000000000ULL
#define BACKOFF_FIRST_NS 100000000ULL
#define BACKOFF_MAX_NS 2000000000ULL

struct redis_pool {
    struct redis_address address;
    pthread_mutex_t mutex; /* for what is below; held over nothing that waits */
    pthread_cond_t given_back;
    redisContext *idle[CONNECTIONS];
    size_t idle_count;
    size_t in_use;
    bool is_away;
    bool is_probed;    /* a call is trying whether it still is */
    uint64_t retry_ns; /* when the next one may */
    uint64_t backoff_ns;
    struct failure why;
};

/* What a call has for as long as it takes. */
struct lease {
    redisContext *context; /* NULL: to be made */
    bool is_old;           /* was used by a call before */
    bool is_probe;
};

int redis_pool_make(const char *url, struct redis_pool **ret_pool, struct failure *failure)
{
    struct redis_pool *pool = calloc(1, sizeof(*pool));
    pthread_condattr_t attributes;
    int error;

    if (!pool)
        return fail_nomem(failure);
    error = redis_address_parse(url, &pool->address, failure);
    if (error < 0) {
        free(pool);
        return error;
    }
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&pool->given_back, &attributes);
    pthread_condattr_destroy(&attributes);
    *ret_pool = pool;
    return 0;
}

static void drop_idle(struct redis_pool *pool)
{
    while (pool->idle_count > 0)
        redisFree(pool->idle[--pool->idle_count]);
}

void redis_pool_free(struct redis_pool *pool)
{
    if (!pool)
        return;
    drop_idle(pool);
    pthread_cond_destroy(&pool->given_back);
    pthread_mutex_destroy(&pool->mutex);
    redis_address_free(&pool->address);
    free(pool);
}

static int fail_away(const struct redis_pool *pool, struct failure *failure)
{
    if (failure)
        *failure = pool->why;
    return pool->why.code;
}

/* As the caller holds the mutex. */
static int take_locked(struct redis_pool *pool, struct lease *lease, struct failure *failure)
{
    uint64_t deadline = sn__now_ns() + WAIT_NS;
    const struct timespec until = sn__timespec(deadline);

    while (!pool->is_away && pool->in_use >= CONNECTIONS)
        if (pthread_cond_timedwait(&pool->given_back, &pool->mutex, &until) != 0 && pool->in_use >= CONNECTIONS)
            return fail(failure, FAIL_UNAVAILABLE, "every connection to Redis was in use for a second");
    if (pool->is_away) {
        if (pool->is_probed || sn__now_ns() < pool->retry_ns)
            return fail_away(pool, failure);
        pool->is_probed = true;
        lease->is_probe = true;
    }
    pool->in_use++;
    if (pool->idle_count > 0) {
        lease->context = pool->idle[--pool->idle_count];
        lease->is_old = true;
    }
    return 0;
}

static int take(struct redis_pool *pool, struct lease *lease, struct failure *failure)
{
    int error;

    pthread_mutex_lock(&pool->mutex);
    error = take_locked(pool, lease, failure);
    pthread_mutex_unlock(&pool->mutex);
    return error;
}

/* As the caller holds the mutex. Calls that were under way together and fail together are one reason to back off. */
static void note_away(struct redis_pool *pool, const struct lease *lease, const struct failure *why)
{
    if (pool->is_away && !lease->is_probe)
        return;
    pool->backoff_ns = pool->backoff_ns ? pool->backoff_ns * 2 : BACKOFF_FIRST_NS;
    if (pool->backoff_ns > BACKOFF_MAX_NS)
        pool->backoff_ns = BACKOFF_MAX_NS;
    pool->retry_ns = sn__now_ns() + pool->backoff_ns;
    pool->is_away = true;
    pool->why = *why;
    drop_idle(pool);
}

static void give_back(struct redis_pool *pool, struct lease *lease, const struct failure *result)
{
    pthread_mutex_lock(&pool->mutex);
    pool->in_use--;
    if (lease->is_probe)
        pool->is_probed = false;
    if (result->code == 0) {
        pool->is_away = false;
        pool->backoff_ns = 0;
        if (pool->idle_count < CONNECTIONS) {
            pool->idle[pool->idle_count++] = lease->context;
            lease->context = NULL;
        }
    } else if (result->code == FAIL_UNAVAILABLE) {
        note_away(pool, lease, result);
    }
    /* All of them: if Redis is away now, none has to wait any longer. */
    if (result->code == 0)
        pthread_cond_signal(&pool->given_back);
    else
        pthread_cond_broadcast(&pool->given_back);
    pthread_mutex_unlock(&pool->mutex);
    if (lease->context)
        redisFree(lease->context);
}

static int call_once(struct redis_pool *pool, struct lease *lease, int count, const char **words, const size_t *lengths,
                     redisReply **ret_reply, struct failure *failure)
{
    int error;

    if (!lease->context) {
        error = redis_connect(&pool->address, &lease->context, failure);
        if (error < 0)
            return error;
    }
    error = redis_roundtrip(lease->context, count, words, lengths, ret_reply, failure);
    if (error < 0) {
        redisFree(lease->context);
        lease->context = NULL;
    }
    return error;
}

int redis_pool_call(struct redis_pool *pool, int count, const char **words, const size_t *lengths,
                    redisReply **ret_reply, struct failure *failure)
{
    struct lease lease = {0};
    struct failure result = {0};
    int error = take(pool, &lease, failure);

    if (error < 0)
        return error;
    error = call_once(pool, &lease, count, words, lengths, ret_reply, &result);
    if (error == FAIL_CLOSED && lease.is_old)
        error = call_once(pool, &lease, count, words, lengths, ret_reply, &result);
    if (error == 0)
        result = (struct failure){0};
    else if (error == FAIL_CLOSED)
        error = result.code = FAIL_UNAVAILABLE;
    give_back(pool, &lease, &result);
    if (error < 0 && failure)
        *failure = result;
    return error;
}
