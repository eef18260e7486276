/* SPDX-License-Identifier: MIT */
/* How many programs that do nothing run in a second, called for by some callers at once? */
#include "scenario.h"

#include "../cli.h"
#include "../message.h"
#include "../signals.h"

#include <pthread.h>
#include <string.h>

#define SECOND 1000000000.0
#define LASTS_NS 500000000 /* of one figure */
#define CALLERS_MAX 64

/* One of those that call, with a state of its own. */
struct caller {
    const struct contender *contender;
    void *state;
    pthread_t thread;
    uint64_t until;
    size_t runs;
    char *why;
};

static void *call(void *argument)
{
    struct caller *caller = argument;
    double ignored;

    caller->runs = 0;
    while (bench_now() < caller->until && !signals_caught() && !caller->why) {
        if (caller->contender->measure(caller->contender, caller->state, &ignored, &caller->why) == 0)
            caller->runs++;
    }
    return NULL;
}

static void callers_clear(void *state)
{
    struct caller *callers = state;

    for (size_t i = 0; i < CALLERS_MAX && callers[i].contender; i++) {
        if (callers[i].contender->clear && callers[i].state && !(i > 0 && callers[i].contender->is_shared))
            callers[i].contender->clear(callers[i].state);
        free(callers[i].why);
    }
    free(callers);
}

static int callers_prepare(const struct contender *contender, void **ret_state, char **ret_why)
{
    const struct contender *each = contender->what;
    struct caller *callers = xrealloc(NULL, CALLERS_MAX, sizeof(*callers));
    int r = 0;

    memset(callers, 0, CALLERS_MAX * sizeof(*callers));
    for (unsigned i = 0; r == 0 && i < contender->number; i++) {
        callers[i].contender = each;
        if (each->is_shared && i > 0)
            callers[i].state = callers[0].state;
        else if (each->prepare)
            r = each->prepare(each, &callers[i].state, ret_why);
    }
    *ret_state = callers;
    return r;
}

static int callers_measure(const struct contender *contender, void *state, double *ret_value, char **ret_why)
{
    struct caller *callers = state;
    uint64_t begin = bench_now();
    size_t runs = 0;
    unsigned started = 0;

    for (; started < contender->number; started++) {
        callers[started].until = begin + LASTS_NS;
        if (pthread_create(&callers[started].thread, NULL, call, &callers[started]) != 0) {
            *ret_why = xprintf("no thread can be made for caller %u", started + 1);
            break;
        }
    }
    for (unsigned i = 0; i < started; i++) {
        pthread_join(callers[i].thread, NULL);
        runs += callers[i].runs;
        if (callers[i].why && !*ret_why)
            *ret_why = xstrdup(callers[i].why);
    }
    *ret_value = (double)runs / ((double)(bench_now() - begin) / SECOND);
    return *ret_why ? -1 : 0;
}

#define CALLERS(n, of, calling)                                                                                        \
    {                                                                                                                  \
        .name = n, .prepare = callers_prepare, .measure = callers_measure, .clear = callers_clear, .what = &(of),      \
        .number = calling                                                                                              \
    }
#define BY(n)                                                                                                          \
    static const struct contender bare_##n = CALLERS("posix_spawn", bare_true, n),                                     \
                                  live_##n = CALLERS("live sandboxes, next run", live_true, n),                        \
                                  pooled_##n = CALLERS("pooled sandboxes", pooled_true, n),                            \
                                  new_##n = CALLERS("new sandboxes", new_true, n);                                     \
    static const struct contender *const by_##n[] = {&bare_##n, &live_##n, &pooled_##n, &new_##n};
#define SCENARIO(n)                                                                                                    \
    {                                                                                                                  \
        "throughput-" #n, "runs of /usr/bin/true in a second, by " #n " at a time", UNIT_PER_SECOND, 6, by_##n,        \
            ARRAY_SIZE(by_##n)                                                                                         \
    }

/* clang-format off */
BY(1) BY(2) BY(4) BY(16) BY(64)

const struct scenario scenarios_throughput[] = {
    SCENARIO(1), SCENARIO(2), SCENARIO(4), SCENARIO(16), SCENARIO(64), {.name = NULL},
};
/* clang-format on */
