/* SPDX-License-Identifier: MIT */
#include "guard/guard.h"

#include "guard/backend.h"

#include "common/url.h"

#include <stdlib.h>

/* Which implementation it is, and that one's own struct. */
struct guard {
    const struct guard_backend *backend;
    void *self;
};

static const struct guard_backend *const backends[] = {&guard_memory, &guard_redis};

static const struct guard_backend *find_backend(const char *url)
{
    for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++)
        if (url_has_prefix(url, backends[i]->prefixes))
            return backends[i];
    return NULL;
}

int guard_open(const char *url, struct guard **ret_guard, struct failure *failure)
{
    const struct guard_backend *backend = find_backend(url);
    struct guard *guard;
    int error;

    if (!backend)
        return fail(failure, FAIL_INVALID,
                    "this is no URL of a guard: it begins with none of memory:, redis://, unix:");
    guard = calloc(1, sizeof(*guard));
    if (!guard)
        return fail_nomem(failure);
    guard->backend = backend;
    error = backend->open(url, &guard->self, failure);
    if (error < 0) {
        free(guard);
        return error;
    }
    *ret_guard = guard;
    return 0;
}

void guard_close(struct guard *guard)
{
    if (!guard)
        return;
    guard->backend->close(guard->self);
    free(guard);
}

int guard_ping(struct guard *guard, struct failure *failure)
{
    return guard->backend->ping(guard->self, failure);
}

int guard_claim(struct guard *guard, const char *name, const char *owner, uint64_t ttl_ms, struct failure *failure)
{
    return guard->backend->claim(guard->self, name, owner, ttl_ms, failure);
}

int guard_take_over(struct guard *guard, const char *name, const char *owner, uint64_t ttl_ms, struct failure *failure)
{
    return guard->backend->take_over(guard->self, name, owner, ttl_ms, failure);
}

int guard_release(struct guard *guard, const char *name, const char *owner, struct failure *failure)
{
    return guard->backend->release(guard->self, name, owner, failure);
}

int guard_rate(struct guard *guard, const char *name, uint32_t limit, uint64_t window_ms, uint32_t cost,
               struct guard_rate *ret_rate, struct failure *failure)
{
    return guard->backend->rate(guard->self, name, limit, window_ms, cost, ret_rate, failure);
}
