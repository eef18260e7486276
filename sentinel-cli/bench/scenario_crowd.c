/* SPDX-License-Identifier: MIT */
/* What does a sandbox cost beside many others, and what do those cost that do nothing? */
#include "boxed.h"
#include "scenario.h"

#include "../cli.h"
#include "../message.h"
#include "../signals.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <sentinel/sentinel.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define OTHERS 1000
#define EACH 10 /* sandboxes timed in a round: their median is its figure */

/* ---- others ---- */

static void crowd_destroy(sn_sandbox **crowd, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sn_sandbox_destroy(crowd[i]);
    free(crowd);
}

static int crowd_create(size_t count, sn_sandbox ***ret_crowd, char **ret_why)
{
    sn_sandbox **crowd = xrealloc(NULL, count + 1, sizeof(*crowd));
    sn_error *error = NULL;

    for (size_t i = 0; i < count; i++) {
        if (signals_caught() || sn_sandbox_create(NULL, &crowd[i], &error) < 0) {
            crowd_destroy(crowd, i);
            if (error)
                return because(error, ret_why);
            *ret_why = xstrdup("interrupted");
            return -1;
        }
    }
    *ret_crowd = crowd;
    return 0;
}

static int beside_measure(const struct contender *contender, void *state, double *ret_value, char **ret_why)
{
    struct sample each = {0};
    sn_sandbox **crowd = NULL;
    int r = crowd_create(contender->number, &crowd, ret_why);

    (void)state;
    if (r < 0)
        return r;
    for (unsigned i = 0; r == 0 && i < EACH; i++) {
        double ns = 0;

        r = new_true.measure(&new_true, NULL, &ns, ret_why);
        sample_add(&each, ns);
    }
    *ret_value = sample_quantile(&each, 0.5).value;
    sample_clear(&each);
    crowd_destroy(crowd, contender->number);
    return r;
}

/* ---- idle ones ---- */

/* The number after a name at the beginning of a line; 0: it is not there. */
static uint64_t number_in(const char *path, const char *name)
{
    FILE *file = fopen(path, "re");
    char line[256];
    uint64_t number = 0;

    while (file && fgets(line, sizeof(line), file))
        if (strncmp(line, name, strlen(name)) == 0 && sscanf(line + strlen(name), "%" SCNu64, &number) == 1)
            break;
    if (file)
        fclose(file);
    return number;
}

/* Calls visit() with each PID 1 of this process's sandboxes: others that it has a pidfd of. */
static void visit_inits(void (*visit)(pid_t init, void *argument), void *argument)
{
    DIR *fds = opendir("/proc/self/fdinfo");
    const struct dirent *entry;

    while (fds && (entry = readdir(fds))) {
        char path[32 + sizeof(entry->d_name)];
        uint64_t pid;

        snprintf(path, sizeof(path), "/proc/self/fdinfo/%s", entry->d_name);
        pid = number_in(path, "Pid:");
        if (pid > 0 && pid <= INT32_MAX && (pid_t)pid != getpid())
            visit((pid_t)pid, argument);
    }
    if (fds)
        closedir(fds);
}

static void add_kib(pid_t init, void *kib)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)init);
    *(double *)kib += (double)number_in(path, "Pss:");
}

/* The proportional set sizes together. */
static double inits_kib(void)
{
    double kib = 0;

    visit_inits(add_kib, &kib);
    return kib;
}

static void add_cpu(pid_t init, void *ns)
{
    struct timespec used;
    clockid_t its_clock;

    if (clock_getcpuclockid(init, &its_clock) == 0 && clock_gettime(its_clock, &used) == 0)
        *(double *)ns += (double)used.tv_sec * 1e9 + (double)used.tv_nsec;
}

/* What is in use, but for how much there is. */
static double host_kib(void)
{
    return -(double)number_in("/proc/meminfo", "MemAvailable:");
}

/* Sandboxes in which nothing runs: each as it is made, or armed in a pool. */
struct idle {
    sn_sandbox **crowd;
    sn_pool *pool;
    size_t count;
};

static int pool_fill(size_t count, sn_pool **ret_pool, char **ret_why)
{
    const struct timespec moment = {.tv_nsec = 1000000};
    sn_pool_status status;
    sn_pool_options options;
    sn_error *error = NULL;
    sn_pool *pool = NULL;

    sn_pool_options_init(&options);
    options.ready = (uint32_t)count;
    if (sn_pool_create(&options, &pool, &error) < 0)
        return because(error, ret_why);
    sn_pool_status_init(&status);
    do {
        nanosleep(&moment, NULL);
        if (signals_caught() || sn_pool_status_get(pool, &status, NULL) < 0 || status.failed) {
            sn_pool_destroy(pool);
            *ret_why = xstrdup("the pool was not filled");
            return -1;
        }
    } while (status.ready < count);
    *ret_pool = pool;
    return 0;
}

static int idle_begin(const struct contender *contender, struct idle *ret_idle, char **ret_why)
{
    *ret_idle = (struct idle){.count = contender->number};
    return contender->is_shared ? pool_fill(contender->number, &ret_idle->pool, ret_why)
                                : crowd_create(contender->number, &ret_idle->crowd, ret_why);
}

static void idle_end(const struct idle *idle)
{
    if (idle->pool)
        sn_pool_destroy(idle->pool);
    else
        crowd_destroy(idle->crowd, idle->count);
}

static int idle_measure(const struct contender *contender, void *state, double *ret_value, char **ret_why)
{
    double (*const used)(void) = contender->what ? inits_kib : host_kib;
    double before = used(), after;
    struct idle idle;

    (void)state;
    if (idle_begin(contender, &idle, ret_why) < 0)
        return -1;
    after = used();
    idle_end(&idle);
    if (after == before) {
        *ret_why = xstrdup("the memory of other processes cannot be read");
        return -1;
    }
    /* below 0 where other programs gave more back meanwhile: the median knows better */
    *ret_value = (after - before) * 1024 / contender->number;
    return 0;
}

/* CPU time of one of them in a second in which nobody asks it for anything. */
static int idle_cpu_measure(const struct contender *contender, void *state, double *ret_ns, char **ret_why)
{
    const struct timespec settling = {.tv_nsec = 200000000}, second = {.tv_sec = 1};
    double before = 0, after = 0;
    struct idle idle;

    (void)state;
    if (idle_begin(contender, &idle, ret_why) < 0)
        return -1;
    nanosleep(&settling, NULL);
    visit_inits(add_cpu, &before);
    nanosleep(&second, NULL);
    visit_inits(add_cpu, &after);
    idle_end(&idle);
    if (before == 0) {
        *ret_why = xstrdup("the CPU time of other processes cannot be read");
        return -1;
    }
    *ret_ns = (after - before) / contender->number;
    return 0;
}

/* Not alone: a single sandbox has nothing that others left to it, which would flatter the many. */
static const struct contender alone = {.name = "beside another", .measure = beside_measure, .number = 1};
static const struct contender beside = {.name = "beside 1,000 others", .measure = beside_measure, .number = OTHERS};
static const struct contender *const crowd_contenders[] = {&alone, &beside};

#define IDLE(name_, measure_, ...)                                                                                     \
    {                                                                                                                  \
        .name = (name_), .measure = (measure_), .number = 200, __VA_ARGS__                                             \
    }

static const struct contender host = IDLE("all memory of the host's", idle_measure, .what = NULL);
static const struct contender pooled_host = IDLE("pooled, all memory of the host's", idle_measure, .is_shared = true);
static const struct contender init = IDLE("its PID 1 (PSS)", idle_measure, .what = "PSS");
static const struct contender pooled_init =
    IDLE("pooled, its PID 1 (PSS)", idle_measure, .is_shared = true, .what = "PSS");
static const struct contender *const idle_contenders[] = {&host, &pooled_host, &init, &pooled_init};

static const struct contender resting = IDLE("its PID 1, in a second", idle_cpu_measure, .what = NULL);
static const struct contender pooled_resting =
    IDLE("pooled, its PID 1, in a second", idle_cpu_measure, .is_shared = true);
static const struct contender *const idle_cpu_contenders[] = {&resting, &pooled_resting};

const struct scenario scenarios_crowd[] = {
    {"crowd", "a new sandbox for /usr/bin/true, beside others", UNIT_NANOSECONDS, 6, crowd_contenders,
     ARRAY_SIZE(crowd_contenders)},
    {"idle", "memory of a sandbox in which nothing runs", UNIT_BYTES, 6, idle_contenders, ARRAY_SIZE(idle_contenders)},
    {"idle-cpu", "CPU time of a sandbox in which nothing runs", UNIT_NANOSECONDS, 6, idle_cpu_contenders,
     ARRAY_SIZE(idle_cpu_contenders)},
    {.name = NULL},
};
