/* SPDX-License-Identifier: MIT */
#ifndef JOBS_GUARD_ARGUMENTS_H
#define JOBS_GUARD_ARGUMENTS_H

#include "common/failure.h"

#include <stdint.h>
#include <string.h>

/* What both implementations refuse, so that neither has to think of overflows or of a megabyte as a name. */
#define GUARD_NAME_MAX 255
#define GUARD_DURATION_MAX_MS (366ULL * 24 * 3600 * 1000)

static inline int guard_check_name(const char *what, const char *name, struct failure *failure)
{
    size_t length = strnlen(name, GUARD_NAME_MAX + 1);

    if (length == 0)
        return fail(failure, FAIL_INVALID, "the guard's %s is empty", what);
    if (length > GUARD_NAME_MAX)
        return fail(failure, FAIL_LIMIT, "the guard's %s has more than %d bytes", what, GUARD_NAME_MAX);
    return 0;
}

static inline int guard_check_duration(const char *what, uint64_t ms, struct failure *failure)
{
    if (ms == 0 || ms > GUARD_DURATION_MAX_MS)
        return fail(failure, FAIL_INVALID, "the guard's %s is not of 1 millisecond to 366 days", what);
    return 0;
}

/* Claims: a name, an owner, and for how long. */
static inline int guard_check_claim(const char *name, const char *owner, uint64_t ttl_ms, struct failure *failure)
{
    int error = guard_check_name("name", name, failure);

    if (error == 0)
        error = guard_check_name("owner", owner, failure);
    return error < 0 ? error : guard_check_duration("ttl_ms", ttl_ms, failure);
}

/* Rates: a name and its window. */
static inline int guard_check_rate(const char *name, uint64_t window_ms, struct failure *failure)
{
    int error = guard_check_name("name", name, failure);

    return error < 0 ? error : guard_check_duration("window_ms", window_ms, failure);
}

/*
 * Up to this limit every unit is remembered by its own time. Above it, those within 1/GUARD_EXACT_LIMIT of the window
 * share one time and leave together, when the last of them may: never too early, and late by that fraction at most. So
 * a name costs a bounded amount of memory whatever its limit is.
 */
#define GUARD_EXACT_LIMIT 1024

static inline uint64_t guard_granularity(uint32_t limit, uint64_t window)
{
    return limit <= GUARD_EXACT_LIMIT ? 0 : window / GUARD_EXACT_LIMIT + 1;
}

#endif
