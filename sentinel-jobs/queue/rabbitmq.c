/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation. librabbitmq's connections are not thread-safe, its calls block, and heartbeats flow only while
 * somebody reads: so each connection belongs to a thread that does nothing else, and other threads hand it work and
 * wake it by an eventfd.
 *
 * The publisher (rabbitmq_publish.c) sends what callers queue, many unconfirmed at once, and wakes a caller when the
 * broker has confirmed all it gave. The consumer (rabbitmq_consume.c) gets as many deliveries as may be unsettled,
 * hands them to takers and sends their settlements. Both reconnect for ever with growing pauses. What is asked seldom
 * (depth, dead letters) goes over a third connection, used by the asking threads in turn: a broker that is short of
 * memory or disk stops reading from connections that publish, and is to be looked at just then.
 *
 * queue_open() does not wait for the broker: a service may be up before it. That it is away is said by the log, by
 * queue_ping(), and by whatever needs it.
 */
#include "queue/rabbitmq.h"
#include "queue/backend.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_DELIVERY_LIMIT 20
#define PREFETCH_MAX 65535 /* of basic.qos */

static const char *const prefixes[] = {"amqp://", "amqps://", NULL};

struct rabbitmq_queue {
    struct rabbitmq_address address;
    struct rabbitmq_publisher *publisher;
    struct rabbitmq_consumer *consumer; /* NULL without prefetch */
    struct rabbitmq_admin *admin;
};

static void broker_close(void *self)
{
    struct rabbitmq_queue *queue = self;

    /* The consumer first: it publishes dead letters. */
    rabbitmq_consumer_end(queue->consumer);
    rabbitmq_publisher_stop(queue->publisher);
    rabbitmq_admin_free(queue->admin);
    rabbitmq_address_free(&queue->address);
    free(queue);
}

static int broker_open(const char *url, const struct queue_options *options, void **ret_self, struct failure *failure)
{
    unsigned limit = options->delivery_limit ? options->delivery_limit : DEFAULT_DELIVERY_LIMIT;
    struct rabbitmq_queue *queue;
    int error;

    if (options->prefetch > PREFETCH_MAX)
        return fail(failure, FAIL_INVALID, "a prefetch is at most %d", PREFETCH_MAX);
    queue = calloc(1, sizeof(*queue));
    if (!queue)
        return fail_nomem(failure);
    error = rabbitmq_address_parse(url, limit, &queue->address, failure);
    if (error < 0) {
        free(queue);
        return error;
    }
    error = rabbitmq_admin_make(&queue->address, &queue->admin, failure);
    if (error == 0)
        error = rabbitmq_publisher_start(&queue->address, &queue->publisher, failure);
    if (error == 0 && options->prefetch > 0)
        error =
            rabbitmq_consumer_start(&queue->address, options->prefetch, queue->publisher, &queue->consumer, failure);
    if (error < 0) {
        broker_close(queue);
        return error;
    }
    *ret_self = queue;
    return 0;
}

static int broker_ping(void *self, struct failure *failure)
{
    struct rabbitmq_queue *queue = self;
    struct queue_depth depth;
    int error = rabbitmq_publisher_check(queue->publisher, failure);

    if (error == 0 && queue->consumer)
        error = rabbitmq_consumer_check(queue->consumer, failure);
    if (error == 0)
        error = rabbitmq_admin_depth(queue->admin, &depth, failure);
    return error;
}

static int broker_publish(void *self, const struct queue_message *messages, size_t count, struct failure *failure)
{
    struct rabbitmq_queue *queue = self;

    for (size_t i = 0; i < count; i++)
        if (!memchr(messages[i].traceparent, '\0', sizeof(messages[i].traceparent)))
            return fail(failure, FAIL_INVALID, "a message's traceparent is too long");
    return rabbitmq_publisher_publish(queue->publisher, messages, count, NULL, failure);
}

static int broker_take(void *self, unsigned timeout_ms, struct delivery *ret_delivery, struct failure *failure)
{
    struct rabbitmq_queue *queue = self;

    if (!queue->consumer)
        return fail(failure, FAIL_INVALID, "the queue was opened without prefetch: it takes nothing");
    return rabbitmq_consumer_take(queue->consumer, timeout_ms, ret_delivery, failure);
}

static int broker_settle(void *self, const struct delivery *delivery, enum queue_settlement settlement,
                         const char *reason, struct failure *failure)
{
    struct rabbitmq_queue *queue = self;

    if (!queue->consumer)
        return fail(failure, FAIL_CONFLICT, "the delivery is not this queue's");
    return rabbitmq_consumer_settle(queue->consumer, delivery, settlement, reason, failure);
}

static void broker_stop(void *self)
{
    struct rabbitmq_queue *queue = self;

    if (queue->consumer)
        rabbitmq_consumer_stop(queue->consumer);
}

static int broker_depth(void *self, struct queue_depth *ret_depth, struct failure *failure)
{
    struct rabbitmq_queue *queue = self;

    return rabbitmq_admin_depth(queue->admin, ret_depth, failure);
}

static int broker_dead_list(void *self, struct dead_letter *ret_letters, size_t max, size_t *ret_count,
                            struct failure *failure)
{
    struct rabbitmq_queue *queue = self;

    return rabbitmq_admin_dead_list(queue->admin, ret_letters, max, ret_count, failure);
}

static int broker_dead_take(void *self, const struct uuid *job, struct dead_letter *ret_letter, struct failure *failure)
{
    struct rabbitmq_queue *queue = self;

    return rabbitmq_admin_dead_take(queue->admin, job, ret_letter, failure);
}

static int broker_dead_purge(void *self, uint64_t *ret_count, struct failure *failure)
{
    struct rabbitmq_queue *queue = self;

    return rabbitmq_admin_dead_purge(queue->admin, ret_count, failure);
}

const struct queue_backend queue_rabbitmq = {
    .name = "rabbitmq",
    .prefixes = prefixes,
    .open = broker_open,
    .close = broker_close,
    .ping = broker_ping,
    .publish = broker_publish,
    .take = broker_take,
    .settle = broker_settle,
    .stop = broker_stop,
    .depth = broker_depth,
    .dead_list = broker_dead_list,
    .dead_take = broker_dead_take,
    .dead_purge = broker_dead_purge,
};
