/* SPDX-License-Identifier: MIT */
#ifndef JOBS_QUEUE_BACKEND_H
#define JOBS_QUEUE_BACKEND_H

#include "queue/queue.h"

/* What an implementation is: queue.h's functions, one for each. queue.c finds it by the URL. */
struct queue_backend {
    const char *name;
    const char *const *prefixes;
    int (*open)(const char *url, const struct queue_options *options, void **ret_self, struct failure *failure);
    void (*close)(void *self);
    int (*ping)(void *self, struct failure *failure);
    int (*publish)(void *self, const struct queue_message *messages, size_t count, struct failure *failure);
    int (*take)(void *self, unsigned timeout_ms, struct delivery *ret_delivery, struct failure *failure);
    int (*settle)(void *self, const struct delivery *delivery, enum queue_settlement settlement, const char *reason,
                  struct failure *failure);
    void (*stop)(void *self);
    int (*depth)(void *self, struct queue_depth *ret_depth, struct failure *failure);
    int (*dead_list)(void *self, struct dead_letter *ret_letters, size_t max, size_t *ret_count,
                     struct failure *failure);
    int (*dead_take)(void *self, const struct uuid *job, struct dead_letter *ret_letter, struct failure *failure);
    int (*dead_purge)(void *self, uint64_t *ret_count, struct failure *failure);
};

extern const struct queue_backend queue_sqlite;
extern const struct queue_backend queue_rabbitmq;

#endif
