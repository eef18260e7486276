/* SPDX-License-Identifier: MIT */
#ifndef JOBS_WORK_RELAY_H
#define JOBS_WORK_RELAY_H

#include "observe/metrics.h"
#include "queue/queue.h"
#include "store/store.h"

/*
 * Theory of operation. The relay closes the gap between "stored" and "in the queue". A job that was accepted is durable
 * in the store, marked as not published; the relay's thread publishes it a moment later, many at once, and marks it
 * when the queue has confirmed. If the process is killed anywhere between, the mark is missing, and whichever relay
 * looks next publishes it (again: a second delivery finds the job claimed or over). The same thread finds jobs whose
 * worker died without the queue knowing, and removes what is past its retention.
 */
struct relay;

struct relay_options {
    struct store *store;
    struct queue *queue;
    struct metrics *metrics;
    uint64_t retention_us;  /* 0: for ever */
    bool is_queue_volatile; /* the queue may have forgotten what it had: publish all that wait once more at the start */
};

int relay_start(const struct relay_options *options, struct relay **ret_relay, struct failure *failure);
/* A job that was just stored. Never blocks. */
void relay_add(struct relay *relay, const struct queue_message *message);
/* Publishes what there is, for at most a second. NULL is accepted. */
void relay_stop(struct relay *relay);

#endif
