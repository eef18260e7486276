/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation. The broker sends as many deliveries as may be unsettled (basic.qos). The thread puts them into
 * slots, from where takers get them; a settlement frees the slot and leaves a command, which the thread sends. There is
 * no answer to an acknowledgement: one that is lost with the connection means that the message comes again, as
 * queue.h says.
 *
 * A connection is a generation. When it is lost, what was taken stays as lost in its slot until its taker settles it,
 * which is told FAIL_CONFLICT then: meanwhile the taker is at work on it, and still counts as one of those who have
 * something unsettled. So takers never have more than the prefetch, although the broker sends as many anew.
 *
 * A dead letter with a reason is published by us, confirmed, and then the message acknowledged: the broker's own way,
 * basic.reject, has no room for a reason. That way is taken when the publication fails, and for what is no message of
 * ours, whose bytes are to be kept.
 */
#include "queue/rabbitmq.h"
#include "queue/rabbitmq_content.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

#define HEARTBEAT_S 20
#define IDLE_MS 4000
#define CONSUMER_TAG "sentinel"

enum slot_state {
    SLOT_FREE,
    SLOT_ARRIVED,
    SLOT_TAKEN,
    SLOT_SETTLING, /* taken, and about to be a dead letter */
    SLOT_LOST      /* taken, from a connection that is gone */
};

struct slot {
    enum slot_state state;
    struct delivery delivery;
};

enum verb { VERB_ACK, VERB_REQUEUE, VERB_REJECT };

struct command {
    uint64_t tag;
    enum verb verb;
};

struct rabbitmq_consumer {
    struct rabbitmq_link link;
    struct rabbitmq_publisher *publisher;
    pthread_t thread;
    unsigned prefetch;

    /* The thread's own. */
    bool is_cancelled;
    struct delivery arriving; /* its content follows */
    struct rabbitmq_content content;
    struct command *sending; /* room for `prefetch` */

    pthread_mutex_t mutex; /* of what follows */
    pthread_cond_t changed;
    uint64_t generation;
    struct slot *slots;       /* twice the prefetch: as many may be lost as arrive anew */
    unsigned taken;           /* with takers */
    struct command *commands; /* room for `prefetch` */
    unsigned command_count;
    bool is_stopped;
};

/* Under the mutex, as all down to the thread's part. */

static void add_command(struct rabbitmq_consumer *consumer, uint64_t tag, enum verb verb)
{
    consumer->commands[consumer->command_count++] = (struct command){.tag = tag, .verb = verb};
}

static void free_slot(struct rabbitmq_consumer *consumer, struct slot *slot)
{
    if (slot->state != SLOT_ARRIVED)
        consumer->taken--;
    slot->state = SLOT_FREE;
    pthread_cond_signal(&consumer->changed);
}

static struct slot *find_slot(struct rabbitmq_consumer *consumer, const struct delivery *delivery)
{
    for (unsigned i = 0; i < 2 * consumer->prefetch; i++) {
        struct slot *slot = &consumer->slots[i];

        if (slot->state != SLOT_FREE && slot->delivery.tag == delivery->tag &&
            slot->delivery.generation == delivery->generation)
            return slot;
    }
    return NULL;
}

static struct slot *find_free(struct rabbitmq_consumer *consumer)
{
    for (unsigned i = 0; i < 2 * consumer->prefetch; i++)
        if (consumer->slots[i].state == SLOT_FREE)
            return &consumer->slots[i];
    return NULL;
}

/* The one that came first. */
static struct slot *find_arrived(struct rabbitmq_consumer *consumer)
{
    struct slot *first = NULL;

    for (unsigned i = 0; i < 2 * consumer->prefetch; i++) {
        struct slot *slot = &consumer->slots[i];

        if (slot->state == SLOT_ARRIVED && (!first || slot->delivery.tag < first->delivery.tag))
            first = slot;
    }
    return first;
}

/* What no taker has goes back at once: others are to have it. */
static void give_back_arrived(struct rabbitmq_consumer *consumer)
{
    struct slot *slot;

    while ((slot = find_arrived(consumer))) {
        add_command(consumer, slot->delivery.tag, VERB_REQUEUE);
        free_slot(consumer, slot);
    }
}

/* The thread's part. */

static int send_command(amqp_connection_state_t connection, const struct command *command, struct failure *failure)
{
    int status = 0;

    switch (command->verb) {
    case VERB_ACK:
        status = amqp_basic_ack(connection, RABBITMQ_CHANNEL, command->tag, 0);
        break;
    case VERB_REQUEUE:
        status = amqp_basic_nack(connection, RABBITMQ_CHANNEL, command->tag, 0, 1);
        break;
    case VERB_REJECT:
        status = amqp_basic_reject(connection, RABBITMQ_CHANNEL, command->tag, 0);
        break;
    }
    return rabbitmq_check_status(status, "to take a settlement", failure);
}

static int cancel(struct rabbitmq_consumer *consumer, struct failure *failure)
{
    amqp_basic_cancel_t cancel_method = {.consumer_tag = amqp_cstring_bytes(CONSUMER_TAG), .nowait = 1};
    int status =
        amqp_send_method(consumer->link.connection, RABBITMQ_CHANNEL, AMQP_BASIC_CANCEL_METHOD, &cancel_method);

    consumer->is_cancelled = true;
    return rabbitmq_check_status(status, "to end deliveries", failure);
}

static int send_commands(struct rabbitmq_consumer *consumer, struct failure *failure)
{
    struct command *commands;
    unsigned count;
    bool is_stopped;
    int error = 0;

    pthread_mutex_lock(&consumer->mutex);
    is_stopped = consumer->is_stopped;
    if (is_stopped)
        give_back_arrived(consumer);
    commands = consumer->commands;
    count = consumer->command_count;
    consumer->commands = consumer->sending;
    consumer->command_count = 0;
    consumer->sending = commands;
    pthread_mutex_unlock(&consumer->mutex);
    if (is_stopped && !consumer->is_cancelled)
        error = cancel(consumer, failure);
    for (unsigned i = 0; i < count && error == 0; i++)
        error = send_command(consumer->link.connection, &commands[i], failure);
    return error;
}

/* A delivery has come whole. */
static int arrive(struct rabbitmq_consumer *consumer, struct failure *failure)
{
    struct delivery *delivery = &consumer->arriving;
    struct slot *slot;
    bool is_stopped;

    delivery->message = (struct queue_message){0};
    delivery->is_malformed = !rabbitmq_content_parse(&consumer->content, &delivery->message);
    pthread_mutex_lock(&consumer->mutex);
    is_stopped = consumer->is_stopped;
    delivery->generation = consumer->generation;
    slot = find_free(consumer);
    if (slot) {
        *slot = (struct slot){.state = SLOT_ARRIVED, .delivery = *delivery};
        pthread_cond_signal(&consumer->changed);
    }
    pthread_mutex_unlock(&consumer->mutex);
    if (!slot)
        return fail(failure, FAIL_INTERNAL, "the broker sent more deliveries than were asked for");
    /* It may have crossed our cancellation; nobody else would look at it before the next event. */
    if (is_stopped)
        rabbitmq_link_wake(&consumer->link);
    return 0;
}

static int handle_frame(struct rabbitmq_consumer *consumer, const amqp_frame_t *frame, struct failure *failure)
{
    int got = rabbitmq_check_frame(frame, failure);

    if (got < 0)
        return got;
    if (frame->frame_type == AMQP_FRAME_METHOD) {
        if (frame->payload.method.id == AMQP_BASIC_DELIVER_METHOD) {
            const amqp_basic_deliver_t *deliver = frame->payload.method.decoded;

            consumer->arriving =
                (struct delivery){.tag = deliver->delivery_tag, .is_redelivered = deliver->redelivered};
            rabbitmq_content_begin(&consumer->content);
        }
        return 0;
    }
    got = rabbitmq_content_add(&consumer->content, frame, failure);
    return got == 1 ? arrive(consumer, failure) : got;
}

/* Reads all that the broker said; heartbeats are answered and sent on the way. */
static int listen_to_broker(struct rabbitmq_consumer *consumer, struct failure *failure)
{
    struct timeval at_once = {0};

    for (;;) {
        amqp_frame_t frame;
        int error = amqp_simple_wait_frame_noblock(consumer->link.connection, &frame, &at_once);

        if (error == AMQP_STATUS_TIMEOUT)
            break;
        error = rabbitmq_check_status(error, "to listen", failure);
        if (error == 0)
            error = handle_frame(consumer, &frame, failure);
        if (error < 0)
            return error;
    }
    amqp_maybe_release_buffers(consumer->link.connection);
    return 0;
}

/* What was taken is with its takers; the rest was not seen by anybody. */
static void forget_deliveries(struct rabbitmq_consumer *consumer)
{
    pthread_mutex_lock(&consumer->mutex);
    for (unsigned i = 0; i < 2 * consumer->prefetch; i++) {
        struct slot *slot = &consumer->slots[i];

        if (slot->state == SLOT_ARRIVED)
            slot->state = SLOT_FREE;
        else if (slot->state != SLOT_FREE)
            slot->state = SLOT_LOST;
    }
    consumer->command_count = 0;
    consumer->generation++;
    pthread_mutex_unlock(&consumer->mutex);
    consumer->content.expects = CONTENT_NONE;
}

static bool is_stopped_now(struct rabbitmq_consumer *consumer)
{
    bool is_stopped;

    pthread_mutex_lock(&consumer->mutex);
    is_stopped = consumer->is_stopped;
    pthread_mutex_unlock(&consumer->mutex);
    return is_stopped;
}

static int prepare(void *owner, amqp_connection_state_t connection, struct failure *failure)
{
    struct rabbitmq_consumer *consumer = owner;
    int error;

    consumer->is_cancelled = is_stopped_now(consumer);
    if (consumer->is_cancelled)
        return 0; /* nobody takes any more */
    amqp_basic_qos(connection, RABBITMQ_CHANNEL, 0, (uint16_t)consumer->prefetch, 0);
    error = rabbitmq_check_reply(amqp_get_rpc_reply(connection), "to bound the deliveries", failure);
    if (error < 0)
        return error;
    amqp_basic_consume(connection, RABBITMQ_CHANNEL, amqp_cstring_bytes(RABBITMQ_QUEUE),
                       amqp_cstring_bytes(CONSUMER_TAG), 0, 0, 0, amqp_empty_table);
    return rabbitmq_check_reply(amqp_get_rpc_reply(connection), "to deliver", failure);
}

static void *run(void *arg)
{
    struct rabbitmq_consumer *consumer = arg;
    struct rabbitmq_link *link = &consumer->link;

    while (rabbitmq_link_reopen(link)) {
        struct failure failure = {0};
        int error = 0;

        while (error == 0 && !rabbitmq_link_is_ending(link)) {
            error = send_commands(consumer, &failure);
            if (error == 0)
                error = listen_to_broker(consumer, &failure);
            if (error == 0)
                rabbitmq_link_wait(link, IDLE_MS);
        }
        /* What was settled just before the end. */
        if (error == 0)
            error = send_commands(consumer, &failure);
        forget_deliveries(consumer);
        if (error < 0)
            rabbitmq_link_drop(link, &failure);
    }
    rabbitmq_link_close(link);
    rabbitmq_link_leave(link);
    return NULL;
}

/* What other threads call. */

static void free_consumer(struct rabbitmq_consumer *consumer)
{
    rabbitmq_link_destroy(&consumer->link);
    pthread_mutex_destroy(&consumer->mutex);
    pthread_cond_destroy(&consumer->changed);
    free(consumer->slots);
    free(consumer->commands);
    free(consumer->sending);
    free(consumer);
}

int rabbitmq_consumer_start(const struct rabbitmq_address *address, unsigned prefetch,
                            struct rabbitmq_publisher *publisher, struct rabbitmq_consumer **ret_consumer,
                            struct failure *failure)
{
    struct rabbitmq_consumer *consumer = calloc(1, sizeof(*consumer));
    int error;

    if (!consumer)
        return fail_nomem(failure);
    error = rabbitmq_link_init(&consumer->link, address, "sentinel consumer", failure);
    if (error < 0) {
        free(consumer);
        return error;
    }
    pthread_mutex_init(&consumer->mutex, NULL);
    consumer->link.heartbeat_s = HEARTBEAT_S;
    consumer->link.prepare = prepare;
    consumer->link.owner = consumer;
    consumer->publisher = publisher;
    consumer->prefetch = prefetch;
    consumer->slots = calloc(2 * (size_t)prefetch, sizeof(*consumer->slots));
    consumer->commands = calloc(prefetch, sizeof(*consumer->commands));
    consumer->sending = calloc(prefetch, sizeof(*consumer->sending));
    if (rabbitmq_cond_init(&consumer->changed) < 0 || !consumer->slots || !consumer->commands || !consumer->sending)
        error = fail_nomem(failure);
    else
        error = rabbitmq_link_thread(&consumer->thread, run, consumer, failure);
    if (error < 0) {
        free_consumer(consumer);
        return error;
    }
    *ret_consumer = consumer;
    return 0;
}

void rabbitmq_consumer_end(struct rabbitmq_consumer *consumer)
{
    if (!consumer)
        return;
    rabbitmq_link_end(&consumer->link);
    pthread_join(consumer->thread, NULL);
    free_consumer(consumer);
}

int rabbitmq_consumer_take(struct rabbitmq_consumer *consumer, unsigned timeout_ms, struct delivery *ret_delivery,
                           struct failure *failure)
{
    uint64_t until = sn__now_ns() + timeout_ms * UINT64_C(1000000);
    int got = 0;

    pthread_mutex_lock(&consumer->mutex);
    for (;;) {
        struct slot *slot = NULL;

        if (consumer->is_stopped) {
            got = fail(failure, FAIL_CLOSED, "the queue was stopped");
            break;
        }
        if (consumer->taken < consumer->prefetch)
            slot = find_arrived(consumer);
        if (slot) {
            slot->state = SLOT_TAKEN;
            consumer->taken++;
            *ret_delivery = slot->delivery;
            got = 1;
            break;
        }
        if (sn__now_ns() >= until)
            break;
        rabbitmq_cond_wait_until(&consumer->changed, &consumer->mutex, until);
    }
    pthread_mutex_unlock(&consumer->mutex);
    return got;
}

static int fail_settled(struct failure *failure)
{
    return fail(failure, FAIL_CONFLICT, "the delivery is settled already");
}

static int fail_lost(struct failure *failure)
{
    return fail(failure, FAIL_CONFLICT, "the delivery's connection was lost, so it comes again");
}

/* The slot of a taken delivery goes into another state, or is freed if it is lost. Under the mutex. */
static int find_taken(struct rabbitmq_consumer *consumer, const struct delivery *delivery, enum slot_state state,
                      struct slot **ret_slot, struct failure *failure)
{
    struct slot *slot = find_slot(consumer, delivery);

    if (slot && slot->state == SLOT_LOST) {
        free_slot(consumer, slot);
        return fail_lost(failure);
    }
    if (!slot || slot->state != state)
        return fail_settled(failure);
    *ret_slot = slot;
    return 0;
}

static int settle_slot(struct rabbitmq_consumer *consumer, const struct delivery *delivery, enum slot_state state,
                       enum verb verb, struct failure *failure)
{
    struct slot *slot = NULL;
    int error;

    pthread_mutex_lock(&consumer->mutex);
    error = find_taken(consumer, delivery, state, &slot, failure);
    if (error == 0) {
        add_command(consumer, slot->delivery.tag, verb);
        free_slot(consumer, slot);
    }
    pthread_mutex_unlock(&consumer->mutex);
    if (error == 0)
        rabbitmq_link_wake(&consumer->link);
    return error;
}

static int bury(struct rabbitmq_consumer *consumer, const struct delivery *delivery, const char *reason,
                struct failure *failure)
{
    struct slot *slot = NULL;
    bool is_published;
    int error;

    pthread_mutex_lock(&consumer->mutex);
    error = find_taken(consumer, delivery, SLOT_TAKEN, &slot, failure);
    if (error == 0)
        slot->state = SLOT_SETTLING; /* a second settlement finds it settled */
    pthread_mutex_unlock(&consumer->mutex);
    if (error < 0)
        return error;
    is_published = rabbitmq_publisher_publish(consumer->publisher, &delivery->message, 1, reason, NULL) == 0;
    return settle_slot(consumer, delivery, SLOT_SETTLING, is_published ? VERB_ACK : VERB_REJECT, failure);
}

int rabbitmq_consumer_settle(struct rabbitmq_consumer *consumer, const struct delivery *delivery,
                             enum queue_settlement settlement, const char *reason, struct failure *failure)
{
    switch (settlement) {
    case QUEUE_DONE:
        return settle_slot(consumer, delivery, SLOT_TAKEN, VERB_ACK, failure);
    case QUEUE_AGAIN:
        return settle_slot(consumer, delivery, SLOT_TAKEN, VERB_REQUEUE, failure);
    case QUEUE_DEAD:
        if (delivery->is_malformed || !reason || !*reason)
            return settle_slot(consumer, delivery, SLOT_TAKEN, VERB_REJECT, failure);
        return bury(consumer, delivery, reason, failure);
    }
    return fail(failure, FAIL_INVALID, "there is no such settlement");
}

void rabbitmq_consumer_stop(struct rabbitmq_consumer *consumer)
{
    pthread_mutex_lock(&consumer->mutex);
    consumer->is_stopped = true;
    pthread_cond_broadcast(&consumer->changed);
    pthread_mutex_unlock(&consumer->mutex);
    rabbitmq_link_wake(&consumer->link);
}

int rabbitmq_consumer_check(struct rabbitmq_consumer *consumer, struct failure *failure)
{
    /* After its stop it matters no more. */
    if (is_stopped_now(consumer))
        return 0;
    return rabbitmq_link_check_up(&consumer->link, failure);
}
