/* SPDX-License-Identifier: MIT */
/* A run as it goes on: events, the pollable descriptor, cancelling. */
#include "run_support.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* The program goes on only when it is answered: none of its events can have waited for the end. */
static void events_come_in_order_and_as_they_happen(void **state)
{
    sn_running *running =
        run_begin("echo a; read x; echo b >&2; read x; echo c; read x", SN_STDIN_FEED, SN_OUTPUT_STREAM);
    static const struct {
        uint32_t type;
        const char *text;
    } wanted[] = {{SN_EVENT_STDOUT, "a\n"}, {SN_EVENT_STDERR, "b\n"}, {SN_EVENT_STDOUT, "c\n"}};
    sn_error *error = NULL;
    sn_result *result;
    sn_event event;
    size_t length = 1, taken = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        event = run_next_event(running);
        assert_event_is(&event, wanted[i].type, wanted[i].text);
        assert_ok(sn_run_write(running, "\n", 1, &taken, &error), error);
    }
    event = run_next_event(running);
    assert_int_equal(event.type, SN_EVENT_DONE);
    result = run_finish(running);
    assert_verdict(result, SN_VERDICT_OK);
    sn_result_stdout(result, &length);
    assert_int_equal(length, 0); /* streamed, not kept */
    sn_result_free(result);
}

static void streamed_output_is_limited_too(void **state)
{
    const char *argv[] = {"/bin/cat", "/dev/zero", NULL};
    sn_running *running = NULL;
    sn_run_options options;
    sn_limits limits;
    sn_error *error = NULL;
    sn_result *result;
    uint64_t seen = 0;

    (void)state;
    sn_limits_init(&limits);
    limits.output_bytes = 300000;
    sn_run_options_init(&options);
    options.argv = argv;
    options.limits = &limits;
    options.output_mode = SN_OUTPUT_STREAM;
    assert_ok(sn_run_start(run_shared(), &options, &running, &error), error);
    run_adopt(running);
    for (;;) {
        sn_event event = run_next_event(running);

        if (event.type == SN_EVENT_DONE)
            break;
        if (event.type == SN_EVENT_STDOUT)
            seen += event.length;
    }
    result = run_finish(running);
    assert_verdict(result, SN_VERDICT_OUTPUT_LIMIT_EXCEEDED);
    assert_int_equal(seen, 300000);
    assert_int_equal(sn_result_stdout_truncated(result), 1);
    sn_result_free(result);
}

static void waiting_without_fetching_events(void **state)
{
    sn_running *running = run_begin("head -c 3000000 /dev/zero; echo done >&2", SN_STDIN_DATA, SN_OUTPUT_CAPTURE);
    sn_result *result = run_finish(running);
    size_t length = 0;

    (void)state;
    assert_verdict(result, SN_VERDICT_OK);
    sn_result_stdout(result, &length);
    assert_int_equal(length, 3000000);
    assert_string_equal(err(result), "done\n");
    sn_result_free(result);
}

static void cancelled_at_once_and_later(void **state)
{
    (void)state;
    for (int late = 0; late < 2; late++) {
        sn_running *running = run_begin("sleep 30 & sleep 30", SN_STDIN_DATA, SN_OUTPUT_CAPTURE);
        uint64_t begun = now_ms();
        sn_result *result;

        if (late)
            sleep_ms(100);
        sn_run_cancel(running);
        sn_run_cancel(running);
        result = run_finish(running);
        assert_verdict(result, SN_VERDICT_CANCELLED);
        assert_true(now_ms() - begun < 15000);
        sn_result_free(result);
    }
}

static void *cancel_soon(void *running)
{
    sleep_ms(150);
    sn_run_cancel(running);
    return NULL;
}

static void cancelled_by_another_thread(void **state)
{
    sn_running *running = run_begin("sleep 30", SN_STDIN_DATA, SN_OUTPUT_CAPTURE);
    sn_result *result = NULL;
    sn_error *error = NULL;
    uint64_t begun = now_ms();
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, running), 0);
    assert_ok(sn_run_wait(running, &result, &error), error);
    pthread_join(thread, NULL);
    assert_verdict(result, SN_VERDICT_CANCELLED);
    assert_true(now_ms() - begun < 15000);
    sn_result_free(result);
    run_drop(running);
}

static void cancelled_after_its_end(void **state)
{
    sn_running *running = run_begin("exit 3", SN_STDIN_DATA, SN_OUTPUT_CAPTURE);
    sn_result *result;
    sn_event event = run_next_event(running);

    (void)state;
    assert_int_equal(event.type, SN_EVENT_DONE);
    sn_run_cancel(running);
    result = run_finish(running);
    assert_verdict(result, SN_VERDICT_RUNTIME_ERROR);
    assert_int_equal(sn_result_exit_code(result), 3);
    sn_result_free(result);
}

/* `sleep 30` that this descriptor may cancel. */
static sn_running *begin_cancellable(int fd)
{
    const char *argv[] = {"/bin/sleep", "30", NULL};
    sn_running *running = NULL;
    sn_run_options options;
    sn_error *error = NULL;

    sn_run_options_init(&options);
    options.argv = argv;
    options.cancel_fd = fd;
    assert_ok(sn_run_start(run_shared(), &options, &running, &error), error);
    run_adopt(running);
    return running;
}

/* It stays the caller's: what makes it readable is still there, for all of the runs that it stands for. */
static void cancelled_by_a_descriptor(void **state)
{
    uint64_t count = 0;
    int fd = eventfd(7, EFD_CLOEXEC | EFD_NONBLOCK);

    (void)state;
    for (int i = 0; i < 2; i++) { /* readable before the start */
        sn_result *result = run_finish(begin_cancellable(fd));

        assert_verdict(result, SN_VERDICT_CANCELLED);
        sn_result_free(result);
    }
    assert_int_equal(read(fd, &count, sizeof(count)), sizeof(count));
    assert_int_equal(count, 7);
    close(fd);
    for (int ends = 0; ends < 2; ends++) { /* readable later, by a byte or by the end of whoever would write it */
        int pipe_fds[2];
        sn_running *running;
        sn_event event = {.size = sizeof(event)};
        sn_error *error = NULL;
        sn_result *result;
        char byte = 0;

        assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
        running = begin_cancellable(pipe_fds[0]);
        assert_ok(sn_run_next(running, &event, &error), error);
        assert_int_equal(event.type, SN_EVENT_NONE);
        if (!ends)
            assert_int_equal(write(pipe_fds[1], "x", 1), 1);
        close(pipe_fds[1]);
        result = run_finish(running);
        assert_verdict(result, SN_VERDICT_CANCELLED);
        sn_result_free(result);
        assert_int_equal(read(pipe_fds[0], &byte, 1), ends ? 0 : 1);
        close(pipe_fds[0]);
    }
}

static void a_descriptor_that_says_nothing_cancels_nothing(void **state)
{
    const char *argv[] = {"/bin/sh", "-c", "echo x; exit 4", NULL};
    int fd = eventfd(0, EFD_CLOEXEC);
    sn_run_options options;
    sn_result *result = NULL;
    sn_error *error = NULL;

    (void)state;
    sn_run_options_init(&options);
    options.argv = argv;
    options.cancel_fd = fd;
    assert_ok(sn_run(run_shared(), &options, &result, &error), error);
    assert_verdict(result, SN_VERDICT_RUNTIME_ERROR);
    assert_int_equal(sn_result_exit_code(result), 4);
    sn_result_free(result);
    close(fd);
}

static void descriptors_that_cannot_cancel_are_refused(void **state)
{
    const char *argv[] = {"/bin/true", NULL};
    int file = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    const struct {
        int fd, code;
    } rows[] = {
        {-1, SN_EINVAL},
        {1000000, SN_ESYS}, /* not open */
        {file, SN_ESYS},    /* nothing to wait for */
    };
    sn_result *result = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        sn_running *running = NULL;
        sn_run_options options;
        sn_error *error = NULL;
        int code;

        sn_run_options_init(&options);
        options.argv = argv;
        options.cancel_fd = rows[i].fd;
        code = sn_run_start(run_shared(), &options, &running, &error);
        run_adopt(running);
        assert_refused(code, rows[i].code, error);
        assert_null(running);
    }
    close(file);
    result = run_shell(run_shared(), "echo free", NULL);
    assert_string_equal(out(result), "free\n");
    sn_result_free(result);
}

static void freed_while_it_runs(void **state)
{
    char script[128], word[32];
    sn_running *running;
    sn_result *result;

    (void)state;
    snprintf(word, sizeof(word), "86420.%d", (int)getpid());
    snprintf(script, sizeof(script), "sleep %s & sleep %s", word, word);
    running = run_begin(script, SN_STDIN_DATA, SN_OUTPUT_CAPTURE);
    assert_true(await_processes_named(word, 2));
    run_drop(running);
    assert_int_equal(count_processes_named(word), 0);
    sn_running_free(NULL);
    result = run_shell(run_shared(), "echo usable again", NULL);
    assert_string_equal(out(result), "usable again\n");
    sn_result_free(result);
}

static void the_descriptor_nests_in_epoll(void **state)
{
    int set = epoll_create1(EPOLL_CLOEXEC);
    sn_sandbox *second = make_sandbox(NULL);
    sn_running *runs[2] = {NULL, NULL};
    const char *argv[] = {"/bin/sh", "-c", "echo second", NULL};
    sn_run_options options;
    sn_error *error = NULL;
    int done = 0, last = -1;
    char script[64];

    (void)state;
    snprintf(script, sizeof(script), "sleep %.1f; echo first", 0.2 * (double)slowness());
    runs[0] = run_begin(script, SN_STDIN_DATA, SN_OUTPUT_CAPTURE);
    sn_run_options_init(&options);
    options.argv = argv;
    assert_ok(sn_run_start(second, &options, &runs[1], &error), error);
    for (int i = 0; i < 2; i++) {
        struct epoll_event interest = {.events = EPOLLIN, .data.u32 = (uint32_t)i};

        assert_int_equal(epoll_ctl(set, EPOLL_CTL_ADD, sn_run_fd(runs[i]), &interest), 0);
    }
    while (done < 2) {
        struct epoll_event ready;

        assert_int_equal(epoll_wait(set, &ready, 1, 10000), 1);
        for (;;) {
            sn_event event = {.size = sizeof(event)};

            assert_ok(sn_run_next(runs[ready.data.u32], &event, &error), error);
            if (event.type == SN_EVENT_NONE)
                break;
            if (event.type == SN_EVENT_DONE) {
                epoll_ctl(set, EPOLL_CTL_DEL, sn_run_fd(runs[ready.data.u32]), NULL);
                done++;
                last = (int)ready.data.u32;
                break;
            }
        }
    }
    assert_int_equal(last, 0); /* neither waited for the other */
    for (int i = 0; i < 2; i++) {
        sn_result *result = run_finish(runs[i]);

        assert_verdict(result, SN_VERDICT_OK);
        assert_string_equal(out(result), i ? "second\n" : "first\n");
        sn_result_free(result);
    }
    close(set);
    sn_sandbox_destroy(second);
}

/* Limits must hold though the caller only watches the descriptor. */
static void a_wall_limit_wakes_the_descriptor(void **state)
{
    const char *argv[] = {"/bin/sleep", "30", NULL};
    sn_running *running = NULL;
    sn_run_options options;
    sn_limits limits;
    sn_error *error = NULL;
    sn_result *result;
    sn_event event;
    uint64_t begun = now_ms();

    (void)state;
    sn_limits_init(&limits);
    limits.wall_ms = 300;
    sn_run_options_init(&options);
    options.argv = argv;
    options.limits = &limits;
    assert_ok(sn_run_start(run_shared(), &options, &running, &error), error);
    run_adopt(running);
    event = run_next_event(running);
    assert_int_equal(event.type, SN_EVENT_DONE);
    assert_true(now_ms() - begun < 15000);
    result = run_finish(running);
    assert_verdict(result, SN_VERDICT_TIME_LIMIT_EXCEEDED);
    assert_int_equal(sn_result_limit(result), SN_LIMIT_WALL);
    sn_result_free(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_TEST(events_come_in_order_and_as_they_happen),
        RUN_TEST(streamed_output_is_limited_too),
        RUN_TEST(waiting_without_fetching_events),
        RUN_TEST(cancelled_at_once_and_later),
        RUN_TEST(cancelled_by_another_thread),
        RUN_TEST(cancelled_after_its_end),
        RUN_TEST(cancelled_by_a_descriptor),
        RUN_TEST(a_descriptor_that_says_nothing_cancels_nothing),
        RUN_TEST(descriptors_that_cannot_cancel_are_refused),
        RUN_TEST(freed_while_it_runs),
        RUN_TEST(the_descriptor_nests_in_epoll),
        RUN_TEST(a_wall_limit_wakes_the_descriptor),
    };

    tests_prepare();
    return cmocka_run_group_tests(tests, NULL, run_drop_shared);
}
