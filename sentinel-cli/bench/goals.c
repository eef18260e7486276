/* SPDX-License-Identifier: MIT */
#include "goals.h"

#include "../cli.h"

#include <math.h>
#include <string.h>

#define BARE "posix_spawn"
#define LIVE "live sandbox, next run"
#define NEW "new sandbox"
#define POOLED "pooled sandbox"
#define POOLED_MANY "pooled sandboxes"
#define MIB 1048576.0

/* A goal whose contender is not there yet, or not on this host, is reported as not measured. */
static const struct goal goals[] = {
    {.scenario = "spawn", .contender = LIVE, .to = BARE, .limit = 1.1},
    {.scenario = "spawn", .contender = POOLED, .to = BARE, .limit = 1.15},
    {.scenario = "spawn", .contender = "bwrap --unshare-all", .to = POOLED, .is_least = true, .limit = 6},
    {.scenario = "spawn", .contender = "nsjail", .to = POOLED, .is_least = true, .limit = 9},
    {.scenario = "spawn", .contender = NEW, .to = BARE, .limit = 3},
    {.scenario = "python", .contender = "live sandbox, template", .to = "bare", .limit = 0.2},
    {.scenario = "cpp-compile", .contender = "prepared, another source", .to = "bare", .limit = 0.22},
    {.scenario = "cpp-compile", .contender = "cached, the same source", .to = "bare", .limit = 0.01},
    {.scenario = "throughput-1", .contender = POOLED_MANY, .to = BARE, .is_least = true, .limit = 0.85},
    {.scenario = "throughput-2", .contender = POOLED_MANY, .to = BARE, .is_least = true, .limit = 0.85},
    {.scenario = "throughput-4", .contender = POOLED_MANY, .to = BARE, .is_least = true, .limit = 0.85},
    {.scenario = "throughput-16", .contender = POOLED_MANY, .to = BARE, .is_least = true, .limit = 0.85},
    {.scenario = "throughput-64", .contender = POOLED_MANY, .to = BARE, .is_least = true, .limit = 0.85},
    {.scenario = "idle", .contender = "pooled, all memory of the host's", .limit = MIB},
    {.scenario = "idle-cpu", .contender = "pooled, its PID 1, in a second", .limit = 0},
    {.scenario = "crowd", .contender = "beside 1,000 others", .to = "beside another", .limit = 1.2},
};

const struct goal *goal_next(const struct scenario *scenario, const struct goal *previous)
{
    for (size_t i = previous ? (size_t)(previous - goals) + 1 : 0; i < ARRAY_SIZE(goals); i++)
        if (strcmp(goals[i].scenario, scenario->name) == 0)
            return &goals[i];
    return NULL;
}

static const struct sample *find(const struct scenario *scenario, const struct figures *figures, const char *name)
{
    for (size_t i = 0; i < scenario->contender_count; i++)
        if (strcmp(scenario->contenders[i]->name, name) == 0)
            return figures[i].why_not || !figures[i].values.count ? NULL : &figures[i].values;
    return NULL;
}

struct goal_result goal_judge(const struct goal *goal, const struct scenario *scenario, const struct figures *figures)
{
    struct goal_result result = {GOAL_UNMEASURED, {NAN, NAN, NAN}};
    const struct sample *its = find(scenario, figures, goal->contender);
    const struct sample *to = goal->to ? find(scenario, figures, goal->to) : NULL;
    struct sample ratios = {0};

    /* neither was left out of a round, so their figures of one place are of one round */
    if (!its || (goal->to && (!to || to->count != its->count)))
        return result;
    for (size_t i = 0; i < its->count; i++)
        sample_add(&ratios, to ? its->values[i] / to->values[i] : its->values[i]);
    result.median = sample_quantile(&ratios, 0.5);
    sample_clear(&ratios);
    result.state = GOAL_UNDECIDED;
    if (goal->is_least ? result.median.low >= goal->limit : result.median.high <= goal->limit)
        result.state = GOAL_MET;
    else if (goal->is_least ? result.median.high < goal->limit : result.median.low > goal->limit)
        result.state = GOAL_MISSED;
    return result;
}

const char *goal_state_name(enum goal_state state)
{
    static const char *const names[] = {"met", "missed", "undecided", "not measured"};

    return names[state];
}
