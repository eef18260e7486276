/* SPDX-License-Identifier: MIT */
/* Sandboxes that are confined to a list of processors. */
#include "support.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The first and the last processor that this process may use. */
static void find_processors(int *ret_first, int *ret_last)
{
    cpu_set_t set;

    *ret_first = *ret_last = -1;
    assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &set))
            continue;
        *ret_first = *ret_first < 0 ? cpu : *ret_first;
        *ret_last = cpu;
    }
}

static const char *list_of(int cpu)
{
    static char text[16];

    snprintf(text, sizeof(text), "%d", cpu);
    return text;
}

static sn_sandbox *make_confined(const char *cpus)
{
    sn_sandbox_options options;

    if (relaxed_by_environment() & SN_LAYER_CGROUP)
        skip_because("without cgroups there is nothing to confine by");
    sn_sandbox_options_init(&options);
    options.cpus = cpus;
    return make_sandbox(&options);
}

#define TRY_ALL                                                                                                        \
    "import os\n"                                                                                                      \
    "print(*sorted(os.sched_getaffinity(0)))\n"                                                                        \
    "try:\n"                                                                                                           \
    "    os.sched_setaffinity(0, range(1024))\n"                                                                       \
    "except OSError:\n"                                                                                                \
    "    pass\n"                                                                                                       \
    "print(*sorted(os.sched_getaffinity(0)))\n"

static void a_program_cannot_leave(void **state)
{
    char wanted[64];
    sn_result *result;
    sn_sandbox *sandbox;
    int first, last;

    (void)state;
    need_program("/usr/bin/python3");
    find_processors(&first, &last);
    sandbox = make_confined(list_of(last));
    snprintf(wanted, sizeof(wanted), "%d\n%d\n", last, last);
    for (int i = 0; i < 2; i++) { /* each run anew */
        result = run_python(sandbox, TRY_ALL, NULL);
        assert_verdict(result, SN_VERDICT_OK);
        assert_string_equal(out(result), wanted);
        sn_result_free(result);
    }
    sn_sandbox_destroy(sandbox);
}

/* What taskset(1) gave the caller is no bound. */
static void the_callers_affinity_does_not_matter(void **state)
{
    cpu_set_t saved, one;
    char wanted[64];
    sn_result *result;
    sn_sandbox *sandbox;
    int first, last;

    (void)state;
    need_program("/usr/bin/python3");
    find_processors(&first, &last);
    if (first == last)
        skip_because("there is one processor only");
    assert_int_equal(sched_getaffinity(0, sizeof(saved), &saved), 0);
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
    sandbox = make_confined(list_of(last));
    assert_int_equal(sched_setaffinity(0, sizeof(saved), &saved), 0);
    snprintf(wanted, sizeof(wanted), "%d\n%d\n", last, last);
    result = run_python(sandbox, TRY_ALL, NULL);
    assert_verdict(result, SN_VERDICT_OK);
    assert_string_equal(out(result), wanted);
    sn_result_free(result);
    sn_sandbox_destroy(sandbox);
}

/* Whatever a sandbox is made of, it has not been another one's that was confined. */
static void the_next_sandbox_is_not_confined(void **state)
{
    char before[1024];
    sn_result *result;
    sn_sandbox *sandbox;
    int first, last;

    (void)state;
    need_program("/usr/bin/python3");
    find_processors(&first, &last);
    sandbox = make_sandbox(NULL);
    result = run_python(sandbox, TRY_ALL, NULL);
    snprintf(before, sizeof(before), "%s", out(result));
    sn_result_free(result);
    sn_sandbox_destroy(sandbox);
    for (int i = 0; i < 3; i++) {
        sn_sandbox_destroy(make_confined(list_of(last)));
        sandbox = make_sandbox(NULL);
        result = run_python(sandbox, TRY_ALL, NULL);
        assert_verdict(result, SN_VERDICT_OK);
        assert_string_equal(out(result), before);
        sn_result_free(result);
        sn_sandbox_destroy(sandbox);
    }
}

/* Its cgroup namespace begins at its own group in every hierarchy. */
static void it_does_not_see_where_its_group_lies(void **state)
{
    sn_result *result;
    sn_sandbox *sandbox;
    int first, last;

    (void)state;
    if (relaxed_by_environment() & SN_LAYER_CGROUP_NS)
        skip_because("without a cgroup namespace it sees that");
    find_processors(&first, &last);
    sandbox = make_confined(list_of(last));
    result = run_shell(sandbox, "cat /proc/self/cgroup", NULL);
    assert_verdict(result, SN_VERDICT_OK);
    assert_non_null(strstr(out(result), ":/"));
    assert_null(strstr(out(result), "sentinel"));
    sn_result_free(result);
    sn_sandbox_destroy(sandbox);
}

static void refuse(const char *cpus, uint64_t relax)
{
    sn_sandbox_options options;
    sn_sandbox *sandbox = NULL;
    sn_error *error = NULL;

    sn_sandbox_options_init(&options);
    options.cpus = cpus;
    options.relax = relax;
    assert_refused(sn_sandbox_create(&options, &sandbox, &error), SN_EINVAL, error);
    assert_null(sandbox);
}

static void bad_lists_are_refused(void **state)
{
    static const char *const lists[] = {
        "", ",", "0,", ",0", "0-", "-1", "1-0", "0 1", "a", "0x1", "0-1:2/3", "8192", "99999999999999999999"};
    struct footprint before;

    (void)state;
    sn_sandbox_destroy(make_confined(NULL));
    footprint_take(&before);
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        refuse(lists[i], 0);
    refuse("0", SN_LAYER_CGROUP);
    assert_nothing_left(&before);
}

/* Of these the host has none: as many as a kernel can be built for. */
static void processors_that_are_not_there_are_refused(void **state)
{
    struct footprint before;
    char beyond[64];
    int first, last;

    (void)state;
    find_processors(&first, &last);
    sn_sandbox_destroy(make_confined(list_of(first)));
    footprint_take(&before);
    snprintf(beyond, sizeof(beyond), "%d-8191", first);
    refuse(beyond, 0);
    refuse("8191", 0);
    assert_nothing_left(&before);
}

static void nothing_is_left_of_it(void **state)
{
    struct footprint before;
    int first, last;

    (void)state;
    find_processors(&first, &last);
    sn_sandbox_destroy(make_confined(list_of(first)));
    footprint_take(&before);
    for (int i = 0; i < 3; i++)
        sn_sandbox_destroy(make_confined(list_of(last)));
    assert_nothing_left(&before);
}

/* The host is killed: the next sandbox that is confined removes what was left. */
static void a_killed_host_leaves_nothing(void **state)
{
    struct footprint before;
    int first, last;

    (void)state;
    find_processors(&first, &last);
    sn_sandbox_destroy(make_confined(list_of(first)));
    footprint_take(&before);
    for (int i = 0; i < 3; i++) {
        int pipe_fds[2], status;
        pid_t host, init = -1;

        assert_int_equal(pipe(pipe_fds), 0);
        host = fork();
        assert_true(host >= 0);
        if (host == 0) {
            sn_sandbox_options options;
            sn_sandbox *sandbox = NULL;

            sn_sandbox_options_init(&options);
            options.cpus = list_of(first);
            if (create_sandbox(&options, &sandbox, NULL) != 0)
                _exit(1);
            init = sandbox_pid();
            (void)!write(pipe_fds[1], &init, sizeof(init));
            pause();
            _exit(0);
        }
        close(pipe_fds[1]);
        assert_int_equal(read(pipe_fds[0], &init, sizeof(init)), sizeof(init));
        close(pipe_fds[0]);
        kill(host, SIGKILL);
        waitpid(host, &status, 0);
        for (int waited = 0; is_alive(init) && waited < 2000; waited++)
            sleep_ms(5);
        assert_false(is_alive(init));
    }
    /* it also takes what its own slot had; the last of them may have had another's */
    for (int i = 0; i < 2; i++)
        sn_sandbox_destroy(make_confined(list_of(first)));
    assert_nothing_left(&before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_cannot_leave),
        cmocka_unit_test(the_callers_affinity_does_not_matter),
        cmocka_unit_test(the_next_sandbox_is_not_confined),
        cmocka_unit_test(it_does_not_see_where_its_group_lies),
        cmocka_unit_test(bad_lists_are_refused),
        cmocka_unit_test(processors_that_are_not_there_are_refused),
        cmocka_unit_test(nothing_is_left_of_it),
        cmocka_unit_test(a_killed_host_leaves_nothing),
    };

    return run_group(tests);
}
