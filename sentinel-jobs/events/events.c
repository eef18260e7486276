/* SPDX-License-Identifier: MIT */
#include "events/events.h"

#include "events/backend.h"

#include "common/url.h"

#include <stdlib.h>

/* Which implementation it is, and that one's own struct. */
struct events {
    const struct events_backend *backend;
    void *self;
};

static const struct events_backend *const backends[] = {&events_memory, &events_postgres};

static const struct events_backend *find_backend(const char *url)
{
    for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++)
        if (url_has_prefix(url, backends[i]->prefixes))
            return backends[i];
    return NULL;
}

int events_open(const char *url, struct events **ret_events, struct failure *failure)
{
    const struct events_backend *backend = find_backend(url);
    struct events *events;
    int error;

    if (!backend)
        return fail(failure, FAIL_INVALID, "this is no URL of a events: it begins with none of memory:, postgresql://");
    events = calloc(1, sizeof(*events));
    if (!events)
        return fail_nomem(failure);
    events->backend = backend;
    error = backend->open(url, &events->self, failure);
    if (error < 0) {
        free(events);
        return error;
    }
    *ret_events = events;
    return 0;
}

void events_close(struct events *events)
{
    if (!events)
        return;
    events->backend->close(events->self);
    free(events);
}

int events_ping(struct events *events, struct failure *failure)
{
    return events->backend->ping(events->self, failure);
}

int events_publish(struct events *events, const struct event *list, size_t count, struct failure *failure)
{
    return events->backend->publish(events->self, list, count, failure);
}

int events_subscribe(struct events *events, const struct uuid *job, uint64_t after, event_function function, void *arg,
                     struct subscription **ret_subscription, struct failure *failure)
{
    return events->backend->subscribe(events->self, job, after, function, arg, ret_subscription, failure);
}

void events_unsubscribe(struct events *events, struct subscription *subscription)
{
    events->backend->unsubscribe(events->self, subscription);
}

int events_forget(struct events *events, const struct uuid *job, struct failure *failure)
{
    return events->backend->forget(events->self, job, failure);
}

int events_control(struct events *events, const struct uuid *job, enum control_kind kind, const void *data,
                   size_t length, struct failure *failure)
{
    return events->backend->control(events->self, job, kind, data, length, failure);
}

void events_on_control(struct events *events, control_function function, void *arg)
{
    events->backend->on_control(events->self, function, arg);
}

int events_watch(struct events *events, const struct uuid *job, struct failure *failure)
{
    return events->backend->watch(events->self, job, failure);
}

void events_unwatch(struct events *events, const struct uuid *job)
{
    events->backend->unwatch(events->self, job);
}
