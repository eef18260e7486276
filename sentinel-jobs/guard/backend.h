/* SPDX-License-Identifier: MIT */
#ifndef JOBS_GUARD_BACKEND_H
#define JOBS_GUARD_BACKEND_H

#include "guard/guard.h"

/* What an implementation is: guard.h's functions, one for each. guard.c finds it by the URL. */
struct guard_backend {
    const char *name;
    const char *const *prefixes;
    int (*open)(const char *url, void **ret_self, struct failure *failure);
    void (*close)(void *self);
    int (*ping)(void *self, struct failure *failure);
    int (*claim)(void *self, const char *name, const char *owner, uint64_t ttl_ms, struct failure *failure);
    int (*take_over)(void *self, const char *name, const char *owner, uint64_t ttl_ms, struct failure *failure);
    int (*release)(void *self, const char *name, const char *owner, struct failure *failure);
    int (*rate)(void *self, const char *name, uint32_t limit, uint64_t window_ms, uint32_t cost,
                struct guard_rate *ret_rate, struct failure *failure);
};

extern const struct guard_backend guard_memory;
extern const struct guard_backend guard_redis;

#endif
