/* SPDX-License-Identifier: MIT */
#ifndef JOBS_QUEUE_SQLITE_H
#define JOBS_QUEUE_SQLITE_H

#include "queue/sqlite_file.h"

#include <pthread.h>
#include <stdbool.h>

/* A delivery that is not settled. `serial` tells two deliveries of one row, and two rows that had one id, apart. */
struct sqlite_taken {
    int64_t id;
    uint64_t serial;
    unsigned deliveries;
};

struct sqlite_queue {
    unsigned prefetch;
    unsigned delivery_limit;
    int taker_fd; /* holds the lock of who takes; without prefetch only asks for it */

    pthread_mutex_t mutex; /* of what follows */
    pthread_cond_t changed;
    struct queue_file file;
    struct sqlite_taken *taken; /* `prefetch` of them, the first taken_count in use */
    unsigned taken_count;
    uint64_t serial;
    unsigned waiting;
    bool is_polled;    /* one of those that wait looks for other processes' publications */
    bool may_be_ready; /* there may be a row to take */
    int64_t data_version;
    bool is_stopped;

    pthread_mutex_t reader_mutex; /* of the second connection: what only reads holds nobody up */
    struct queue_file reader;
};

/* sqlite_take.c */
int sqlite_take(void *self, unsigned timeout_ms, struct delivery *ret_delivery, struct failure *failure);
int sqlite_settle(void *self, const struct delivery *delivery, enum queue_settlement settlement, const char *reason,
                  struct failure *failure);
void sqlite_stop(void *self);

/* sqlite_dead.c */
int sqlite_dead_list(void *self, struct dead_letter *ret_letters, size_t max, size_t *ret_count,
                     struct failure *failure);
int sqlite_dead_take(void *self, const struct uuid *job, struct dead_letter *ret_letter, struct failure *failure);
int sqlite_dead_purge(void *self, uint64_t *ret_count, struct failure *failure);

#endif
