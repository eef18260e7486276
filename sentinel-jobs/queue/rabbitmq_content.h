/* SPDX-License-Identifier: MIT */
#ifndef JOBS_QUEUE_RABBITMQ_CONTENT_H
#define JOBS_QUEUE_RABBITMQ_CONTENT_H

#include "queue/queue.h"

#include <amqp.h>
#include <amqp_framing.h>

/*
 * A message on its way: JSON {"v":1,"job":"UUID"}, with the headers traceparent and, of a dead letter that a worker
 * settled, sentinel-reason and sentinel-at (microseconds). message_id is the publisher's serial number of it, by which
 * a returned one is known again.
 */
#define RABBITMQ_BODY_SIZE 80
int rabbitmq_content_publish(amqp_connection_state_t connection, const struct queue_message *message,
                             const char *dead_reason, uint64_t serial);

/* What is read of a message's header and body frames; a longer body than any of ours is passed over. */
struct rabbitmq_content {
    enum { CONTENT_NONE, CONTENT_HEADER, CONTENT_BODY } expects;
    uint64_t left;
    size_t length;
    bool is_too_long;
    char body[4 * RABBITMQ_BODY_SIZE + 1];
    char traceparent[TRACEPARENT_SIZE];
    uint64_t serial;
    struct dead_letter letter; /* reason and time */
};

void rabbitmq_content_begin(struct rabbitmq_content *content);
/* 1: it is complete; 0: more is to come; FAIL_INTERNAL: this frame has no place here. */
int rabbitmq_content_add(struct rabbitmq_content *content, const amqp_frame_t *frame, struct failure *failure);
/* False if it is no message of ours. */
bool rabbitmq_content_parse(const struct rabbitmq_content *content, struct queue_message *ret_message);

#endif
