/* SPDX-License-Identifier: MIT */
/* How steady are the figures of a program that always does the same, alone and beside a noisy neighbour? */
#include "boxed.h"
#include "scenario.h"

#include "../cli.h"
#include "../message.h"

#include <pthread.h>
#include <sentinel/sentinel.h>
#include <stdatomic.h>
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

static void neighbours_begin(struct neighbours *neighbours)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    *neighbours = (struct neighbours){.memory = xrealloc(NULL, NOISE_BYTES, 1)};
    atomic_store(&is_quiet, false);
    while (neighbours->count < NEIGHBOURS_MAX && (long)neighbours->count < cores &&
           pthread_create(&neighbours->threads[neighbours->count], NULL, make_noise, neighbours->memory) == 0)
        neighbours->count++;
}

static void neighbours_end(struct neighbours *neighbours)
{
    atomic_store(&is_quiet, true);
    for (unsigned i = 0; i < neighbours->count; i++)
        pthread_join(neighbours->threads[i], NULL);
    free(neighbours->memory);
}

enum { WITH_NOISE = 1, WALL = 2 };

static int measure(const struct contender *contender, void *state, double *ret_ns, char **ret_why)
{
    struct neighbours neighbours;
    sn_run_options options;
    sn_result *result = NULL;
    sn_error *error = NULL;
    int r;

    sn_run_options_init(&options);
    options.argv = contender->what;
    if (contender->number & WITH_NOISE)
        neighbours_begin(&neighbours);
    r = sn_run(state, &options, &result, &error);
    if (contender->number & WITH_NOISE)
        neighbours_end(&neighbours);
    if (r < 0)
        return because(error, ret_why);
    *ret_ns = (double)(contender->number & WALL ? sn_result_wall_ns(result) : sn_result_cpu_ns(result));
    return ended_well(result, ret_why);
}

#define RUN(n, how)                                                                                                    \
    {                                                                                                                  \
        .name = n, .prepare = live_prepare, .measure = measure, .clear = live_clear, .what = work_argv, .number = how  \
    }

/* clang-format off */
static const struct contender cpu_alone = RUN("alone", 0), cpu_beside = RUN("beside a noisy neighbour", WITH_NOISE);
static const struct contender wall_alone = RUN("alone", WALL), wall_beside = RUN("beside a noisy neighbour", WALL | WITH_NOISE);
/* clang-format on */
static const struct contender *const cpu_contenders[] = {&cpu_alone, &cpu_beside};
static const struct contender *const wall_contenders[] = {&wall_alone, &wall_beside};

const struct scenario scenarios_steadiness[] = {
    {"cpu-figure", "reported CPU time of the same 100 ms", UNIT_NANOSECONDS, 20, cpu_contenders,
     ARRAY_SIZE(cpu_contenders)},
    {"wall-figure", "reported wall time of the same 100 ms", UNIT_NANOSECONDS, 20, wall_contenders,
     ARRAY_SIZE(wall_contenders)},
    {.name = NULL},
};
