/* SPDX-License-Identifier: MIT */
#include "queue/queue.h"

#include "queue/backend.h"

#include "common/url.h"

#include <stdlib.h>

/* Which implementation it is, and that one's own struct. */
struct queue {
    const struct queue_backend *backend;
    void *self;
};

static const struct queue_backend *const backends[] = {&queue_sqlite, &queue_rabbitmq};

static const struct queue_backend *find_backend(const char *url)
{
    for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++)
        if (url_has_prefix(url, backends[i]->prefixes))
            return backends[i];
    return NULL;
}

int queue_open(const char *url, const struct queue_options *options, struct queue **ret_queue, struct failure *failure)
{
    const struct queue_backend *backend = find_backend(url);
    struct queue *queue;
    int error;

    if (!backend)
        return fail(failure, FAIL_INVALID, "this is no URL of a queue: it begins with none of sqlite:, amqp://");
    queue = calloc(1, sizeof(*queue));
    if (!queue)
        return fail_nomem(failure);
    queue->backend = backend;
    error = backend->open(url, options, &queue->self, failure);
    if (error < 0) {
        free(queue);
        return error;
    }
    *ret_queue = queue;
    return 0;
}

void queue_close(struct queue *queue)
{
    if (!queue)
        return;
    queue->backend->close(queue->self);
    free(queue);
}

int queue_ping(struct queue *queue, struct failure *failure)
{
    return queue->backend->ping(queue->self, failure);
}

int queue_publish(struct queue *queue, const struct queue_message *messages, size_t count, struct failure *failure)
{
    return queue->backend->publish(queue->self, messages, count, failure);
}

int queue_take(struct queue *queue, unsigned timeout_ms, struct delivery *ret_delivery, struct failure *failure)
{
    return queue->backend->take(queue->self, timeout_ms, ret_delivery, failure);
}

int queue_settle(struct queue *queue, const struct delivery *delivery, enum queue_settlement settlement,
                 const char *reason, struct failure *failure)
{
    return queue->backend->settle(queue->self, delivery, settlement, reason, failure);
}

void queue_stop(struct queue *queue)
{
    queue->backend->stop(queue->self);
}

int queue_depth(struct queue *queue, struct queue_depth *ret_depth, struct failure *failure)
{
    return queue->backend->depth(queue->self, ret_depth, failure);
}

int queue_dead_list(struct queue *queue, struct dead_letter *ret_letters, size_t max, size_t *ret_count,
                    struct failure *failure)
{
    return queue->backend->dead_list(queue->self, ret_letters, max, ret_count, failure);
}

int queue_dead_take(struct queue *queue, const struct uuid *job, struct dead_letter *ret_letter,
                    struct failure *failure)
{
    return queue->backend->dead_take(queue->self, job, ret_letter, failure);
}

int queue_dead_purge(struct queue *queue, uint64_t *ret_count, struct failure *failure)
{
    return queue->backend->dead_purge(queue->self, ret_count, failure);
}
