/* SPDX-License-Identifier: MIT */
#ifndef JOBS_EVENTS_BACKEND_H
#define JOBS_EVENTS_BACKEND_H

#include "events/events.h"

/* What an implementation is: events.h's functions, one for each. events.c finds it by the URL. */
struct events_backend {
    const char *name;
    const char *const *prefixes;
    int (*open)(const char *url, void **ret_self, struct failure *failure);
    void (*close)(void *self);
    int (*ping)(void *self, struct failure *failure);
    int (*publish)(void *self, const struct event *list, size_t count, struct failure *failure);
    int (*subscribe)(void *self, const struct uuid *job, uint64_t after, event_function function, void *arg,
                     struct subscription **ret_subscription, struct failure *failure);
    void (*unsubscribe)(void *self, struct subscription *subscription);
    int (*forget)(void *self, const struct uuid *job, struct failure *failure);
    int (*control)(void *self, const struct uuid *job, enum control_kind kind, const void *data, size_t length,
                   struct failure *failure);
    void (*on_control)(void *self, control_function function, void *arg);
    int (*watch)(void *self, const struct uuid *job, struct failure *failure);
    void (*unwatch)(void *self, const struct uuid *job);
};

extern const struct events_backend events_memory;
extern const struct events_backend events_postgres;

#endif
