/* SPDX-License-Identifier: MIT */
/*
 * Many threads that create, use and destroy sandboxes for some seconds. Every verdict is checked against what the
 * program must get; afterwards processes, descriptors, groups and mounts are what they were. Built with TSan it is the
 * race test of the library.
 */
#include "place.h"

#include <sentinel/sentinel.h>

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS_MAX 256
#define ERRORS_MAX 20
#define FLOOD_BYTES 65536
#define MUCH_WALL_MS 300000 /* a loaded machine must not decide a verdict */
#define MUCH_CPU_MS 60000

struct kind {
    const char *name;
    const char *script;
    sn_verdict verdict;
    sn_limit limit;
    int32_t exit_code; /* -1: not looked at */
    uint64_t cpu_ms, wall_ms, output_bytes, processes;
};

/* memory_bytes is 16 MiB for all. */
static const struct kind kinds[] = {
    {"ok", "cat in > out; cat in", SN_VERDICT_OK, SN_LIMIT_NONE, 0, 0, 0, 0, 0},
    {"exit", "cat in; exit 3", SN_VERDICT_RUNTIME_ERROR, SN_LIMIT_NONE, 3, 0, 0, 0, 0},
    {"signal", "kill -SEGV $$", SN_VERDICT_RUNTIME_ERROR, SN_LIMIT_NONE, -1, 0, 0, 0, 0},
    {"daemon", "setsid sleep 99 & cat in", SN_VERDICT_OK, SN_LIMIT_NONE, 0, 0, 0, 0, 0},
    {"wall", "sleep 99", SN_VERDICT_TIME_LIMIT_EXCEEDED, SN_LIMIT_WALL, -1, 0, 60, 0, 0},
    {"cpu", "while :; do :; done", SN_VERDICT_TIME_LIMIT_EXCEEDED, SN_LIMIT_CPU, -1, 20, 0, 0, 0},
    {"memory", "head -c 40000000 /dev/zero > /dev/shm/x; sleep 99", SN_VERDICT_MEMORY_LIMIT_EXCEEDED, SN_LIMIT_MEMORY,
     -1, 0, 0, 0, 0},
    {"output", "yes", SN_VERDICT_OUTPUT_LIMIT_EXCEEDED, SN_LIMIT_OUTPUT, -1, 0, 0, FLOOD_BYTES, 0},
    {"processes", "for i in 1 2 3 4 5 6 7 8 9; do sleep 99 & done; exit 0", SN_VERDICT_PROCESS_LIMIT_EXCEEDED,
     SN_LIMIT_PROCESSES, -1, 0, 0, 0, 4},
    {"denied", "unshare -U true", SN_VERDICT_SECURITY_VIOLATION, SN_LIMIT_NONE, -1, 0, 0, 0, 0},
    {"cancel", "sleep 99", SN_VERDICT_CANCELLED, SN_LIMIT_NONE, -1, 0, 0, 0, 0},
    {"fed", "cat", SN_VERDICT_OK, SN_LIMIT_NONE, 0, 0, 0, 0, 0},
};

enum { KIND_OK = 0, KIND_COUNT = sizeof(kinds) / sizeof(kinds[0]) };

static atomic_uint runs[KIND_COUNT], sandboxes, files, errors;
static atomic_bool stop;
static const char *cgroup_parent;

static void complain(const char *what, const char *detail)
{
    if (atomic_fetch_add(&errors, 1) < ERRORS_MAX) {
        printf("FAILED: %s: %s\n", what, detail);
        fflush(stdout);
    }
}

/* The address of the error: as an argument of one call with the function that sets it, it might be read too early. */
static bool worked(int code, const char *what, sn_error **error)
{
    char detail[700];

    if (code == 0)
        return true;
    snprintf(detail, sizeof(detail), "%s at \"%s\": %s", sn_code_name(code), sn_error_step(*error),
             sn_error_message(*error));
    sn_error_free(*error);
    complain(what, detail);
    return false;
}

/* ---- a thread that cancels the runs of others ---- */

static struct {
    pthread_mutex_t lock;
    sn_running *running[THREADS_MAX]; /* to be cancelled, by the thread's number */
} to_cancel = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void ask_to_cancel(unsigned number, sn_running *running)
{
    pthread_mutex_lock(&to_cancel.lock);
    to_cancel.running[number] = running;
    pthread_mutex_unlock(&to_cancel.lock);
}

static void *cancel_all_the_time(void *argument)
{
    while (!atomic_load((atomic_bool *)argument)) {
        pthread_mutex_lock(&to_cancel.lock);
        for (unsigned i = 0; i < THREADS_MAX; i++)
            if (to_cancel.running[i])
                sn_run_cancel(to_cancel.running[i]); /* more than once is allowed */
        pthread_mutex_unlock(&to_cancel.lock);
        sleep_us(7000);
    }
    return NULL;
}

/* ---- one run ---- */

static int run_fed(sn_running *running, const char *text, size_t length, sn_error **ret_error)
{
    size_t at = 0;

    while (at < length) {
        struct pollfd ready = {.fd = sn_run_fd(running), .events = POLLIN};
        sn_event event = {.size = sizeof(event)};
        size_t taken = 0;
        int r = sn_run_write(running, text + at, length - at, &taken, ret_error);

        at += taken;
        if (r == 0)
            r = sn_run_next(running, &event, ret_error);
        if (r < 0)
            return r;
        if (event.type == SN_EVENT_NONE && at < length)
            poll(&ready, 1, 100);
    }
    return sn_run_close_stdin(running, ret_error);
}

static void check(const struct kind *kind, const sn_result *result, const char *text, size_t length)
{
    bool has_text = strstr(kind->script, "cat in") != NULL || strcmp(kind->name, "fed") == 0;
    bool is_right = sn_result_verdict(result) == kind->verdict && sn_result_limit(result) == kind->limit &&
                    (kind->exit_code < 0 || sn_result_exit_code(result) == kind->exit_code);
    size_t got = 0, got_errors = 0;
    const char *output = sn_result_stdout(result, &got);
    const char *error_output = sn_result_stderr(result, &got_errors);
    char detail[900];

    if (has_text && strcmp(kind->name, "ok") != 0)
        is_right = is_right && got == length && memcmp(output, text, length) == 0;
    if (kind->output_bytes)
        is_right = is_right && got == kind->output_bytes && sn_result_stdout_truncated(result) == 1;
    if (kind->verdict == SN_VERDICT_SECURITY_VIOLATION)
        is_right = is_right && strcmp(sn_result_denied_name(result), "unshare") == 0;
    if (is_right)
        return;
    snprintf(detail, sizeof(detail),
             "%s, limit %s, exit %d, signal %d, denied %s, cpu %" PRIu64 " ms, wall %" PRIu64 " ms, memory %" PRIu64
             " KiB, %zu bytes of output (%zu wanted), stderr \"%.*s\", notes \"%s\"",
             sn_verdict_name(sn_result_verdict(result)), sn_limit_name(sn_result_limit(result)),
             (int)sn_result_exit_code(result), (int)sn_result_signal(result),
             sn_result_denied(result) ? sn_result_denied(result) : "nothing", sn_result_cpu_ns(result) / 1000000,
             sn_result_wall_ns(result) / 1000000, sn_result_memory_bytes(result) / 1024, got, length,
             got_errors < 200 ? (int)got_errors : 200, got_errors ? error_output : "", sn_result_notes(result));
    complain(kind->name, detail);
}

static void one_run(sn_sandbox *sandbox, unsigned number, unsigned which, const char *text, size_t length)
{
    const struct kind *kind = &kinds[which];
    const char *argv[] = {"/bin/sh", "-c", kind->script, NULL};
    bool is_fed = strcmp(kind->name, "fed") == 0, is_cancelled = kind->verdict == SN_VERDICT_CANCELLED;
    sn_running *running = NULL;
    sn_result *result = NULL;
    sn_error *error = NULL;
    sn_run_options options;
    sn_limits limits;
    int r;

    sn_limits_init(&limits);
    limits.memory_bytes = 16 << 20;
    limits.cpu_ms = kind->cpu_ms ? kind->cpu_ms : MUCH_CPU_MS;
    limits.wall_ms = kind->wall_ms ? kind->wall_ms : MUCH_WALL_MS;
    limits.processes = kind->processes ? kind->processes : 16;
    limits.output_bytes = kind->output_bytes ? kind->output_bytes : 1 << 20;
    sn_run_options_init(&options);
    options.argv = argv;
    options.limits = &limits;
    options.stdin_mode = is_fed ? SN_STDIN_FEED : SN_STDIN_DATA;
    if (!worked(sn_run_start(sandbox, &options, &running, &error), kind->name, &error))
        return;
    r = is_fed ? run_fed(running, text, length, &error) : 0;
    if (is_cancelled)
        ask_to_cancel(number, running);
    if (r == 0)
        r = sn_run_wait(running, &result, &error);
    if (is_cancelled)
        ask_to_cancel(number, NULL);
    if (worked(r, kind->name, &error)) {
        check(kind, result, text, length);
        atomic_fetch_add(&runs[which], 1);
    }
    sn_result_free(result);
    sn_running_free(running);
}

static void check_file(sn_sandbox *sandbox, const char *path, const char *text, size_t length)
{
    sn_error *error = NULL;
    void *data = NULL;
    size_t got = 0;

    if (worked(sn_sandbox_get(sandbox, path, length, &data, &got, &error), "get", &error) &&
        (got != length || memcmp(data, text, length) != 0))
        complain("get", "not what was put");
    sn_free(data);
    atomic_fetch_add(&files, 1);
}

static sn_pool *pool;

/* Whether it is of the pool or not, both are ways to end one. */
static void end(sn_sandbox *sandbox, uint64_t *random)
{
    if (next_random(random) % 2)
        sn_pool_retire(pool, sandbox);
    else
        sn_sandbox_destroy(sandbox);
}

static void one_sandbox(unsigned number, uint64_t *random)
{
    sn_sandbox *sandbox = NULL;
    sn_error *error = NULL;
    sn_sandbox_options options;
    sn_file_list *list = NULL;
    char text[20000];
    size_t length = next_random(random) % sizeof(text);

    for (size_t i = 0; i < length; i++)
        text[i] = (char)next_random(random);
    sn_sandbox_options_init(&options);
    options.cgroup_parent = cgroup_parent;
    options.arm = (uint32_t)(next_random(random) % 3);
    if (next_random(random) % 2) {
        if (!worked(sn_pool_take(pool, &sandbox, &error), "take", &error))
            return;
    } else if (!worked(sn_sandbox_create(&options, &sandbox, &error), "create", &error)) {
        return;
    }
    atomic_fetch_add(&sandboxes, 1);
    if (!worked(sn_sandbox_put(sandbox, "in", text, length, 0, &error), "put", &error) ||
        !worked(sn_sandbox_put(sandbox, "a/b/c", text, length, 0, &error), "put", &error)) {
        end(sandbox, random);
        return;
    }
    check_file(sandbox, "a/b/c", text, length);
    for (unsigned i = (unsigned)(next_random(random) % 4); i > 0; i--) {
        unsigned which = (unsigned)(next_random(random) % KIND_COUNT);

        one_run(sandbox, number, which, text, length);
        if (which == KIND_OK)
            check_file(sandbox, "out", text, length);
    }
    if (worked(sn_sandbox_list(sandbox, "a", &list, &error), "list", &error) && sn_file_list_count(list) != 1)
        complain("list", "more or less than the one entry");
    sn_file_list_free(list);
    end(sandbox, random);
}

static void make_pool(void)
{
    sn_sandbox_options sandbox;
    sn_pool_options options;
    sn_error *error = NULL;

    sn_sandbox_options_init(&sandbox);
    sandbox.cgroup_parent = cgroup_parent;
    sn_pool_options_init(&options);
    options.sandbox = &sandbox;
    options.ready = 8;
    options.threads = 3;
    options.max_age_ms = 500;
    if (!worked(sn_pool_create(&options, &pool, &error), "create pool", &error))
        die("no pool");
}

struct worker {
    pthread_t thread;
    unsigned number;
    uint64_t random;
};

static void *use_sandboxes(void *argument)
{
    struct worker *worker = argument;

    while (!atomic_load(&stop))
        one_sandbox(worker->number, &worker->random);
    return NULL;
}

/* ---- before and after ---- */

struct counts {
    unsigned descriptors, groups, processes, mounts;
    bool has_child;
};

static void count(const struct place *place, struct counts *ret)
{
    uint32_t slots[PLACE_SLOTS];
    pid_t pids[1];

    ret->descriptors = count_own_descriptors();
    ret->groups = place_slots(place, slots, PLACE_SLOTS);
    ret->processes = place_processes(place, pids, 1);
    ret->mounts = count_mounts();
    ret->has_child = waitpid(-1, NULL, WNOHANG | __WALL) >= 0 || errno != ECHILD;
}

/* 64 sandboxes need more descriptors than the usual 1024. */
static void raise_descriptors(void)
{
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
    static struct worker workers[THREADS_MAX];
    static atomic_bool stop_cancelling;
    struct counts before, after;
    unsigned threads, ms, total = 0;
    struct place place;
    pthread_t canceller;
    uint64_t seed, began;
    char name[64];

    if (argc < 3 || !isdigit((unsigned char)argv[1][0]) || !isdigit((unsigned char)argv[2][0]))
        die("usage: stress_threads THREADS SECONDS [SEED]");
    threads = (unsigned)strtoul(argv[1], NULL, 10);
    ms = (unsigned)strtoul(argv[2], NULL, 10) * 1000;
    seed = argc > 3 ? strtoull(argv[3], NULL, 10) : (uint64_t)getpid() * 1000003U + now_ms();
    if (threads == 0 || threads > THREADS_MAX || seed == 0)
        die("1 to %d threads, and a seed that is not 0", THREADS_MAX);
    printf("%u threads for %u ms, seed %" PRIu64 "\n", threads, ms, seed);
    fflush(stdout);
    own_mounts();
    raise_descriptors();
    snprintf(name, sizeof(name), "stress-%d", (int)getpid());
    place_make(&place, name, UINT64_C(6) << 30, 8000);
    cgroup_parent = place_parent(&place);
    if (place_enter(&place, getpid()) < 0)
        die("cannot enter a group of our own");
    if (pthread_create(&canceller, NULL, cancel_all_the_time, &stop_cancelling) != 0)
        die("cannot start a thread");
    make_pool();
    one_sandbox(0, &seed); /* what is opened or made once */
    sn_pool_destroy(pool);
    count(&place, &before);
    make_pool();
    began = now_ms();
    for (unsigned i = 0; i < threads; i++) {
        workers[i] = (struct worker){.number = i, .random = seed + i * UINT64_C(0x9e3779b97f4a7c15)};
        if (pthread_create(&workers[i].thread, NULL, use_sandboxes, &workers[i]) != 0)
            die("cannot start a thread");
    }
    while (now_ms() - began < ms && atomic_load(&errors) < ERRORS_MAX)
        sleep_us(50000);
    atomic_store(&stop, true);
    for (unsigned i = 0; i < threads; i++)
        pthread_join(workers[i].thread, NULL);
    atomic_store(&stop_cancelling, true);
    pthread_join(canceller, NULL);
    sn_pool_destroy(pool);
    count(&place, &after);
    printf("runs:");
    for (unsigned i = 0; i < KIND_COUNT; i++) {
        printf(" %s %u", kinds[i].name, atomic_load(&runs[i]));
        total += atomic_load(&runs[i]);
    }
    printf("; %u runs in %u sandboxes, %u files read back, %.1f s\n", total, atomic_load(&sandboxes),
           atomic_load(&files), (double)(now_ms() - began) / 1000);
    printf("before -> after: descriptors %u -> %u, groups %u -> %u, processes in them %u -> %u, mounts %u -> %u, "
           "children %d -> %d\n",
           before.descriptors, after.descriptors, before.groups, after.groups, before.processes, after.processes,
           before.mounts, after.mounts, before.has_child, after.has_child);
    if (after.descriptors != before.descriptors || after.groups != before.groups ||
        after.processes != before.processes || after.mounts > before.mounts || after.has_child != before.has_child)
        complain("after", "something is left");
    /* out of our own group, which can then go: one level up in each hierarchy */
    for (unsigned i = 0; i < place.count; i++)
        *strrchr(place.roots[i], '/') = '\0';
    if (place_enter(&place, getpid()) < 0)
        complain("after", "cannot leave our own group");
    for (unsigned i = 0; i < place.count; i++)
        place.roots[i][strlen(place.roots[i])] = '/';
    if (!place_remove(&place))
        complain("after", "groups stay behind");
    return atomic_load(&errors) > 0;
}
