/* SPDX-License-Identifier: MIT */
/*
 * How fast a store is: `bench_store [SECONDS]`, on the URL in TEST_STORE_URL. A line for each: durable insertions a
 * second by 1 and by 64 threads, with a spec of 1 KiB, and whole lives of jobs (insertion to end) a second.
 */
#include "store_suite.h"

#include "base/clock.h"

#include <pthread.h>

#define MOST 64

struct load {
    uint64_t until_ns;
    bool whole_life;
    long done;
    int failures;
};

static int live(const struct job *job)
{
    struct store_outcome outcome = {
        .status = JOB_SUCCESS, .result = "{\"status\":\"SUCCESS\"}", .times = {.finished = wallclock_us()}};
    int64_t now = wallclock_us();
    struct job *claimed = NULL;
    int code = store_mark_published(store, &job->id, 1, now, NULL);

    if (code == 0)
        code = store_claim(store, &job->id, "bench", now, now + HOUR, false, &claimed, NULL);
    job_free(claimed);
    if (code == 0)
        code = store_advance(store, &job->id, 1, JOB_RUNNING, now, NULL);
    return code == 0 ? store_finish(store, &job->id, 1, &outcome, NULL) : code;
}

static void *work(void *arg)
{
    struct load *load = arg;
    char spec[1024];

    memset(spec, 'x', sizeof(spec));
    spec[sizeof(spec) - 1] = '\0';
    while (sn__now_ns() < load->until_ns) {
        cleanup_job struct job *job = draft("bench");
        const struct job *jobs[] = {job};

        replace(&job->spec, spec);
        if (store_insert(store, jobs, 1, NULL, NULL, NULL) != 0 || (load->whole_life && live(job) != 0))
            __atomic_add_fetch(&load->failures, 1, __ATOMIC_SEQ_CST);
        else
            __atomic_add_fetch(&load->done, 1, __ATOMIC_SEQ_CST);
    }
    return NULL;
}

static void measure(const char *what, bool whole_life, int threads, unsigned seconds)
{
    struct load load = {.whole_life = whole_life};
    pthread_t ids[MOST];
    uint64_t begin = sn__now_ns();
    uint64_t took;

    load.until_ns = begin + seconds * 1000000000ULL;
    for (int i = 0; i < threads; i++)
        if (pthread_create(&ids[i], NULL, work, &load) != 0)
            exit(1);
    for (int i = 0; i < threads; i++)
        pthread_join(ids[i], NULL);
    took = sn__now_ns() - begin;
    printf("%-12s %3d threads: %8.0f/s, %d failures\n", what, threads, load.done * 1e9 / took, load.failures);
}

int main(int argc, char **argv)
{
    unsigned seconds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 3;

    if (suite_setup(NULL) != 0)
        return 1;
    measure("insertions", false, 1, seconds);
    measure("insertions", false, MOST, seconds);
    measure("whole lives", true, 1, seconds);
    measure("whole lives", true, MOST, seconds);
    suite_teardown(NULL);
    return 0;
}
