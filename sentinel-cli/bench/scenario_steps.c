/* SPDX-License-Identifier: MIT */
/* Where does the time go? By the library's own clock: one cycle a round, whose steps are the contenders. */
#include "boxed.h"
#include "scenario.h"

#include "../cli.h"
#include "../message.h"

#include <sentinel/sentinel.h>
#include <string.h>
#include <time.h>

static const char *const true_argv[] = {"/usr/bin/true", NULL};

/* What the steps of a round are: of a new sandbox, of its first run, of a run in one that lives. */
enum kind { OF_CREATION, OF_FIRST_RUN, OF_NEXT_RUN };

/* The cycle is made by the first contender of a scenario; the others read what it left here. */
static struct {
    sn_step list[16];
    size_t count;
    sn_sandbox *keeper; /* what the library keeps for the next sandbox is kept while there is one */
    sn_sandbox *live;
} latest;

static void keep(const sn_step *steps, size_t count)
{
    latest.count = count < ARRAY_SIZE(latest.list) ? count : ARRAY_SIZE(latest.list);
    memcpy(latest.list, steps, latest.count * sizeof(*steps));
}

static int run_in(sn_sandbox *sandbox, char **ret_why)
{
    sn_result *result = NULL;
    const sn_step *steps;
    size_t count;
    int r = boxed_run(sandbox, true_argv, &result, ret_why);

    if (r < 0)
        return r;
    steps = sn_result_steps(result, &count);
    keep(steps, count);
    return ended_well(result, ret_why);
}

static int cycle(enum kind kind, char **ret_why)
{
    sn_sandbox *sandbox = NULL;
    const sn_step *steps;
    size_t count;
    int r = 0;

    if (kind == OF_NEXT_RUN) {
        nanosleep(&(struct timespec){.tv_nsec = 3000000}, NULL); /* until it is armed */
        return run_in(latest.live, ret_why);
    }
    r = boxed_create(&sandbox, ret_why);
    if (r < 0)
        return r;
    if (kind == OF_FIRST_RUN) {
        r = run_in(sandbox, ret_why);
    } else {
        steps = sn_sandbox_steps(sandbox, &count);
        keep(steps, count);
    }
    sn_sandbox_destroy(sandbox);
    return r;
}

static int step_prepare(const struct contender *contender, void **ret_state, char **ret_why)
{
    *ret_state = NULL;
    if (contender->number == 0)
        return 0;
    if (!latest.keeper && boxed_create(&latest.keeper, ret_why) < 0)
        return -1;
    if (!latest.live && boxed_create(&latest.live, ret_why) < 0)
        return -1;
    /* until its next run is armed */
    for (int i = 0; i < 3; i++)
        if (run_in(latest.live, ret_why) < 0)
            return -1;
    *ret_state = &latest;
    return 0;
}

static void step_clear(void *state)
{
    (void)state;
    sn_sandbox_destroy(latest.live);
    sn_sandbox_destroy(latest.keeper);
    latest.live = latest.keeper = NULL;
}

static int step_measure(const struct contender *contender, void *state, double *ret_ns, char **ret_why)
{
    (void)state;
    if (contender->number && cycle((enum kind)(contender->number - 1), ret_why) < 0)
        return -1;
    *ret_ns = 0;
    for (size_t i = 0; i < latest.count; i++)
        if (strcmp(latest.list[i].name, contender->name) == 0)
            *ret_ns = (double)latest.list[i].ns;
    return 0;
}

#define STEP(n)                                                                                                        \
    {                                                                                                                  \
        .name = n, .measure = step_measure, .prepare = step_prepare                                                    \
    }
#define FIRST(n, kind)                                                                                                 \
    {                                                                                                                  \
        .name = n, .measure = step_measure, .prepare = step_prepare, .clear = step_clear, .number = (kind) + 1         \
    }

static const struct contender creation[] = {
    FIRST("place", OF_CREATION), STEP("plan"), STEP("clone"), STEP("ids"), STEP("setup"), STEP("mounts")};
#define OF_A_RUN                                                                                                       \
    STEP("clone"), STEP("join"), STEP("confine"), STEP("seccomp"), STEP("exec"), STEP("run"), STEP("reap"),            \
        STEP("figures")
static const struct contender first_run[] = {FIRST("prepare", OF_FIRST_RUN), OF_A_RUN};
static const struct contender next_run[] = {FIRST("prepare", OF_NEXT_RUN), OF_A_RUN};

#define OF(a) &(a)[0], &(a)[1], &(a)[2], &(a)[3], &(a)[4], &(a)[5]
static const struct contender *const by_creation[] = {OF(creation)};
static const struct contender *const by_first_run[] = {OF(first_run), &first_run[6], &first_run[7], &first_run[8]};
static const struct contender *const by_next_run[] = {OF(next_run), &next_run[6], &next_run[7], &next_run[8]};

const struct scenario scenarios_steps[] = {
    {"steps-creation", "the steps of making a sandbox", UNIT_NANOSECONDS, 200, by_creation, ARRAY_SIZE(by_creation)},
    {"steps-first-run", "the steps of the first run in one, /usr/bin/true", UNIT_NANOSECONDS, 200, by_first_run,
     ARRAY_SIZE(by_first_run)},
    {"steps-next-run", "the same of a next run; clone to seccomp were made before it was asked for", UNIT_NANOSECONDS,
     200, by_next_run, ARRAY_SIZE(by_next_run)},
    {.name = NULL},
};
