/* SPDX-License-Identifier: MIT */
#ifndef SENTINEL_BENCH_GOALS_H
#define SENTINEL_BENCH_GOALS_H

#include "scenario.h"

/* What the figures shall be: goals.c has all of them. */
struct goal {
    const char *scenario;
    const char *contender;
    const char *to; /* the contender that it is divided by, round by round; NULL: its figure as it is */
    bool is_least;  /* at least `limit`, else at most */
    double limit;
};

/*
 * Met or missed is said where the interval of the median lies on one side of the limit, undecided where it does not, or
 * where there are too few rounds for an interval.
 */
enum goal_state { GOAL_MET, GOAL_MISSED, GOAL_UNDECIDED, GOAL_UNMEASURED, GOAL_STATES };

struct goal_result {
    enum goal_state state;
    struct quantile median;
};

/* The next goal of a scenario after `previous` (NULL: the first), or NULL. */
const struct goal *goal_next(const struct scenario *scenario, const struct goal *previous);
struct goal_result goal_judge(const struct goal *goal, const struct scenario *scenario, const struct figures *figures);
/* "met", "missed", "undecided", "not measured" */
const char *goal_state_name(enum goal_state state);

#endif
