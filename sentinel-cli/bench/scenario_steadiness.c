/* SPDX-License-Identifier: MIT */
/*
 * How steady are the figures of a program that always does the same, alone and beside a noisy neighbour, wherever the
 * kernel puts it and on a processor of its own?
 */
#include "boxed.h"
#include "scenario.h"

#include "../cli.h"
#include "../message.h"

#include <pthread.h>
#include <sched.h>
#include <sentinel/sentinel.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define NOISE_BYTES (64U << 20) /* more than the caches hold */
#define NEIGHBOURS_MAX 256

/* About a tenth of a second. */
static const char *const work_argv[] = {"/bin/sh", "-c", "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done", NULL};

static atomic_bool is_quiet;

/* Takes its processor and the way to the memory. */
static void *make_noise(void *memory)
{
    for (unsigned char byte = 0; !atomic_load(&is_quiet); byte++)
        memset(memory, byte, NOISE_BYTES);
    return NULL;
}

struct neighbours {
    pthread_t threads[NEIGHBOURS_MAX];
    unsigned count;
    void *memory;
};

enum {
    NOISE = 1,     /* a neighbour on each processor */
    ELSEWHERE = 2, /* on each but that of the sandbox */
    PINNED = 4,    /* the sandbox is confined to one */
    WALL = 8       /* the figure is the wall time, not the CPU time */
};

/* The last of those that this process may use; the number of all of them. */
static int find_processors(cpu_set_t *ret_set, int *ret_last)
{
    int last = CPU_SETSIZE - 1;

    if (sched_getaffinity(0, sizeof(*ret_set), ret_set) < 0)
        return 0;
    while (last > 0 && !CPU_ISSET(last, ret_set))
        last--;
    *ret_last = last;
    return CPU_COUNT(ret_set);
}

static void neighbours_begin(struct neighbours *neighbours, unsigned how)
{
    cpu_set_t set;
    int last = -1, count = find_processors(&set, &last);

    *neighbours = (struct neighbours){.memory = xrealloc(NULL, NOISE_BYTES, 1)};
    atomic_store(&is_quiet, false);
    for (int cpu = 0; cpu < CPU_SETSIZE && count && neighbours->count < NEIGHBOURS_MAX; cpu++) {
        pthread_t *thread = &neighbours->threads[neighbours->count];
        cpu_set_t one;

        if (!CPU_ISSET(cpu, &set) || ((how & ELSEWHERE) && cpu == last))
            continue;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        if (pthread_create(thread, NULL, make_noise, neighbours->memory) != 0)
            break;
        pthread_setaffinity_np(*thread, sizeof(one), &one);
        neighbours->count++;
    }
}

static void neighbours_end(struct neighbours *neighbours)
{
    atomic_store(&is_quiet, true);
    for (unsigned i = 0; i < neighbours->count; i++)
        pthread_join(neighbours->threads[i], NULL);
    free(neighbours->memory);
}

static int prepare(const struct contender *contender, void **ret_state, char **ret_why)
{
    sn_sandbox_options options;
    sn_sandbox *sandbox = NULL;
    sn_error *error = NULL;
    char list[16];
    cpu_set_t set;
    int last = 0, count = find_processors(&set, &last);

    if ((contender->number & ELSEWHERE) && count < 2) {
        *ret_why = xstrdup("there is one processor only");
        return MISSING;
    }
    sn_sandbox_options_init(&options);
    if (contender->number & PINNED) {
        snprintf(list, sizeof(list), "%d", last);
        options.cpus = list;
    }
    if (sn_sandbox_create(&options, &sandbox, &error) < 0) {
        bool is_missing = sn_error_code(error) == SN_EHOST && options.cpus;
        int r = because(error, ret_why);

        return is_missing ? MISSING : r;
    }
    *ret_state = sandbox;
    return 0;
}

static int measure(const struct contender *contender, void *state, double *ret_ns, char **ret_why)
{
    const bool is_noisy = contender->number & (NOISE | ELSEWHERE);
    struct neighbours neighbours;
    sn_result *result = NULL;
    int r;

    if (is_noisy)
        neighbours_begin(&neighbours, contender->number);
    r = boxed_run(state, contender->what, &result, ret_why);
    if (is_noisy)
        neighbours_end(&neighbours);
    if (r < 0)
        return r;
    *ret_ns = (double)(contender->number & WALL ? sn_result_wall_ns(result) : sn_result_cpu_ns(result));
    return ended_well(result, ret_why);
}

#define RUN(n, how)                                                                                                    \
    {                                                                                                                  \
        .name = n, .prepare = prepare, .measure = measure, .clear = live_clear, .what = work_argv, .number = how       \
    }
#define RUNS(figure, also)                                                                                             \
    static const struct contender figure##_alone = RUN("alone", also),                                                 \
                                  figure##_beside = RUN("noise on every processor", NOISE | (also)),                   \
                                  figure##_pinned = RUN("pinned, alone", PINNED | (also)),                             \
                                  figure##_elsewhere = RUN("pinned, noise elsewhere", PINNED | ELSEWHERE | (also)),    \
                                  figure##_contended = RUN("pinned, noise everywhere", PINNED | NOISE | (also));       \
    static const struct contender *const figure##_contenders[] = {&figure##_alone, &figure##_beside, &figure##_pinned, \
                                                                  &figure##_elsewhere, &figure##_contended};

/* clang-format off */
RUNS(cpu, 0)
RUNS(wall, WALL)
/* clang-format on */

const struct scenario scenarios_steadiness[] = {
    {"cpu-figure", "reported CPU time of the same 100 ms", UNIT_NANOSECONDS, 20, cpu_contenders,
     ARRAY_SIZE(cpu_contenders)},
    {"wall-figure", "reported wall time of the same 100 ms", UNIT_NANOSECONDS, 20, wall_contenders,
     ARRAY_SIZE(wall_contenders)},
    {.name = NULL},
};
