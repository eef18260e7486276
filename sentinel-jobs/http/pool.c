/* SPDX-License-Identifier: MIT */
#include "http/pool.h"

#include "base/cleanup.h"
#include "http/server.h"

#include <string.h>

struct http__pool {
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct http__exchange *head, **tail;
    uint64_t waiting;
    bool is_stopping;
    unsigned thread_count;
    pthread_t threads[];
};

static struct http__exchange *take(struct http__pool *pool)
{
    struct http__exchange *exchange = pool->head;

    pool->head = exchange->next;
    if (!pool->head)
        pool->tail = &pool->head;
    exchange->next = NULL;
    pool->waiting--;
    return exchange;
}

static void *run(void *arg)
{
    struct http__pool *pool = arg;
    struct http__exchange *exchange;

    pthread_mutex_lock(&pool->lock);
    for (;;) {
        while (!pool->head && !pool->is_stopping)
            pthread_cond_wait(&pool->work, &pool->lock);
        if (pool->is_stopping)
            break;
        exchange = take(pool);
        pthread_mutex_unlock(&pool->lock);
        exchange->handler(exchange->handler_arg, &exchange->request, &exchange->response);
        http__post_exchange(exchange->server, exchange);
        pthread_mutex_lock(&pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

int http__pool_start(unsigned threads, struct http__pool **ret_pool, struct failure *failure)
{
    struct http__pool *pool = calloc(1, sizeof(*pool) + threads * sizeof(pool->threads[0]));
    int r;

    if (!pool)
        return fail_nomem(failure);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work, NULL);
    pool->tail = &pool->head;
    for (; pool->thread_count < threads; pool->thread_count++) {
        r = pthread_create(&pool->threads[pool->thread_count], NULL, run, pool);
        if (r != 0) {
            http__pool_stop(pool);
            return fail(failure, FAIL_UNAVAILABLE, "cannot start %u threads for requests: %s", threads, strerror(r));
        }
    }
    *ret_pool = pool;
    return 0;
}

bool http__pool_submit(struct http__pool *pool, struct http__exchange *exchange, bool force)
{
    bool is_taken;

    pthread_mutex_lock(&pool->lock);
    is_taken = force || pool->waiting < HTTP__POOL_WAITING_MAX;
    if (is_taken) {
        exchange->next = NULL;
        *pool->tail = exchange;
        pool->tail = &exchange->next;
        pool->waiting++;
        pthread_cond_signal(&pool->work);
    }
    pthread_mutex_unlock(&pool->lock);
    return is_taken;
}

uint64_t http__pool_waiting(struct http__pool *pool)
{
    uint64_t waiting;

    pthread_mutex_lock(&pool->lock);
    waiting = pool->waiting;
    pthread_mutex_unlock(&pool->lock);
    return waiting;
}

void http__pool_stop(struct http__pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->is_stopping = true;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->thread_count; i++)
        pthread_join(pool->threads[i], NULL);
    while (pool->head)
        http__exchange_unref(take(pool));
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}
