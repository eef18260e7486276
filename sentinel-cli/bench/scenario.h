/* SPDX-License-Identifier: MIT */
#ifndef SENTINEL_BENCH_SCENARIO_H
#define SENTINEL_BENCH_SCENARIO_H

#include "sample.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * A scenario is a question; its contenders are what is compared. Every round measures each of them once, in an order
 * that changes, so that what the machine does meanwhile meets all of them; a ratio is to the first contender's figure
 * of the same round.
 */
struct contender {
    const char *name; /* as in the report */
    /*
     * What it needs, made once: `state` is its own. 0, or -1 or MISSING with *ret_why (to be freed): it is not tried.
     * NULL: nothing.
     */
    int (*prepare)(const struct contender *contender, void **ret_state, char **ret_why);
    /* One figure. 0, or -1 or MISSING with *ret_why: it is not tried any more. */
    int (*measure)(const struct contender *contender, void *state, double *ret_value, char **ret_why);
    void (*clear)(void *state); /* may be NULL */
    const void *what;           /* what prepare and measure have to know */
    unsigned number;
    bool is_shared; /* callers at the same time share one state */
};

#define MISSING (-2)      /* instead of -1: this host has not got what it takes, and need not have it */
#define CONTENDERS_MAX 12 /* of a scenario */

enum unit { UNIT_NANOSECONDS, UNIT_PER_SECOND, UNIT_BYTES };

struct scenario {
    const char *name;
    const char *title;
    enum unit unit;
    unsigned rounds; /* unless the caller says how many */
    const struct contender *const *contenders;
    size_t contender_count;
};

/* Each list ends with one without a name. */
extern const struct scenario scenarios_spawn[];
extern const struct scenario scenarios_steps[];
extern const struct scenario scenarios_language[];
extern const struct scenario scenarios_throughput[];
extern const struct scenario scenarios_crowd[];
extern const struct scenario scenarios_steadiness[];

/* /usr/bin/true: by posix_spawn(), in a sandbox that lives, in one that is made for it. */
extern const struct contender bare_true, live_true, pooled_true, new_true;

/* What came out of it. */
struct figures {
    struct sample values;
    struct sample ratios; /* to the first contender */
    char *why_not;        /* it was not tried, or not to the end; NULL */
    bool is_missing;      /* for this reason */
};

/* Until a signal comes. `figures` has room for each contender. */
void scenario_run(const struct scenario *scenario, unsigned rounds, struct figures *figures);
void figures_clear(struct figures *figures, size_t count);

/* CLOCK_MONOTONIC, nanoseconds. */
uint64_t bench_now(void);

#endif
