/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation. What a caller publishes is a batch. Batches with messages that are not sent wait in a list; the
 * thread sends from its head as long as fewer than WINDOW messages are unconfirmed. The broker numbers what it is sent
 * on a channel from 1 and confirms by number, so the unconfirmed ones are a ring indexed by it.
 *
 * A message that no queue gets comes back first and is confirmed then: it is marked in the ring when it comes back. One
 * that the broker refuses is sent again after a pause, for a queue has moments without a leader: when it was just made,
 * or its leader died. When the connection is lost, what was unconfirmed is sent again by the next one: that it may come
 * twice is allowed.
 *
 * A caller waits for PATIENCE without any progress of its batch, and no longer than PATIENCE_TOTAL. A batch that was
 * given up stays alive, by its count of references, as long as the ring has messages of it.
 */
#include "queue/rabbitmq.h"
#include "queue/rabbitmq_content.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define WINDOW 256
#define CHUNK 64 /* messages that are sent before the broker's answers are looked at */
#define HEARTBEAT_S 20
#define IDLE_MS 4000 /* well below the half of a heartbeat's time, in which one must be sent */
#define REFUSED_PAUSE_NS UINT64_C(100000000)
#define PATIENCE_NS UINT64_C(3000000000)
#define PATIENCE_TOTAL_NS UINT64_C(10000000000)

enum message_state { MESSAGE_UNSENT, MESSAGE_SENT, MESSAGE_CONFIRMED };

struct batch {
    TAILQ_ENTRY(batch) entry; /* in the list as long as is_listed */
    bool is_listed;
    unsigned references; /* the caller's, and one for each message in the ring */
    bool is_over;
    struct failure outcome; /* code 0: all are confirmed */
    bool is_refused;        /* a message of it was, last */
    uint64_t give_up_ns;
    pthread_cond_t over;
    bool is_dead_letter;
    char dead_reason[sizeof(((struct dead_letter *)NULL)->reason)];
    size_t next; /* none before it is unsent */
    size_t confirmed;
    size_t count;
    unsigned char *states; /* enum message_state of each */
    struct queue_message messages[];
};

TAILQ_HEAD(batch_list, batch);

struct sent {
    struct batch *batch; /* NULL: confirmed, or nothing */
    size_t index;
    bool is_returned;
};

struct rabbitmq_publisher {
    struct rabbitmq_link link;
    pthread_t thread;

    /* The thread's own. */
    uint64_t oldest; /* numbers of the first unconfirmed and of the next message */
    uint64_t next;
    bool returning; /* the frames that come are a returned message's */
    struct rabbitmq_content returned;

    pthread_mutex_t mutex; /* of what follows, and of all batches */
    struct batch_list list;
    struct sent ring[WINDOW];
    bool is_blocked; /* the broker takes no messages for now */
    uint64_t paused_until_ns;
};

static void release(struct batch *batch)
{
    if (--batch->references > 0)
        return;
    pthread_cond_destroy(&batch->over);
    free(batch->states);
    free(batch);
}

static void unlist(struct rabbitmq_publisher *publisher, struct batch *batch)
{
    if (batch->is_listed)
        TAILQ_REMOVE(&publisher->list, batch, entry);
    batch->is_listed = false;
}

static void finish(struct rabbitmq_publisher *publisher, struct batch *batch, int code, const char *message)
{
    if (batch->is_over)
        return;
    batch->is_over = true;
    unlist(publisher, batch);
    if (code < 0)
        fail(&batch->outcome, code, "%s", message);
    pthread_cond_signal(&batch->over);
}

/* A message that was sent is to be sent again, before what was not sent yet. Under the mutex. */
static void send_again(struct rabbitmq_publisher *publisher, struct batch *batch, size_t index)
{
    batch->states[index] = MESSAGE_UNSENT;
    if (index < batch->next)
        batch->next = index;
    if (batch->is_over)
        return;
    unlist(publisher, batch);
    TAILQ_INSERT_HEAD(&publisher->list, batch, entry);
    batch->is_listed = true;
}

/* One message was confirmed or refused. Under the mutex. */
static void note_answer(struct rabbitmq_publisher *publisher, uint64_t number, bool is_taken)
{
    struct sent *sent = &publisher->ring[number % WINDOW];
    struct batch *batch = sent->batch;

    if (!batch)
        return;
    sent->batch = NULL;
    if (sent->is_returned) {
        finish(publisher, batch, FAIL_UNAVAILABLE, "the message is unroutable: the broker has no queue for it");
    } else if (!is_taken) {
        batch->is_refused = true;
        send_again(publisher, batch, sent->index);
        publisher->paused_until_ns = sn__now_ns() + REFUSED_PAUSE_NS;
    } else {
        batch->is_refused = false;
        batch->states[sent->index] = MESSAGE_CONFIRMED;
        batch->give_up_ns = sn__now_ns() + PATIENCE_NS;
        if (++batch->confirmed == batch->count)
            finish(publisher, batch, 0, NULL);
    }
    release(batch);
}

static void note_answers(struct rabbitmq_publisher *publisher, uint64_t number, bool multiple, bool is_taken)
{
    uint64_t from = multiple ? publisher->oldest : number;

    if (number >= publisher->next)
        return;
    pthread_mutex_lock(&publisher->mutex);
    for (uint64_t i = from > publisher->oldest ? from : publisher->oldest; i <= number; i++)
        note_answer(publisher, i, is_taken);
    while (publisher->oldest < publisher->next && !publisher->ring[publisher->oldest % WINDOW].batch)
        publisher->oldest++;
    pthread_mutex_unlock(&publisher->mutex);
}

static void note_returned(struct rabbitmq_publisher *publisher, uint64_t number)
{
    pthread_mutex_lock(&publisher->mutex);
    if (number >= publisher->oldest && number < publisher->next)
        publisher->ring[number % WINDOW].is_returned = true;
    pthread_mutex_unlock(&publisher->mutex);
}

static void set_blocked(struct rabbitmq_publisher *publisher, bool is_blocked)
{
    pthread_mutex_lock(&publisher->mutex);
    publisher->is_blocked = is_blocked;
    pthread_mutex_unlock(&publisher->mutex);
}

static void handle_method(struct rabbitmq_publisher *publisher, const amqp_method_t *method)
{
    switch (method->id) {
    case AMQP_BASIC_ACK_METHOD: {
        const amqp_basic_ack_t *ack = method->decoded;

        note_answers(publisher, ack->delivery_tag, ack->multiple, true);
        break;
    }
    case AMQP_BASIC_NACK_METHOD: {
        const amqp_basic_nack_t *nack = method->decoded;

        note_answers(publisher, nack->delivery_tag, nack->multiple, false);
        break;
    }
    case AMQP_BASIC_RETURN_METHOD:
        publisher->returning = true;
        rabbitmq_content_begin(&publisher->returned);
        break;
    case AMQP_CONNECTION_BLOCKED_METHOD:
        set_blocked(publisher, true);
        break;
    case AMQP_CONNECTION_UNBLOCKED_METHOD:
        set_blocked(publisher, false);
        break;
    default:
        break;
    }
}

static int handle_frame(struct rabbitmq_publisher *publisher, const amqp_frame_t *frame, struct failure *failure)
{
    int got = rabbitmq_check_frame(frame, failure);

    if (got < 0)
        return got;
    if (frame->frame_type == AMQP_FRAME_METHOD) {
        handle_method(publisher, &frame->payload.method);
        return 0;
    }
    if (!publisher->returning)
        return fail(failure, FAIL_INTERNAL, "the broker sent a message that nobody asked for");
    got = rabbitmq_content_add(&publisher->returned, frame, failure);
    if (got == 1) {
        publisher->returning = false;
        note_returned(publisher, publisher->returned.serial);
    }
    return got < 0 ? got : 0;
}

/* Reads all that the broker said; heartbeats are answered and sent on the way. */
static int listen_to_broker(struct rabbitmq_publisher *publisher, struct failure *failure)
{
    struct timeval at_once = {0};

    for (;;) {
        amqp_frame_t frame;
        int error = amqp_simple_wait_frame_noblock(publisher->link.connection, &frame, &at_once);

        if (error == AMQP_STATUS_TIMEOUT)
            break;
        error = rabbitmq_check_status(error, "to listen", failure);
        if (error == 0)
            error = handle_frame(publisher, &frame, failure);
        if (error < 0)
            return error;
    }
    amqp_maybe_release_buffers(publisher->link.connection);
    return 0;
}

/* Under the mutex. */
static bool may_send(struct rabbitmq_publisher *publisher)
{
    if (publisher->paused_until_ns && sn__now_ns() >= publisher->paused_until_ns)
        publisher->paused_until_ns = 0;
    return !publisher->is_blocked && !publisher->paused_until_ns && publisher->next - publisher->oldest < WINDOW;
}

static int wait_ms(struct rabbitmq_publisher *publisher)
{
    uint64_t now = sn__now_ns();
    uint64_t until;

    pthread_mutex_lock(&publisher->mutex);
    until = publisher->paused_until_ns;
    pthread_mutex_unlock(&publisher->mutex);
    if (until == 0)
        return IDLE_MS;
    return until > now ? (int)((until - now) / 1000000U) + 1 : 0;
}

/* The next message to send, put into the ring; false if there is none, or none may be sent. */
static bool next_message(struct rabbitmq_publisher *publisher, struct queue_message *ret_message, char *ret_dead_reason,
                         bool *ret_is_dead_letter)
{
    struct batch *batch;
    bool found = false;

    pthread_mutex_lock(&publisher->mutex);
    while (may_send(publisher) && !found && (batch = TAILQ_FIRST(&publisher->list))) {
        while (batch->next < batch->count && batch->states[batch->next] != MESSAGE_UNSENT)
            batch->next++;
        if (batch->next < batch->count) {
            found = true;
            *ret_message = batch->messages[batch->next];
            *ret_is_dead_letter = batch->is_dead_letter;
            memcpy(ret_dead_reason, batch->dead_reason, sizeof(batch->dead_reason));
            batch->states[batch->next] = MESSAGE_SENT;
            batch->references++;
            publisher->ring[publisher->next % WINDOW] = (struct sent){.batch = batch, .index = batch->next++};
            publisher->next++;
        }
        if (batch->next == batch->count)
            unlist(publisher, batch);
    }
    pthread_mutex_unlock(&publisher->mutex);
    return found;
}

/* 1: there may be more to send at once; 0: for now there is not. */
static int send_chunk(struct rabbitmq_publisher *publisher, struct failure *failure)
{
    char dead_reason[sizeof(((struct batch *)NULL)->dead_reason)];
    struct queue_message message;
    bool is_dead_letter;
    int error;

    for (int i = 0; i < CHUNK; i++) {
        if (!next_message(publisher, &message, dead_reason, &is_dead_letter))
            return 0;
        error = rabbitmq_content_publish(publisher->link.connection, &message, is_dead_letter ? dead_reason : NULL,
                                         publisher->next - 1);
        error = rabbitmq_check_status(error, "to take a message", failure);
        if (error < 0)
            return error;
    }
    return 1;
}

/* What is unconfirmed is to be sent again. */
static void take_back(struct rabbitmq_publisher *publisher)
{
    pthread_mutex_lock(&publisher->mutex);
    for (uint64_t number = publisher->next; number-- > publisher->oldest;) {
        struct sent *sent = &publisher->ring[number % WINDOW];
        struct batch *batch = sent->batch;

        if (!batch)
            continue;
        sent->batch = NULL;
        send_again(publisher, batch, sent->index);
        release(batch);
    }
    publisher->is_blocked = false;
    publisher->paused_until_ns = 0;
    pthread_mutex_unlock(&publisher->mutex);
    publisher->returning = false;
}

static int prepare(void *owner, amqp_connection_state_t connection, struct failure *failure)
{
    struct rabbitmq_publisher *publisher = owner;

    amqp_confirm_select(connection, RABBITMQ_CHANNEL);
    publisher->oldest = 1;
    publisher->next = 1;
    return rabbitmq_check_reply(amqp_get_rpc_reply(connection), "to confirm messages", failure);
}

static void *run(void *arg)
{
    struct rabbitmq_publisher *publisher = arg;
    struct rabbitmq_link *link = &publisher->link;

    while (rabbitmq_link_reopen(link)) {
        struct failure failure = {0};
        int got = 0;

        while (got >= 0 && !rabbitmq_link_is_ending(link)) {
            int more = send_chunk(publisher, &failure);

            got = more < 0 ? more : listen_to_broker(publisher, &failure);
            if (got == 0 && more == 0)
                rabbitmq_link_wait(link, wait_ms(publisher));
        }
        take_back(publisher);
        if (got < 0)
            rabbitmq_link_drop(link, &failure);
    }
    rabbitmq_link_close(link);
    rabbitmq_link_leave(link);
    return NULL;
}

int rabbitmq_publisher_start(const struct rabbitmq_address *address, struct rabbitmq_publisher **ret_publisher,
                             struct failure *failure)
{
    struct rabbitmq_publisher *publisher = calloc(1, sizeof(*publisher));
    int error;

    if (!publisher)
        return fail_nomem(failure);
    error = rabbitmq_link_init(&publisher->link, address, "sentinel publisher", failure);
    if (error < 0) {
        free(publisher);
        return error;
    }
    publisher->link.heartbeat_s = HEARTBEAT_S;
    publisher->link.prepare = prepare;
    publisher->link.owner = publisher;
    pthread_mutex_init(&publisher->mutex, NULL);
    TAILQ_INIT(&publisher->list);
    error = rabbitmq_link_thread(&publisher->thread, run, publisher, failure);
    if (error < 0) {
        rabbitmq_link_destroy(&publisher->link);
        pthread_mutex_destroy(&publisher->mutex);
        free(publisher);
        return error;
    }
    *ret_publisher = publisher;
    return 0;
}

void rabbitmq_publisher_stop(struct rabbitmq_publisher *publisher)
{
    if (!publisher)
        return;
    rabbitmq_link_end(&publisher->link);
    pthread_join(publisher->thread, NULL);
    rabbitmq_link_destroy(&publisher->link);
    pthread_mutex_destroy(&publisher->mutex);
    free(publisher);
}

static struct batch *make_batch(const struct queue_message *messages, size_t count, const char *dead_reason)
{
    struct batch *batch = calloc(1, sizeof(*batch) + count * sizeof(*messages));

    if (!batch)
        return NULL;
    batch->states = calloc(count, 1);
    if (!batch->states || rabbitmq_cond_init(&batch->over) < 0) {
        free(batch->states);
        free(batch);
        return NULL;
    }
    batch->references = 1;
    batch->count = count;
    memcpy(batch->messages, messages, count * sizeof(*messages));
    batch->is_dead_letter = dead_reason != NULL;
    if (dead_reason)
        memcpy(batch->dead_reason, dead_reason, strnlen(dead_reason, sizeof(batch->dead_reason) - 1));
    return batch;
}

/* Why nothing was confirmed in time. Under the mutex. */
static void say_why_late(struct rabbitmq_publisher *publisher, const struct batch *batch, char message[300])
{
    struct failure why = {0};

    if (publisher->is_blocked)
        snprintf(message, 300, "the broker takes no messages: it is short of memory or disk");
    else if (rabbitmq_link_get_state(&publisher->link, &why) == LINK_AWAY)
        snprintf(message, 300, "%s", why.message);
    else if (batch->is_refused)
        snprintf(message, 300, "the broker did not take the message");
    else
        snprintf(message, 300, "the broker did not confirm the messages in time");
}

int rabbitmq_publisher_publish(struct rabbitmq_publisher *publisher, const struct queue_message *messages, size_t count,
                               const char *dead_reason, struct failure *failure)
{
    uint64_t begin = sn__now_ns();
    struct batch *batch;
    int code;

    if (count == 0)
        return 0;
    batch = make_batch(messages, count, dead_reason);
    if (!batch)
        return fail_nomem(failure);
    batch->give_up_ns = begin + PATIENCE_NS;
    pthread_mutex_lock(&publisher->mutex);
    TAILQ_INSERT_TAIL(&publisher->list, batch, entry);
    batch->is_listed = true;
    rabbitmq_link_wake(&publisher->link);
    while (!batch->is_over) {
        uint64_t until = batch->give_up_ns;

        if (until > begin + PATIENCE_TOTAL_NS)
            until = begin + PATIENCE_TOTAL_NS;
        if (sn__now_ns() >= until) {
            char message[300];

            say_why_late(publisher, batch, message);
            finish(publisher, batch, FAIL_UNAVAILABLE, message);
        } else {
            rabbitmq_cond_wait_until(&batch->over, &publisher->mutex, until);
        }
    }
    code = batch->outcome.code;
    if (code < 0)
        fail(failure, code, "%s", batch->outcome.message);
    release(batch);
    pthread_mutex_unlock(&publisher->mutex);
    return code;
}

int rabbitmq_publisher_check(struct rabbitmq_publisher *publisher, struct failure *failure)
{
    bool is_blocked;
    int error = rabbitmq_link_check_up(&publisher->link, failure);

    if (error < 0)
        return error;
    pthread_mutex_lock(&publisher->mutex);
    is_blocked = publisher->is_blocked;
    pthread_mutex_unlock(&publisher->mutex);
    if (is_blocked)
        return fail(failure, FAIL_UNAVAILABLE, "the broker takes no messages: it is short of memory or disk");
    return 0;
}
