/* SPDX-License-Identifier: MIT */
#ifndef JOBS_GUARD_GUARD_H
#define JOBS_GUARD_GUARD_H

#include "common/failure.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What keeps things from happening too often: claims and rates. Two implementations, chosen by the URL:
 *   memory:                       of this process
 *   redis://[:password@]host:port[/db] (or unix:PATH)
 *                                 scripts, so each call is one trip and atomic; claims in one sorted set by their end
 * One conformance suite (tests/service/parts/test_guard*) runs against both. Any thread may call anything.
 *
 * Nothing depends on it for being right: a claim spares a second worker a trip to the store, whose own compare-and-set
 * decides. FAIL_UNAVAILABLE: it is away; callers go on without (claims) or by a limit of their own (rates).
 */
struct guard;

int guard_open(const char *url, struct guard **ret_guard, struct failure *failure);
void guard_close(struct guard *guard);
int guard_ping(struct guard *guard, struct failure *failure);

/* 1: it is `owner`'s now, for ttl_ms, or was already (and is prolonged); 0: it is another's. */
int guard_claim(struct guard *guard, const char *name, const char *owner, uint64_t ttl_ms, struct failure *failure);
/* 0: whoever had it, it is `owner`'s now: the queue knows that the other is gone. */
int guard_take_over(struct guard *guard, const char *name, const char *owner, uint64_t ttl_ms, struct failure *failure);
/* 0: it is nobody's now; FAIL_CONFLICT: it is another's, and stays so. */
int guard_release(struct guard *guard, const char *name, const char *owner, struct failure *failure);

struct guard_rate {
    bool is_allowed;
    uint32_t limit;
    uint32_t remaining;      /* in this window, after this call */
    uint64_t retry_after_ms; /* 0 if allowed */
    uint64_t reset_ms;       /* until the window has none of those so far */
};
/*
 * A sliding window: of the last window_ms no more than `limit` units are allowed. What is refused does not count.
 * `cost` units are asked for, all or none.
 */
int guard_rate(struct guard *guard, const char *name, uint32_t limit, uint64_t window_ms, uint32_t cost,
               struct guard_rate *ret_rate, struct failure *failure);

#endif
