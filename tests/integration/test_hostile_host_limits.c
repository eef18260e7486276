/* SPDX-License-Identifier: MIT */
/* Hosts under limits of their own: descriptors, processes, size of files, memory, CPU time. */
#include "hostile_support.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static int with_rlimit(__rlimit_resource_t resource, rlim_t soft, rlim_t hard)
{
    struct rlimit limit = {soft, hard};

    return setrlimit(resource, &limit) == 0 ? 0 : UNABLE;
}

static int few_descriptors(void)
{
    return with_rlimit(RLIMIT_NOFILE, 64, 64) ? UNABLE : use_once();
}

static int few_processes_as_root(void)
{
    return with_rlimit(RLIMIT_NPROC, 2, 2) ? UNABLE : use_once();
}

/* An ordinary user whose processes are counted: what cannot be cloned must be told. */
static int few_processes_as_user(void)
{
    if (relaxed_by_environment() != 0 || setgroups(0, NULL) < 0 || setresgid(54322, 54322, 54322) < 0 ||
        setresuid(54322, 54322, 54322) < 0)
        return UNABLE;
    prctl(PR_SET_DUMPABLE, 1); /* as after an exec */
    setenv("SN_TEST_RELAX", "cgroup,uid", 1);
    if (use_once() != 0)
        return 1;
    return with_rlimit(RLIMIT_NPROC, 1, 1) ? UNABLE : is_refused(SN_ESYS, "RLIMIT_NPROC");
}

static int tiny_files(void)
{
    return with_rlimit(RLIMIT_FSIZE, 100, 100) ? UNABLE : is_refused(SN_EHOST, "RLIMIT_FSIZE");
}

static int small_files(void)
{
    static char large[800000];
    sn_sandbox *sandbox = NULL;
    sn_error *error = NULL;
    int r;

    if (with_rlimit(RLIMIT_FSIZE, 400000, 400000) != 0)
        return UNABLE;
    if (use_once() != 0)
        return 1;
    if (create_here(&sandbox, &error) < 0)
        return wrong("create", error);
    r = sn_sandbox_put(sandbox, "large", large, sizeof(large), 0, &error);
    sn_sandbox_destroy(sandbox);
    if (r != SN_ESYS || sn_error_errno(error) != EFBIG || !strstr(sn_error_message(error), "RLIMIT_FSIZE"))
        return wrong("put", error);
    sn_error_free(error);
    return 0;
}

/* Counted from what there is: a sanitizer's shadow alone takes terabytes. */
static int little_address_space(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    unsigned long pages = 0;
    rlim_t most;

    if (!file || fscanf(file, "%lu", &pages) != 1)
        return UNABLE;
    fclose(file);
    most = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + (64U << 20);
    return with_rlimit(RLIMIT_AS, most, most) ? UNABLE : use_once();
}

static int little_stack(void)
{
    return with_rlimit(RLIMIT_STACK, 256 << 10, 8 << 20) ? UNABLE : use_once();
}

static int core_files(void)
{
    return with_rlimit(RLIMIT_CORE, 0, 0) ? UNABLE : use_once();
}

static int locked_memory(void)
{
    return mlockall(MCL_CURRENT | MCL_FUTURE) ? UNABLE : use_once();
}

/* 0 if a program is fine under this limit of CPU time, and its notes tell of the caller's own (or do not). */
static int is_noted(uint64_t cpu_ms, const char *word, bool wanted)
{
    sn_limits limits;
    sn_result *result;
    int status = 1;

    sn_limits_init(&limits);
    limits.cpu_ms = cpu_ms;
    limits.memory_bytes = 64 * MIB;
    result = run_here("exit 0", &limits);
    if (!result)
        return 1;
    if (sn_result_verdict(result) == SN_VERDICT_OK && (strstr(sn_result_notes(result), word) != NULL) == wanted)
        status = 0;
    else
        fprintf(stderr, "  %s, notes: %s\n", sn_verdict_name(sn_result_verdict(result)), sn_result_notes(result));
    sn_result_free(result);
    return status;
}

/* What nobody in the sandbox can raise is told. */
static int little_cpu_time(void)
{
    if (with_rlimit(RLIMIT_CPU, 60, 60) != 0)
        return UNABLE;
    return is_noted(61000, "hard RLIMIT_CPU", true) || is_noted(59000, "RLIMIT_CPU", false) || use_once();
}

/*
 * The CPU limit ends a run though the caller has no descriptor left to look with. That its figures cannot be read then
 * may be said; what may not be is that it goes on until its wall limit.
 */
static int no_descriptors_left(void)
{
    const char *argv[] = {"/bin/sh", "-c", "while :; do :; done", NULL};
    sn_sandbox *sandbox = NULL;
    sn_running *running = NULL;
    sn_error *error = NULL;
    sn_run_options options;
    sn_limits limits;
    sn_event event;
    sn_result *result = NULL;
    uint64_t begun;
    int r = 0;

    sn_event_init(&event);
    sn_limits_init(&limits);
    limits.cpu_ms = 400;
    limits.wall_ms = 30000 * slowness();
    sn_run_options_init(&options);
    options.argv = argv;
    options.limits = &limits;
    if (with_rlimit(RLIMIT_NOFILE, 256, 256) != 0)
        return UNABLE;
    if (create_here(&sandbox, &error) < 0 || sn_run_start(sandbox, &options, &running, &error) < 0)
        return wrong("start", error);
    begun = now_ms();
    while (r == 0 && event.type != SN_EVENT_DONE) {
        struct pollfd poller = {.fd = sn_run_fd(running), .events = POLLIN};

        while (fcntl(2, F_DUPFD_CLOEXEC, 0) >= 0) /* what the library closes meanwhile is taken, too */
            continue;
        if (errno != EMFILE)
            return UNABLE;
        poll(&poller, 1, 1000);
        r = sn_run_next(running, &event, &error);
    }
    if (now_ms() - begun > limits.wall_ms / 2) {
        fprintf(stderr, "  it ended only after %d ms\n", (int)(now_ms() - begun));
        return 1;
    }
    if (r < 0 || sn_run_wait(running, &result, &error) < 0)
        return wrong("next", error);
    if (sn_result_limit(result) != SN_LIMIT_CPU) {
        fprintf(stderr, "  the verdict is %s\n", sn_verdict_name(sn_result_verdict(result)));
        return 1;
    }
    sn_result_free(result);
    sn_running_free(running);
    sn_sandbox_destroy(sandbox);
    return 0;
}

/* Its own limits are for it, not for the programs that it has run elsewhere: time, data, address space. */
static int soft_limits_of_its_own(void)
{
    const char *argv[] = {"/bin/sh", "-c", "ulimit -d; ulimit -v", NULL};
    const char *argv_groups[] = {"/bin/sh", "-c", "ulimit -d; ulimit -v; ulimit -t", NULL};
    bool no_groups = relaxed_by_environment() & SN_LAYER_CGROUP; /* RLIMIT_CPU is then the run's */
    const __rlimit_resource_t resources[] = {RLIMIT_CPU, RLIMIT_DATA, RLIMIT_AS};
    struct rlimit limit;

    for (int i = 0; i < 3; i++) {
        /* much for this program, whatever a sanitizer takes, and less than no limit */
        if (getrlimit(resources[i], &limit) < 0 || limit.rlim_max != RLIM_INFINITY ||
            with_rlimit(resources[i], i == 0 ? 1000 : (rlim_t)1 << 46, RLIM_INFINITY) != 0)
            return UNABLE;
    }
    return prints(no_groups ? argv : argv_groups,
                  no_groups ? "unlimited\nunlimited\n" : "unlimited\nunlimited\nunlimited\n");
}

CASE(few_descriptors)
CASE(few_processes_as_root)
CASE(few_processes_as_user)
CASE(tiny_files)
CASE(small_files)
CASE(little_address_space)
CASE(little_cpu_time)
CASE(no_descriptors_left)
CASE(little_stack)
CASE(core_files)
CASE(locked_memory)
CASE(soft_limits_of_its_own)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_few_descriptors),       cmocka_unit_test(test_few_processes_as_root),
        cmocka_unit_test(test_few_processes_as_user), cmocka_unit_test(test_tiny_files),
        cmocka_unit_test(test_small_files),           cmocka_unit_test(test_little_address_space),
        cmocka_unit_test(test_little_cpu_time),       cmocka_unit_test(test_no_descriptors_left),
        cmocka_unit_test(test_little_stack),          cmocka_unit_test(test_core_files),
        cmocka_unit_test(test_locked_memory),         cmocka_unit_test(test_soft_limits_of_its_own),
    };

    return run_hostile_group(tests);
}
