/* SPDX-License-Identifier: MIT */
#include "scenario.h"

#include "../message.h"
#include "../signals.h"

#include <time.h>

uint64_t bench_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Anything that changes the order will do; the same one each time, so that two reports can be compared. */
static void shuffle(size_t *order, size_t count, uint64_t *seed)
{
    for (size_t i = count; i > 1; i--) {
        size_t other, swap;

        *seed = *seed * 6364136223846793005U + 1442695040888963407U;
        other = (size_t)(*seed >> 33) % i;
        swap = order[i - 1];
        order[i - 1] = order[other];
        order[other] = swap;
    }
}

static void play_round(const struct scenario *scenario, const size_t *order, void **states, struct figures *figures,
                       bool counts)
{
    double values[CONTENDERS_MAX] = {0};

    for (size_t i = 0; i < scenario->contender_count && !signals_caught(); i++) {
        const struct contender *contender = scenario->contenders[order[i]];
        struct figures *its = &figures[order[i]];

        if (!its->why_not)
            its->is_missing =
                contender->measure(contender, states[order[i]], &values[order[i]], &its->why_not) == MISSING;
    }
    for (size_t i = 0; counts && i < scenario->contender_count && !signals_caught(); i++) {
        if (figures[i].why_not)
            continue;
        sample_add(&figures[i].values, values[i]);
        if (!figures[0].why_not)
            sample_add(&figures[i].ratios, values[i] / values[0]);
    }
}

void scenario_run(const struct scenario *scenario, unsigned rounds, struct figures *figures)
{
    void *states[CONTENDERS_MAX];
    size_t order[CONTENDERS_MAX];
    uint64_t seed = 1;

    for (size_t i = 0; i < scenario->contender_count; i++) {
        const struct contender *contender = scenario->contenders[i];

        order[i] = i;
        states[i] = NULL;
        figures[i] = (struct figures){0};
        if (contender->prepare)
            figures[i].is_missing = contender->prepare(contender, &states[i], &figures[i].why_not) == MISSING;
    }
    /* the first one fills caches */
    for (unsigned round = 0; round <= rounds && !signals_caught(); round++) {
        shuffle(order, scenario->contender_count, &seed);
        play_round(scenario, order, states, figures, round > 0);
    }
    for (size_t i = 0; i < scenario->contender_count; i++)
        if (scenario->contenders[i]->clear && states[i])
            scenario->contenders[i]->clear(states[i]);
}

void figures_clear(struct figures *figures, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sample_clear(&figures[i].values);
        sample_clear(&figures[i].ratios);
        free(figures[i].why_not);
    }
}
