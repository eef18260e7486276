/* SPDX-License-Identifier: MIT */
#ifndef JOBS_QUEUE_QUEUE_H
#define JOBS_QUEUE_QUEUE_H

#include "common/failure.h"
#include "common/uuid.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Which jobs wait for a worker. Two implementations, chosen by the URL:
 *   sqlite:PATH            a table in a file of its own; takers in this process are woken by an eventfd
 *   amqp://user:password@host:port/vhost
 *                          RabbitMQ: exchange sentinel.direct, quorum queue execution_tasks, dead-letter exchange
 *                          sentinel.dlx to dead_letter_queue; threads of its own, one connection each
 * One conformance suite (tests/service/parts/test_queue_*) runs against both.
 *
 * At least once: a delivery that is not settled (its taker died, or lost the broker) comes again, marked redelivered.
 * A job may be published twice; what keeps it from being executed twice is store_claim(). Every function may be called
 * from any thread. FAIL_UNAVAILABLE: the broker is away; the implementation reconnects by itself.
 */
struct queue;

/* The most bytes of a traceparent, and its NUL. */
#define TRACEPARENT_SIZE 56

struct queue_options {
    unsigned prefetch; /* deliveries that may be unsettled at once: the worker's slots; 0: this process takes none */
    unsigned delivery_limit; /* after so many deliveries that were not acknowledged one is a dead letter; 0: 20 */
    bool is_alone; /* of a file: FAIL_CONFLICT if another process takes from it, and none begins to until the end */
};

struct queue_message {
    struct uuid job;
    char traceparent[TRACEPARENT_SIZE]; /* "": none */
};

struct delivery {
    struct queue_message message;
    bool is_malformed;   /* it is no message of ours: to be settled as dead */
    bool is_redelivered; /* its earlier taker is gone, or gave it back */
    uint64_t tag;        /* the implementation's */
    uint64_t generation; /* the implementation's: of the connection that it came by */
};

int queue_open(const char *url, const struct queue_options *options, struct queue **ret_queue, struct failure *failure);
void queue_close(struct queue *queue);
/*
 * Is it a broker's URL that queue_open() takes? FAIL_INVALID. *ret_authorities: the file with those that the broker is
 * verified by, to be freed; NULL: the URL names none.
 */
int queue_check_url(const char *url, char **ret_authorities, struct failure *failure);
/* Of a file that could not be written (no room, read-only, an I/O error) it is a write, until one succeeds. */
int queue_ping(struct queue *queue, struct failure *failure);

/*
 * Publishes all of them; 0 when every one is confirmed: it will be delivered even if the broker is killed now. Of a
 * failure, some may have been published. Blocks, for at most some seconds.
 */
int queue_publish(struct queue *queue, const struct queue_message *messages, size_t count, struct failure *failure);

/*
 * Waits for a delivery: 1, and then it is to be settled; 0 after timeout_ms; FAIL_CLOSED after queue_stop(). Never
 * more than `prefetch` are unsettled, so callers take only what they can execute now.
 */
int queue_take(struct queue *queue, unsigned timeout_ms, struct delivery *ret_delivery, struct failure *failure);

enum queue_settlement {
    QUEUE_DONE,  /* acknowledged: never again */
    QUEUE_AGAIN, /* for another taker, redelivered */
    QUEUE_DEAD   /* a dead letter */
};
/*
 * One that came by a connection that was lost since is redelivered whatever is said here: then it is FAIL_CONFLICT.
 */
int queue_settle(struct queue *queue, const struct delivery *delivery, enum queue_settlement settlement,
                 const char *reason, struct failure *failure);
/* Takers return FAIL_CLOSED from now on; settling still works. */
void queue_stop(struct queue *queue);

struct queue_depth {
    uint64_t ready;
    uint64_t unsettled; /* 0 where the broker does not say */
    uint64_t dead;
};
int queue_depth(struct queue *queue, struct queue_depth *ret_depth, struct failure *failure);

struct dead_letter {
    struct uuid job;  /* zero if it was no message of ours */
    int64_t at;       /* microseconds since the epoch; 0 unknown */
    char reason[120]; /* "rejected", "delivery_limit", what was said when it was settled */
};
/* The oldest, at most max; they stay where they are. */
int queue_dead_list(struct queue *queue, struct dead_letter *ret_letters, size_t max, size_t *ret_count,
                    struct failure *failure);
/*
 * Takes one dead letter away (its job's, or with job NULL the oldest): 1 and *ret_letter, 0 if there is none. To retry,
 * the caller revives the job, and the outbox publishes it.
 */
int queue_dead_take(struct queue *queue, const struct uuid *job, struct dead_letter *ret_letter,
                    struct failure *failure);
int queue_dead_purge(struct queue *queue, uint64_t *ret_count, struct failure *failure);

#endif
