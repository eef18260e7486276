/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation. One connection for who asks, under a mutex. It has no heartbeat, for nobody reads while nobody
 * asks; instead it is tried by the first question of each call, the depth of the dead letters, and if that fails
 * although it was open, it is made once more. AMQP has no way to look at a queue without taking from it: dead letters
 * are got without being acknowledged, and given back together.
 */
#include "queue/rabbitmq.h"
#include "queue/rabbitmq_content.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

#define LOOK_MAX 1000

struct rabbitmq_admin {
    pthread_mutex_t mutex; /* of the link, which is its holder's */
    struct rabbitmq_link link;
};

int rabbitmq_admin_make(const struct rabbitmq_address *address, struct rabbitmq_admin **ret_admin,
                        struct failure *failure)
{
    struct rabbitmq_admin *admin = calloc(1, sizeof(*admin));
    int error;

    if (!admin)
        return fail_nomem(failure);
    error = rabbitmq_link_init(&admin->link, address, "sentinel admin", failure);
    if (error < 0) {
        free(admin);
        return error;
    }
    pthread_mutex_init(&admin->mutex, NULL);
    *ret_admin = admin;
    return 0;
}

void rabbitmq_admin_free(struct rabbitmq_admin *admin)
{
    if (!admin)
        return;
    rabbitmq_link_close(&admin->link);
    rabbitmq_link_destroy(&admin->link);
    pthread_mutex_destroy(&admin->mutex);
    free(admin);
}

static int count_messages(struct rabbitmq_admin *admin, const char *queue, uint64_t *ret_count, struct failure *failure)
{
    amqp_queue_declare_ok_t *ok = amqp_queue_declare(admin->link.connection, RABBITMQ_CHANNEL,
                                                     amqp_cstring_bytes(queue), 1, 0, 0, 0, amqp_empty_table);
    int error = rabbitmq_check_reply(amqp_get_rpc_reply(admin->link.connection), "to count its messages", failure);

    if (error == 0)
        *ret_count = ok->message_count;
    return error;
}

/* The admin's mutex, a connection that works, and the number of dead letters. To be ended by end_call(). */
static int begin_call(struct rabbitmq_admin *admin, uint64_t *ret_dead, struct failure *failure)
{
    int error = FAIL_UNAVAILABLE;

    pthread_mutex_lock(&admin->mutex);
    if (admin->link.connection) {
        error = count_messages(admin, RABBITMQ_DEAD_QUEUE, ret_dead, failure);
        if (error < 0)
            rabbitmq_link_drop(&admin->link, NULL);
    }
    if (error < 0)
        error = rabbitmq_link_open(&admin->link, failure);
    else
        return 0;
    if (error == 0)
        error = count_messages(admin, RABBITMQ_DEAD_QUEUE, ret_dead, failure);
    return error;
}

/* A connection that failed is not used again: nobody knows what is on its way in it. */
static int end_call(struct rabbitmq_admin *admin, int result)
{
    if (result < 0)
        rabbitmq_link_drop(&admin->link, NULL);
    else
        amqp_maybe_release_buffers(admin->link.connection);
    pthread_mutex_unlock(&admin->mutex);
    return result;
}

int rabbitmq_admin_depth(struct rabbitmq_admin *admin, struct queue_depth *ret_depth, struct failure *failure)
{
    struct queue_depth depth = {0};
    int error = begin_call(admin, &depth.dead, failure);

    if (error == 0)
        error = count_messages(admin, RABBITMQ_QUEUE, &depth.ready, failure);
    if (error == 0)
        *ret_depth = depth;
    return end_call(admin, error);
}

/* The content that follows a get-ok; librabbitmq's own function for that waits for ever. */
static int read_content(struct rabbitmq_admin *admin, struct rabbitmq_content *content, struct failure *failure)
{
    uint64_t until = sn__now_ns() + RABBITMQ_ANSWER_MS * UINT64_C(1000000);
    int got = 0;

    rabbitmq_content_begin(content);
    while (got == 0) {
        uint64_t now = sn__now_ns();
        uint64_t left = now < until ? until - now : 0;
        struct timeval timeout = {.tv_sec = (time_t)(left / 1000000000U),
                                  .tv_usec = (suseconds_t)(left % 1000000000U / 1000)};
        amqp_frame_t frame;
        int status = amqp_simple_wait_frame_noblock(admin->link.connection, &frame, &timeout);

        got = rabbitmq_check_status(status, "to hand out a dead letter", failure);
        if (got == 0)
            got = rabbitmq_check_frame(&frame, failure);
        if (got == 0)
            got = rabbitmq_content_add(content, &frame, failure);
    }
    return got;
}

/* 1 and the next dead letter, which is still the broker's; 0 if there is none. */
static int get_letter(struct rabbitmq_admin *admin, struct dead_letter *ret_letter, uint64_t *ret_tag,
                      struct failure *failure)
{
    amqp_connection_state_t connection = admin->link.connection;
    struct rabbitmq_content content;
    struct queue_message message = {0};
    amqp_rpc_reply_t reply;
    uint64_t tag;
    int got;

    amqp_maybe_release_buffers(connection);
    reply = amqp_basic_get(connection, RABBITMQ_CHANNEL, amqp_cstring_bytes(RABBITMQ_DEAD_QUEUE), 0);
    got = rabbitmq_check_reply(reply, "to hand out a dead letter", failure);
    if (got < 0 || reply.reply.id == AMQP_BASIC_GET_EMPTY_METHOD)
        return got;
    tag = ((const amqp_basic_get_ok_t *)reply.reply.decoded)->delivery_tag;
    got = read_content(admin, &content, failure);
    if (got < 0)
        return got;
    *ret_letter = content.letter;
    if (rabbitmq_content_parse(&content, &message))
        ret_letter->job = message.job;
    *ret_tag = tag;
    return 1;
}

/*
 * All that were got, one after the other: of several that it gets back at once the broker does not keep the order. Tags
 * count from 1 in a connection, so those before `first` are of earlier calls.
 */
static int give_back(struct rabbitmq_admin *admin, uint64_t first, uint64_t last, struct failure *failure)
{
    int error = 0;

    for (uint64_t tag = first; first > 0 && tag <= last && error == 0; tag++)
        error = rabbitmq_check_status(amqp_basic_nack(admin->link.connection, RABBITMQ_CHANNEL, tag, 0, 1),
                                      "to take dead letters back", failure);
    return error;
}

/* The broker notes whole seconds; jobs are numbered in the order of their making. */
static int compare_letters(const void *a, const void *b)
{
    const struct dead_letter *one = a;
    const struct dead_letter *other = b;

    if (one->at != other->at)
        return one->at < other->at ? -1 : 1;
    return uuid_compare(&one->job, &other->job);
}

/* Gets as many as there are, up to `max`, and gives them back. */
static int look_at_letters(struct rabbitmq_admin *admin, struct dead_letter *letters, size_t max, size_t *ret_count,
                           struct failure *failure)
{
    uint64_t first = 0;
    uint64_t last = 0;
    size_t count = 0;
    int got = 1;

    while (got > 0 && count < max) {
        got = get_letter(admin, &letters[count], &last, failure);
        if (got <= 0)
            break;
        first = first ? first : last;
        count++;
    }
    if (got >= 0)
        got = give_back(admin, first, last, failure);
    if (got >= 0)
        *ret_count = count;
    return got;
}

/*
 * What was given back is got before all others, but the last given back last: who looked at the first few alone would
 * turn the order. Therefore all are got, up to LOOK_MAX, and sorted.
 */
int rabbitmq_admin_dead_list(struct rabbitmq_admin *admin, struct dead_letter *ret_letters, size_t max,
                             size_t *ret_count, struct failure *failure)
{
    size_t room = max > LOOK_MAX ? max : LOOK_MAX;
    cleanup_free struct dead_letter *letters = calloc(room, sizeof(*letters));
    uint64_t there = 0;
    size_t count = 0;
    int error;

    if (!letters)
        return fail_nomem(failure);
    error = begin_call(admin, &there, failure);
    if (error == 0)
        error = look_at_letters(admin, letters, room, &count, failure);
    if (error == 0) {
        qsort(letters, count, sizeof(*letters), compare_letters);
        count = count < max ? count : max;
        memcpy(ret_letters, letters, count * sizeof(*letters));
        *ret_count = count;
    }
    return end_call(admin, error);
}

/* Acknowledges it, and asks something afterwards: the answer says that the broker has read that. */
static int keep_letter(struct rabbitmq_admin *admin, uint64_t tag, struct failure *failure)
{
    uint64_t count;
    int error = rabbitmq_check_status(amqp_basic_ack(admin->link.connection, RABBITMQ_CHANNEL, tag, 0),
                                      "to give a dead letter away", failure);

    return error < 0 ? error : count_messages(admin, RABBITMQ_DEAD_QUEUE, &count, failure);
}

int rabbitmq_admin_dead_take(struct rabbitmq_admin *admin, const struct uuid *job, struct dead_letter *ret_letter,
                             struct failure *failure)
{
    struct dead_letter letter = {0};
    bool is_found = false;
    uint64_t first = 0;
    uint64_t last = 0;
    uint64_t there = 0;
    int got = begin_call(admin, &there, failure);

    while (got >= 0 && !is_found) {
        uint64_t tag = 0;

        got = get_letter(admin, &letter, &tag, failure);
        if (got <= 0)
            break;
        is_found = !job || uuid_compare(&letter.job, job) == 0;
        if (is_found) {
            got = keep_letter(admin, tag, failure);
        } else {
            first = first ? first : tag;
            last = tag;
        }
    }
    if (got >= 0)
        got = give_back(admin, first, last, failure);
    if (got >= 0 && is_found)
        *ret_letter = letter;
    return end_call(admin, got < 0 ? got : is_found);
}

int rabbitmq_admin_dead_purge(struct rabbitmq_admin *admin, uint64_t *ret_count, struct failure *failure)
{
    amqp_queue_purge_ok_t *ok;
    uint64_t there = 0;
    int error = begin_call(admin, &there, failure);

    if (error == 0) {
        ok = amqp_queue_purge(admin->link.connection, RABBITMQ_CHANNEL, amqp_cstring_bytes(RABBITMQ_DEAD_QUEUE));
        error = rabbitmq_check_reply(amqp_get_rpc_reply(admin->link.connection), "to purge dead letters", failure);
        if (error == 0)
            *ret_count = ok->message_count;
    }
    return end_call(admin, error);
}
