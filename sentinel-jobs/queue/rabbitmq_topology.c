/* SPDX-License-Identifier: MIT */
#include "queue/rabbitmq_link.h"

#include "base/cleanup.h"
#include "common/log.h"

#define TOPOLOGY_CHANNEL 2

/*
 * A broker of version 4 counts the deliveries of every quorum queue and drops what was delivered 20 times, and each
 * look at the dead letters is one: so theirs is counted as far as never to be reached.
 */
#define DEAD_DELIVERY_LIMIT 100000000

/* What one declaration is: an exchange, or a queue with its arguments. */
struct declaration {
    const char *exchange; /* NULL: it is a queue */
    const char *queue;
    amqp_table_t arguments;
};

static amqp_table_entry_t text_argument(const char *name, const char *value)
{
    return (amqp_table_entry_t){
        .key = amqp_cstring_bytes(name),
        .value = {.kind = AMQP_FIELD_KIND_UTF8, .value = {.bytes = amqp_cstring_bytes(value)}},
    };
}

static amqp_table_entry_t number_argument(const char *name, int64_t value)
{
    return (amqp_table_entry_t){
        .key = amqp_cstring_bytes(name),
        .value = {.kind = AMQP_FIELD_KIND_I64, .value = {.i64 = value}},
    };
}

static int open_channel(amqp_connection_state_t connection, struct failure *failure)
{
    amqp_channel_open(connection, TOPOLOGY_CHANNEL);
    return rabbitmq_check_reply(amqp_get_rpc_reply(connection), "to open a channel", failure);
}

static amqp_rpc_reply_t declare_once(amqp_connection_state_t connection, const struct declaration *what, bool passive)
{
    if (what->exchange)
        amqp_exchange_declare(connection, TOPOLOGY_CHANNEL, amqp_cstring_bytes(what->exchange),
                              amqp_cstring_bytes("direct"), passive, 1, 0, 0, amqp_empty_table);
    else
        amqp_queue_declare(connection, TOPOLOGY_CHANNEL, amqp_cstring_bytes(what->queue), passive, 1, 0, 0,
                           what->arguments);
    return amqp_get_rpc_reply(connection);
}

static bool is_refusal(const amqp_rpc_reply_t *reply)
{
    const amqp_channel_close_t *said = reply->reply.decoded;

    return reply->reply_type == AMQP_RESPONSE_SERVER_EXCEPTION && reply->reply.id == AMQP_CHANNEL_CLOSE_METHOD &&
           (said->reply_code == AMQP_PRECONDITION_FAILED || said->reply_code == AMQP_ACCESS_REFUSED);
}

/*
 * One that is there already with other arguments (another delivery limit, an operator's policy), or may not be declared
 * by this user, is taken as it is.
 */
static int declare(amqp_connection_state_t connection, const struct declaration *what, struct failure *failure)
{
    const char *name = what->exchange ? what->exchange : what->queue;
    amqp_channel_close_ok_t ok = {0};
    amqp_rpc_reply_t reply = declare_once(connection, what, false);
    int error = rabbitmq_check_reply(reply, "to declare what is needed", failure);

    if (error == 0 || !is_refusal(&reply))
        return error;
    log_debug("%s is taken as it is", name);
    error = rabbitmq_check_status(amqp_send_method(connection, TOPOLOGY_CHANNEL, AMQP_CHANNEL_CLOSE_OK_METHOD, &ok),
                                  "to close a channel", failure);
    if (error == 0)
        error = open_channel(connection, failure);
    if (error < 0)
        return error;
    return rabbitmq_check_reply(declare_once(connection, what, true), "to find what it would not declare", failure);
}

static int bind_queue(amqp_connection_state_t connection, const char *queue, const char *exchange,
                      struct failure *failure)
{
    amqp_queue_bind(connection, TOPOLOGY_CHANNEL, amqp_cstring_bytes(queue), amqp_cstring_bytes(exchange),
                    amqp_cstring_bytes(queue), amqp_empty_table);
    return rabbitmq_check_reply(amqp_get_rpc_reply(connection), "to bind a queue", failure);
}

int rabbitmq_declare(amqp_connection_state_t connection, unsigned delivery_limit, struct failure *failure)
{
    amqp_table_entry_t task_arguments[] = {
        text_argument("x-queue-type", "quorum"),
        /* The broker counts redeliveries: so many more than the first. */
        number_argument("x-delivery-limit", (int64_t)delivery_limit - 1),
        text_argument("x-dead-letter-exchange", RABBITMQ_DEAD_EXCHANGE),
        text_argument("x-dead-letter-routing-key", RABBITMQ_DEAD_QUEUE),
        text_argument("x-dead-letter-strategy", "at-least-once"),
        text_argument("x-overflow", "reject-publish"), /* which that strategy demands */
    };
    amqp_table_entry_t dead_arguments[] = {
        text_argument("x-queue-type", "quorum"),
        number_argument("x-delivery-limit", DEAD_DELIVERY_LIMIT),
    };
    const struct declaration all[] = {
        {.exchange = RABBITMQ_EXCHANGE},
        {.exchange = RABBITMQ_DEAD_EXCHANGE},
        {.queue = RABBITMQ_DEAD_QUEUE, .arguments = {SN_ARRAY_SIZE(dead_arguments), dead_arguments}},
        {.queue = RABBITMQ_QUEUE, .arguments = {SN_ARRAY_SIZE(task_arguments), task_arguments}},
    };
    int error = open_channel(connection, failure);

    for (size_t i = 0; i < SN_ARRAY_SIZE(all) && error == 0; i++)
        error = declare(connection, &all[i], failure);
    if (error == 0)
        error = bind_queue(connection, RABBITMQ_DEAD_QUEUE, RABBITMQ_DEAD_EXCHANGE, failure);
    if (error == 0)
        error = bind_queue(connection, RABBITMQ_QUEUE, RABBITMQ_EXCHANGE, failure);
    if (error < 0)
        return error;
    return rabbitmq_check_reply(amqp_channel_close(connection, TOPOLOGY_CHANNEL, AMQP_REPLY_SUCCESS),
                                "to close a channel", failure);
}
