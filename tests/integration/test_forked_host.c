/* SPDX-License-Identifier: MIT */
/*
 * A caller that forks during a run: the child has copies of its descriptors and of its memory, and nothing that it does
 * with them may be felt in the parent.
 */
#include "run_support.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t forked = -1;

/* A child that does this, and then lives on with its copies or ends with what it returned. */
static void fork_off(int (*body)(sn_running *running), sn_running *running)
{
    fflush(stdout);
    forked = fork();
    assert_true(forked >= 0);
    if (forked == 0) {
        alarm(120);
        if (body)
            _exit(body(running));
        for (;;)
            pause();
    }
}

static int await_fork(void)
{
    int status = -1;

    while (waitpid(forked, &status, 0) < 0 && errno == EINTR)
        continue;
    forked = -1;
    return status;
}

static int end_fork(void **state)
{
    if (forked > 0) {
        kill(forked, SIGKILL);
        await_fork();
    }
    return run_free_unfinished(state);
}

static uint64_t own_cpu_ms(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
           (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

/* What the program closed is closed here, too: a copy elsewhere must not make the parent look at it all the time. */
static void waiting_costs_no_cpu_time(const char *script)
{
    static char much[1 << 20];
    sn_running *running = run_begin(script, SN_STDIN_FEED, SN_OUTPUT_CAPTURE);
    uint64_t cpu, began;
    size_t taken = 0;
    sn_error *error = NULL;
    sn_result *result;

    fork_off(NULL, NULL);
    /* more than a pipe holds: what is left waits until there is room */
    assert_ok(sn_run_write(running, much, sizeof(much), &taken, &error), error);
    began = now_ms();
    cpu = own_cpu_ms();
    result = run_finish(running);
    cpu = own_cpu_ms() - cpu;
    began = now_ms() - began;
    print_message("%d ms of CPU time in %d ms\n", (int)cpu, (int)began);
    assert_verdict(result, SN_VERDICT_OK);
    sn_result_free(result);
    assert_true(cpu < began / 2);
}

static void waiting_after_the_output_ended(void **state)
{
    (void)state;
    waiting_costs_no_cpu_time("exec >&- 2>&-; sleep 1");
}

static void waiting_after_the_input_was_closed(void **state)
{
    (void)state;
    waiting_costs_no_cpu_time("exec <&-; sleep 1");
}

static int free_all(sn_running *running)
{
    sn_running_free(running);
    sn_sandbox_destroy(run_shared());
    return 0;
}

/* The program waits for its input meanwhile, so it runs when the child gives its copies back. */
static void what_a_child_frees_is_its_own(void **state)
{
    sn_running *running = run_begin("read x; echo \"$x\"", SN_STDIN_FEED, SN_OUTPUT_CAPTURE);
    sn_error *error = NULL;
    size_t taken = 0;
    sn_result *result;

    (void)state;
    fork_off(free_all, running);
    assert_int_equal(await_fork(), 0);
    assert_ok(sn_run_write(running, "still there\n", 12, &taken, &error), error);
    result = run_finish(running);
    assert_verdict(result, SN_VERDICT_OK);
    assert_string_equal(out(result), "still there\n");
    sn_result_free(result);
    /* and without a run: the sandbox, its files and its groups are as they were */
    fork_off(free_all, NULL);
    assert_int_equal(await_fork(), 0);
    assert_ok(sn_sandbox_put(run_shared(), "file", "abc", 3, 0, &error), error);
    for (int i = 0; i < 2; i++) {
        result = run_shell(run_shared(), "cat file", NULL);
        assert_verdict(result, SN_VERDICT_OK);
        assert_string_equal(out(result), "abc");
        sn_result_free(result);
    }
}

static bool is_refused(int code, sn_error *error, const char *what)
{
    bool is = code == SN_EINVAL && error && strstr(sn_error_message(error), "fork");

    if (!is)
        fprintf(stderr, "  %s: %s, \"%s\"\n", what, sn_code_name(code), sn_error_message(error));
    sn_error_free(error);
    return is;
}

#define IS_REFUSED(call) (error = NULL, code = (call), is_refused(code, error, #call))

static int use_all(sn_running *running)
{
    const char *argv[] = {"/bin/true", NULL};
    sn_event event = {.size = sizeof(event)};
    sn_running *second = NULL;
    sn_result *result = NULL;
    sn_error *error;
    sn_run_options options;
    void *data = NULL;
    size_t length = 0;
    int code;

    sn_run_options_init(&options);
    options.argv = argv;
    if (!IS_REFUSED(sn_run(run_shared(), &options, &result, &error)) ||
        !IS_REFUSED(sn_run_start(run_shared(), &options, &second, &error)) ||
        !IS_REFUSED(sn_sandbox_put(run_shared(), "a", "a", 1, 0, &error)) ||
        !IS_REFUSED(sn_sandbox_get(run_shared(), "file", 10, &data, &length, &error)))
        return 1;
    if (running)
        sn_run_cancel(running);
    return running &&
           (!IS_REFUSED(sn_run_next(running, &event, &error)) || !IS_REFUSED(sn_run_wait(running, &result, &error)) ||
            !IS_REFUSED(sn_run_write(running, "x\n", 2, &length, &error)) ||
            !IS_REFUSED(sn_run_close_stdin(running, &error)));
}

/* Both would read from the same sockets. */
static void a_child_uses_nothing_of_its_parents(void **state)
{
    sn_running *running;
    sn_error *error = NULL;
    size_t taken = 0;
    sn_result *result;

    (void)state;
    assert_ok(sn_sandbox_put(run_shared(), "file", "abc", 3, 0, &error), error);
    fork_off(use_all, NULL);
    assert_int_equal(await_fork(), 0);
    running = run_begin("read x; echo \"$x\"; cat", SN_STDIN_FEED, SN_OUTPUT_CAPTURE);
    fork_off(use_all, running);
    assert_int_equal(await_fork(), 0);
    assert_ok(sn_run_write(running, "of the parent\n", 14, &taken, &error), error);
    assert_ok(sn_run_close_stdin(running, &error), error);
    result = run_finish(running);
    assert_verdict(result, SN_VERDICT_OK);
    assert_string_equal(out(result), "of the parent\n");
    sn_result_free(result);
}

/* As documented: the end of what it reads comes to the program when the last copy has gone. */
static void the_input_ends_with_the_last_copy(void **state)
{
    sn_running *running = run_begin("cat; echo end", SN_STDIN_FEED, SN_OUTPUT_CAPTURE);
    sn_error *error = NULL;
    size_t taken = 0;
    sn_result *result;

    (void)state;
    fork_off(NULL, NULL);
    assert_ok(sn_run_write(running, "x\n", 2, &taken, &error), error);
    assert_ok(sn_run_close_stdin(running, &error), error);
    kill(forked, SIGKILL);
    await_fork();
    result = run_finish(running);
    assert_verdict(result, SN_VERDICT_OK);
    assert_string_equal(out(result), "x\nend\n");
    sn_result_free(result);
}

int main(void)
{
#define FORK_TEST(name) cmocka_unit_test_teardown(name, end_fork)
    const struct CMUnitTest tests[] = {
        FORK_TEST(waiting_after_the_output_ended),    FORK_TEST(waiting_after_the_input_was_closed),
        FORK_TEST(what_a_child_frees_is_its_own),     FORK_TEST(a_child_uses_nothing_of_its_parents),
        FORK_TEST(the_input_ends_with_the_last_copy),
    };

    tests_prepare();
    return cmocka_run_group_tests(tests, NULL, run_drop_shared);
}
