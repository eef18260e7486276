/* SPDX-License-Identifier: MIT */
/* One run: verdicts, input, output as it comes, cancelling, argv, environment, the pollable descriptor. */
#include "support.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static sn_sandbox *shared;
static sn_running *unfinished; /* of a test that failed half-way */

static sn_sandbox *need_shared(void)
{
    if (!shared)
        shared = make_sandbox(NULL);
    return shared;
}

/* Around every test: the next one finds the sandbox free. */
static int free_unfinished(void **state)
{
    (void)state;
    sn_running_free(unfinished);
    unfinished = NULL;
    return 0;
}

static int drop_shared(void **state)
{
    (void)state;
    sn_sandbox_destroy(shared);
    return 0;
}

static sn_running *start(const char *script, uint32_t stdin_mode, uint32_t output_mode)
{
    const char *argv[] = {"/bin/sh", "-c", script, NULL};
    sn_running *running = NULL;
    sn_run_options options;
    sn_error *error = NULL;

    sn_run_options_init(&options);
    options.argv = argv;
    options.stdin_mode = stdin_mode;
    options.output_mode = output_mode;
    assert_ok(sn_run_start(need_shared(), &options, &running, &error), error);
    assert_non_null(running);
    unfinished = running;
    return running;
}

static sn_result *finish(sn_running *running)
{
    sn_result *result = NULL;
    sn_error *error = NULL;

    assert_ok(sn_run_wait(running, &result, &error), error);
    assert_non_null(result);
    sn_running_free(running);
    unfinished = NULL;
    return result;
}

/* Waits until the run has an event, at most ten seconds. */
static sn_event next_event(sn_running *running)
{
    uint64_t deadline = now_ms() + 10000;
    sn_event event;

    while (now_ms() < deadline) {
        struct pollfd poller = {.fd = sn_run_fd(running), .events = POLLIN};
        sn_error *error = NULL;

        memset(&event, 0, sizeof(event));
        event.size = sizeof(event);
        assert_ok(sn_run_next(running, &event, &error), error);
        if (event.type != SN_EVENT_NONE)
            return event;
        poll(&poller, 1, 1000);
    }
    fail_msg("no event within ten seconds");
    return event;
}

static void assert_event_is(const sn_event *event, uint32_t type, const char *text)
{
    assert_int_equal(event->type, type);
    assert_int_equal(event->length, strlen(text));
    assert_memory_equal(event->data, text, event->length);
}

static void exit_statuses_and_signals_are_told_apart(void **state)
{
    static const struct {
        const char *script;
        sn_verdict verdict;
        int exit_code;
        int signal;
    } rows[] = {
        {"exit 0", SN_VERDICT_OK, 0, 0},
        {"exit 1", SN_VERDICT_RUNTIME_ERROR, 1, 0},
        {"exit 255", SN_VERDICT_RUNTIME_ERROR, 255, 0},
        {"exit 139", SN_VERDICT_RUNTIME_ERROR, 139, 0},
        {"exit 137", SN_VERDICT_RUNTIME_ERROR, 137, 0},
        {"exit 124", SN_VERDICT_RUNTIME_ERROR, 124, 0},
        {"kill -SEGV $$", SN_VERDICT_RUNTIME_ERROR, -1, SIGSEGV},
        {"kill -KILL $$", SN_VERDICT_RUNTIME_ERROR, -1, SIGKILL},
        {"kill -XCPU $$", SN_VERDICT_RUNTIME_ERROR, -1, SIGXCPU},
        {"kill -XFSZ $$", SN_VERDICT_RUNTIME_ERROR, -1, SIGXFSZ},
        {"kill -SYS $$", SN_VERDICT_RUNTIME_ERROR, -1, SIGSYS},
        {"kill -TERM $$", SN_VERDICT_RUNTIME_ERROR, -1, SIGTERM},
        {"kill -PIPE $$", SN_VERDICT_RUNTIME_ERROR, -1, SIGPIPE},
        {"kill -ALRM $$", SN_VERDICT_RUNTIME_ERROR, -1, SIGALRM},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        sn_result *result = run_shell(need_shared(), rows[i].script, NULL);

        print_message("%s\n", rows[i].script);
        assert_verdict(result, rows[i].verdict);
        assert_int_equal(sn_result_exit_code(result), rows[i].exit_code);
        assert_int_equal(sn_result_signal(result), rows[i].signal);
        assert_int_equal(sn_result_limit(result), SN_LIMIT_NONE);
        assert_null(sn_result_denied(result));
        assert_null(sn_result_denied_name(result));
        sn_result_free(result);
    }
    sn_result_free(NULL);
}

static void a_result_carries_its_figures(void **state)
{
    sn_result *result = run_shell(need_shared(), "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; sleep 0.05", NULL);
    uint64_t all = ((UINT64_C(1) << SN_LAYER_COUNT) - 1) & ~relaxed_by_environment();

    (void)state;
    assert_verdict(result, SN_VERDICT_OK);
    assert_true(sn_result_cpu_ns(result) > 1000000);
    assert_true(sn_result_cpu_ns(result) < UINT64_C(5000000000));
    assert_true(sn_result_wall_ns(result) >= 50000000);
    assert_true(sn_result_wall_ns(result) < UINT64_C(10000000000));
    assert_true(sn_result_memory_bytes(result) > 50000);
    assert_true(sn_result_memory_bytes(result) < 64 * MIB);
    assert_string_not_equal(sn_result_cpu_source(result), "");
    assert_string_not_equal(sn_result_memory_source(result), "");
    assert_true((sn_result_layers(result) | SN_LAYER_LANDLOCK | SN_LAYER_APPARMOR) == all);
    assert_true((sn_result_relaxed(result) & ~SN_LAYER_LANDLOCK) == relaxed_by_environment());
    assert_non_null(sn_result_notes(result));
    sn_result_free(result);
}

static void the_run_is_over_with_its_first_process(void **state)
{
    char word[32], script[256];
    sn_result *result;
    uint64_t begun = now_ms();

    (void)state;
    snprintf(word, sizeof(word), "97531.%d", (int)getpid());
    snprintf(script, sizeof(script), "sleep %s & setsid sleep %s & (trap '' TERM HUP; sleep %s) & sleep 0.1; exit 0",
             word, word, word);
    result = run_shell(need_shared(), script, NULL);
    assert_verdict(result, SN_VERDICT_OK);
    assert_true(now_ms() - begun < 5000); /* also though the orphans hold stdout open */
    assert_int_equal(count_processes_named(word), 0);
    sn_result_free(result);
}

static void both_streams_are_captured_apart(void **state)
{
    sn_result *result = run_shell(need_shared(), "echo to-out; echo to-err >&2; printf 'no newline'", NULL);

    (void)state;
    assert_string_equal(out(result), "to-out\nno newline");
    assert_string_equal(err(result), "to-err\n");
    assert_int_equal(sn_result_stdout_truncated(result), 0);
    assert_int_equal(sn_result_stderr_truncated(result), 0);
    sn_result_free(result);
    result = run_shell(need_shared(), "printf 'a\\000b\\377'", NULL);
    for (int i = 0; i < 1; i++) {
        size_t length = 0;
        const void *data = sn_result_stdout(result, &length);

        assert_int_equal(length, 4);
        assert_memory_equal(data, "a\0b\377", 4);
    }
    sn_result_free(result);
}

static void output_up_to_its_limit_and_one_more(void **state)
{
    sn_limits limits;

    (void)state;
    sn_limits_init(&limits);
    limits.output_bytes = 100000;
    for (int stream = 1; stream <= 2; stream++) {
        for (int over = 0; over < 2; over++) {
            char script[128];
            sn_result *result;
            size_t length = 0;

            snprintf(script, sizeof(script), "head -c %d /dev/zero >&%d", 100000 + over, stream);
            result = run_shell(need_shared(), script, &limits);
            print_message("%s\n", script);
            assert_verdict(result, over ? SN_VERDICT_OUTPUT_LIMIT_EXCEEDED : SN_VERDICT_OK);
            assert_int_equal(sn_result_limit(result), over ? SN_LIMIT_OUTPUT : SN_LIMIT_NONE);
            if (stream == 1)
                sn_result_stdout(result, &length);
            else
                sn_result_stderr(result, &length);
            assert_int_equal(length, 100000);
            assert_int_equal(sn_result_stdout_truncated(result), stream == 1 && over);
            assert_int_equal(sn_result_stderr_truncated(result), stream == 2 && over);
            sn_result_free(result);
        }
    }
}

static void endless_output_ends_soon(void **state)
{
    sn_limits limits;
    sn_result *result;
    uint64_t begun = now_ms();
    size_t length = 0;

    (void)state;
    sn_limits_init(&limits);
    limits.output_bytes = MIB;
    result = run_shell(need_shared(), "exec cat /dev/zero", &limits);
    assert_verdict(result, SN_VERDICT_OUTPUT_LIMIT_EXCEEDED);
    sn_result_stdout(result, &length);
    assert_int_equal(length, MIB);
    assert_true(now_ms() - begun < 4000); /* killed for the output, long before its five seconds of CPU time */
    sn_result_free(result);
}

static void stdin_comes_from_data(void **state)
{
    const char *argv[] = {"/bin/cat", NULL};
    const size_t length = 2 << 20;
    char *bytes = malloc(length);
    sn_run_options options;
    sn_result *result = NULL;
    sn_error *error = NULL;
    size_t got = 0;

    (void)state;
    assert_non_null(bytes);
    for (size_t i = 0; i < length; i++)
        bytes[i] = (char)(i * 40503U >> 7);
    sn_run_options_init(&options);
    options.argv = argv;
    options.stdin_data = bytes;
    options.stdin_length = length;
    assert_ok(sn_run(need_shared(), &options, &result, &error), error);
    assert_verdict(result, SN_VERDICT_OK);
    assert_memory_equal(sn_result_stdout(result, &got), bytes, length);
    assert_int_equal(got, length);
    sn_result_free(result);
    free(bytes);
    /* nothing: end of file at once */
    result = run_shell(need_shared(), "wc -c; test ! -t 0", NULL);
    assert_verdict(result, SN_VERDICT_OK);
    assert_string_equal(out(result), "0\n");
    sn_result_free(result);
}

/* A program that leaves most of its input unread must neither hang nor fail the run nor raise SIGPIPE here. */
static void stdin_that_nobody_reads(void **state)
{
    const char *argv[] = {"/bin/sh", "-c", "head -c 3; exit 0", NULL};
    const size_t length = 4 << 20;
    char *bytes = calloc(1, length);
    sn_run_options options;
    sn_result *result = NULL;
    sn_error *error = NULL;

    (void)state;
    assert_non_null(bytes);
    memset(bytes, 'y', length);
    sn_run_options_init(&options);
    options.argv = argv;
    options.stdin_data = bytes;
    options.stdin_length = length;
    assert_ok(sn_run(need_shared(), &options, &result, &error), error);
    assert_verdict(result, SN_VERDICT_OK);
    assert_string_equal(out(result), "yyy");
    sn_result_free(result);
    free(bytes);
}

static void stdin_fed_as_a_conversation(void **state)
{
    sn_running *running =
        start("while read line; do echo \"got $line\"; done; echo end", SN_STDIN_FEED, SN_OUTPUT_CAPTURE);
    sn_error *error = NULL;
    sn_result *result;
    sn_event event;
    size_t taken = 0;

    (void)state;
    assert_ok(sn_run_write(running, "one\n", 4, &taken, &error), error);
    assert_int_equal(taken, 4);
    event = next_event(running);
    assert_event_is(&event, SN_EVENT_STDOUT, "got one\n");
    assert_ok(sn_run_write(running, "two\n", 4, &taken, &error), error);
    event = next_event(running);
    assert_event_is(&event, SN_EVENT_STDOUT, "got two\n");
    assert_ok(sn_run_close_stdin(running, &error), error);
    event = next_event(running);
    assert_event_is(&event, SN_EVENT_STDOUT, "end\n");
    event = next_event(running);
    assert_int_equal(event.type, SN_EVENT_DONE);
    result = finish(running);
    assert_verdict(result, SN_VERDICT_OK);
    assert_string_equal(out(result), "got one\ngot two\nend\n");
    sn_result_free(result);
}

static void a_full_pipe_takes_less_and_says_when_it_has_room(void **state)
{
    sn_running *running = start("sleep 0.3; wc -c", SN_STDIN_FEED, SN_OUTPUT_CAPTURE);
    static char block[1 << 18];
    sn_error *error = NULL;
    sn_result *result;
    size_t taken = 0, fed = 0;
    const size_t total = 16 << 20; /* more than any pipe holds */
    bool short_once = false;

    (void)state;
    while (fed < total) {
        size_t want = total - fed < sizeof(block) ? total - fed : sizeof(block);

        assert_ok(sn_run_write(running, block, want, &taken, &error), error);
        assert_true(taken <= want);
        fed += taken;
        if (taken < want) {
            sn_event event = next_event(running);

            short_once = true;
            assert_int_equal(event.type, SN_EVENT_STDIN);
        }
    }
    assert_true(short_once);
    assert_ok(sn_run_close_stdin(running, &error), error);
    result = finish(running);
    assert_verdict(result, SN_VERDICT_OK);
    assert_int_equal(strtol(out(result), NULL, 10), total);
    sn_result_free(result);
}

static void writing_to_a_program_that_closed_its_stdin(void **state)
{
    sn_running *running = start("exec 0<&-; sleep 0.3; echo closed; sleep 0.5", SN_STDIN_FEED, SN_OUTPUT_CAPTURE);
    static char block[1 << 20];
    sn_error *error = NULL;
    sn_result *result;
    sn_event event = next_event(running);
    size_t taken = 0;

    (void)state;
    assert_event_is(&event, SN_EVENT_STDOUT, "closed\n");
    for (int i = 0; i < 3; i++) {
        assert_ok(sn_run_write(running, block, sizeof(block), &taken, &error), error);
        assert_int_equal(taken, sizeof(block));
    }
    assert_ok(sn_run_close_stdin(running, &error), error);
    assert_ok(sn_run_close_stdin(running, &error), error);
    result = finish(running);
    assert_verdict(result, SN_VERDICT_OK);
    sn_result_free(result);
}

static void events_come_in_order_and_as_they_happen(void **state)
{
    sn_running *running = start("echo a; sleep 0.4; echo b >&2; sleep 0.4; echo c", SN_STDIN_DATA, SN_OUTPUT_STREAM);
    sn_result *result;
    sn_event event;
    uint64_t first;
    size_t length = 1;

    (void)state;
    event = next_event(running);
    assert_event_is(&event, SN_EVENT_STDOUT, "a\n");
    first = now_ms();
    event = next_event(running);
    assert_event_is(&event, SN_EVENT_STDERR, "b\n");
    event = next_event(running);
    assert_event_is(&event, SN_EVENT_STDOUT, "c\n");
    assert_true(now_ms() - first >= 500); /* the first one did not wait for the end */
    event = next_event(running);
    assert_int_equal(event.type, SN_EVENT_DONE);
    result = finish(running);
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
    assert_ok(sn_run_start(need_shared(), &options, &running, &error), error);
    for (;;) {
        sn_event event = next_event(running);

        if (event.type == SN_EVENT_DONE)
            break;
        if (event.type == SN_EVENT_STDOUT)
            seen += event.length;
    }
    result = finish(running);
    assert_verdict(result, SN_VERDICT_OUTPUT_LIMIT_EXCEEDED);
    assert_int_equal(seen, 300000);
    assert_int_equal(sn_result_stdout_truncated(result), 1);
    sn_result_free(result);
}

static void waiting_without_fetching_events(void **state)
{
    sn_running *running = start("head -c 3000000 /dev/zero; echo done >&2", SN_STDIN_DATA, SN_OUTPUT_CAPTURE);
    sn_result *result = finish(running);
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
        sn_running *running = start("sleep 30 & sleep 30", SN_STDIN_DATA, SN_OUTPUT_CAPTURE);
        uint64_t begun = now_ms();
        sn_result *result;

        if (late)
            sleep_ms(100);
        sn_run_cancel(running);
        sn_run_cancel(running);
        result = finish(running);
        assert_verdict(result, SN_VERDICT_CANCELLED);
        assert_true(now_ms() - begun < 3000);
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
    sn_running *running = start("sleep 30", SN_STDIN_DATA, SN_OUTPUT_CAPTURE);
    sn_result *result = NULL;
    sn_error *error = NULL;
    uint64_t begun = now_ms();
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, running), 0);
    assert_ok(sn_run_wait(running, &result, &error), error);
    pthread_join(thread, NULL);
    assert_verdict(result, SN_VERDICT_CANCELLED);
    assert_true(now_ms() - begun < 3000);
    sn_result_free(result);
    sn_running_free(running);
    unfinished = NULL;
}

static void cancelled_after_its_end(void **state)
{
    sn_running *running = start("exit 3", SN_STDIN_DATA, SN_OUTPUT_CAPTURE);
    sn_result *result;
    sn_event event = next_event(running);

    (void)state;
    assert_int_equal(event.type, SN_EVENT_DONE);
    sn_run_cancel(running);
    result = finish(running);
    assert_verdict(result, SN_VERDICT_RUNTIME_ERROR);
    assert_int_equal(sn_result_exit_code(result), 3);
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
    running = start(script, SN_STDIN_DATA, SN_OUTPUT_CAPTURE);
    sleep_ms(100);
    assert_true(count_processes_named(word) > 0);
    sn_running_free(running);
    unfinished = NULL;
    assert_int_equal(count_processes_named(word), 0);
    sn_running_free(NULL);
    result = run_shell(need_shared(), "echo usable again", NULL);
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
    runs[0] = start(script, SN_STDIN_DATA, SN_OUTPUT_CAPTURE);
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
        sn_result *result = finish(runs[i]);

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
    assert_ok(sn_run_start(need_shared(), &options, &running, &error), error);
    event = next_event(running);
    assert_int_equal(event.type, SN_EVENT_DONE);
    assert_true(now_ms() - begun < 3000);
    result = finish(running);
    assert_verdict(result, SN_VERDICT_TIME_LIMIT_EXCEEDED);
    assert_int_equal(sn_result_limit(result), SN_LIMIT_WALL);
    sn_result_free(result);
}

static void long_argv_and_environment(void **state)
{
    enum { COUNT = 3000, LENGTH = 100 };
    const char **argv = calloc(COUNT + 5, sizeof(*argv));
    char *long_text = malloc(100001);
    const char *envp[3] = {"PATH=/usr/bin:/bin", NULL, NULL};
    sn_run_options options;
    sn_result *result = NULL;
    sn_error *error = NULL;
    char filler[LENGTH + 1];

    (void)state;
    assert_non_null(argv);
    assert_non_null(long_text);
    memset(filler, 'f', LENGTH);
    filler[LENGTH] = '\0';
    memset(long_text, 'L', 100000);
    memcpy(long_text, "LONG=", 5);
    long_text[100000] = '\0';
    envp[1] = long_text;
    argv[0] = "/bin/sh";
    argv[1] = "-c";
    argv[2] = "echo $# ${#LONG} \"$2\"";
    argv[3] = "name";
    for (int i = 0; i < COUNT; i++)
        argv[4 + i] = filler;
    argv[4] = "";
    argv[5] = "two words\nand a line";
    sn_run_options_init(&options);
    options.argv = argv;
    options.envp = envp;
    assert_ok(sn_run(need_shared(), &options, &result, &error), error);
    assert_verdict(result, SN_VERDICT_OK);
    assert_string_equal(out(result), "3000 99995 two words\nand a line\n");
    sn_result_free(result);
    free(long_text);
    free(argv);
}

/* Larger than exec takes (a string over 128 KiB): an error that says so, not a hang and not a dead sandbox. */
static void argv_too_long_for_the_kernel(void **state)
{
    const char *argv[] = {"/bin/true", NULL, NULL};
    char *long_text = malloc(8 << 20);
    sn_run_options options;
    sn_result *result = NULL;
    sn_error *error = NULL;
    int code;

    (void)state;
    assert_non_null(long_text);
    sn_run_options_init(&options);
    options.argv = argv;
    argv[1] = long_text;
    for (size_t length = 200000; length < (8 << 20); length *= 6) {
        memset(long_text, 'x', length);
        long_text[length] = '\0';
        error = NULL;
        code = sn_run(need_shared(), &options, &result, &error);
        print_message("%zu bytes: %s %s\n", length, sn_code_name(code), sn_error_message(error));
        assert_true(code == SN_ESYS || code == SN_ELIMIT || code == SN_EINVAL);
        assert_string_not_equal(sn_error_message(error), "");
        sn_error_free(error);
    }
    free(long_text);
    result = run_shell(need_shared(), "echo alive", NULL);
    assert_string_equal(out(result), "alive\n");
    sn_result_free(result);
}

static void argv0_is_searched_in_path(void **state)
{
    const char *argv[] = {"echo", "found", NULL};
    const char *envp[] = {"PATH=/work/empty:/usr/bin:/bin", NULL};
    const char *nowhere[] = {"PATH=/work/empty", NULL};
    sn_run_options options;
    sn_result *result = NULL;
    sn_error *error = NULL;

    (void)state;
    for (int i = 0; i < 2; i++) {
        sn_run_options_init(&options);
        options.argv = argv;
        options.envp = i ? envp : NULL;
        assert_ok(sn_run(need_shared(), &options, &result, &error), error);
        assert_string_equal(out(result), "found\n");
        sn_result_free(result);
    }
    options.envp = nowhere;
    assert_int_equal(sn_run(need_shared(), &options, &result, &error), SN_ENOENT);
    assert_non_null(strstr(sn_error_message(error), "echo"));
    sn_error_free(error);
}

static void programs_that_cannot_be_started(void **state)
{
    static const struct {
        const char *program;
        int code;
        const char *word;
    } rows[] = {
        {"/no/such/program", SN_ENOENT, "/no/such/program"},
        {"no-such-program", SN_ENOENT, "no-such-program"},
        {"./not-here", SN_ENOENT, "not-here"},
        {"/etc", SN_ESYS, "/etc"},
        {"/work/plain", SN_ESYS, "/work/plain"},
        {"/work/garbage", SN_ESYS, "/work/garbage"},
        {"/work/no-interpreter", SN_ENOENT, "/work/no-interpreter"},
    };
    sn_error *error = NULL;
    sn_result *result = NULL;

    (void)state;
    assert_ok(sn_sandbox_put(need_shared(), "plain", "#!/bin/sh\n", 10, 0644, &error), error);
    assert_ok(sn_sandbox_put(need_shared(), "garbage", "\177ELF garbage", 12, 0755, &error), error);
    assert_ok(sn_sandbox_put(need_shared(), "no-interpreter", "#!/no/such\n", 11, 0755, &error), error);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *argv[] = {rows[i].program, NULL};
        sn_run_options options;
        int code;

        sn_run_options_init(&options);
        options.argv = argv;
        error = NULL;
        code = sn_run(need_shared(), &options, &result, &error);
        print_message("%s: %s %s\n", rows[i].program, sn_code_name(code), sn_error_message(error));
        assert_int_equal(code, rows[i].code);
        assert_non_null(strstr(sn_error_message(error), rows[i].word));
        sn_error_free(error);
    }
    result = run_shell(need_shared(), "exit 0", NULL);
    assert_verdict(result, SN_VERDICT_OK);
    sn_result_free(result);
}

static void the_working_directory(void **state)
{
    const char *argv[] = {"/bin/pwd", NULL};
    sn_run_options options;
    sn_result *result = NULL;
    sn_error *error = NULL;

    (void)state;
    sn_run_options_init(&options);
    options.argv = argv;
    assert_ok(sn_run(need_shared(), &options, &result, &error), error);
    assert_string_equal(out(result), "/work\n");
    sn_result_free(result);
    options.cwd = "/tmp";
    assert_ok(sn_run(need_shared(), &options, &result, &error), error);
    assert_string_equal(out(result), "/tmp\n");
    sn_result_free(result);
    options.cwd = "/work/missing";
    assert_int_not_equal(sn_run(need_shared(), &options, &result, &error), 0);
    assert_non_null(strstr(sn_error_message(error), "/work/missing"));
    sn_error_free(error);
    error = NULL;
    options.cwd = "relative";
    assert_refused(sn_run(need_shared(), &options, &result, &error), SN_EINVAL, error);
}

static void the_environment_is_clean(void **state)
{
    const char *argv[] = {"/usr/bin/env", NULL};
    const char *given[] = {"A=1", "B=two words", NULL};
    const char *none[] = {NULL};
    sn_run_options options;
    sn_result *result = NULL;
    sn_error *error = NULL;
    const char *text;

    (void)state;
    setenv("SN_TEST_SECRET", "visible", 1);
    sn_run_options_init(&options);
    options.argv = argv;
    assert_ok(sn_run(need_shared(), &options, &result, &error), error);
    text = out(result);
    assert_null(strstr(text, "SN_TEST_SECRET"));
    assert_non_null(strstr(text, "PATH=/"));
    assert_non_null(strstr(text, "HOME=/work\n"));
    assert_non_null(strstr(text, "LANG=C.UTF-8\n"));
    for (int lines = 0; lines < 1; lines++) {
        int count = 0;

        for (const char *c = text; *c; c++)
            count += *c == '\n';
        assert_int_equal(count, 3);
    }
    sn_result_free(result);
    options.envp = given;
    assert_ok(sn_run(need_shared(), &options, &result, &error), error);
    assert_string_equal(out(result), "A=1\nB=two words\n");
    sn_result_free(result);
    options.envp = none;
    assert_ok(sn_run(need_shared(), &options, &result, &error), error);
    assert_string_equal(out(result), "");
    sn_result_free(result);
    unsetenv("SN_TEST_SECRET");
}

static void a_policy_of_one_run(void **state)
{
    static const char text[] = "POLICY p { ALLOW { execve, exit_group } } USE p DEFAULT KILL\n";
    sn_result *result;
    sn_run_options options;
    sn_policy *policy = NULL;
    sn_error *error = NULL;
    const char *argv[] = {"/bin/true", NULL};

    (void)state;
    assert_ok(sn_policy_parse(text, sizeof(text) - 1, "test", &policy, &error), error);
    sn_run_options_init(&options);
    options.argv = argv;
    options.policy = policy;
    /* Not even what the loader needs is allowed: whatever is told, it is not OK. */
    assert_ok(sn_run(need_shared(), &options, &result, &error), error);
    assert_int_not_equal(sn_result_verdict(result), SN_VERDICT_OK);
    assert_int_not_equal(sn_result_verdict(result), SN_VERDICT_INTERNAL_ERROR);
    sn_result_free(result);
    sn_policy_free(policy);
    result = run_shell(need_shared(), "exit 0", NULL);
    assert_verdict(result, SN_VERDICT_OK); /* the sandbox's own is back */
    sn_result_free(result);
}

static void a_denied_system_call_names_itself(void **state)
{
    sn_result *result =
        run_python(need_shared(), "import socket; socket.socket(socket.AF_INET, socket.SOCK_STREAM)", NULL);

    (void)state;
    assert_verdict(result, SN_VERDICT_SECURITY_VIOLATION);
    assert_non_null(sn_result_denied(result));
    assert_string_equal(sn_result_denied_name(result), "socket");
    assert_non_null(strstr(sn_result_denied(result), "socket(AF_INET, SOCK_STREAM"));
    assert_int_equal(sn_result_denied_args(result)[0], 2);
    sn_result_free(result);
}

static void many_runs_in_one_sandbox(void **state)
{
    int before;

    (void)state;
    sn_result_free(run_shell(need_shared(), ":", NULL));
    before = count_descriptors();
    for (int i = 0; i < 200; i++) {
        sn_result *result = run_shell(need_shared(), "exit 0", NULL);

        assert_verdict(result, SN_VERDICT_OK);
        sn_result_free(result);
    }
    assert_int_equal(count_descriptors(), before);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, free_unfinished)
    const struct CMUnitTest tests[] = {
        TEST(exit_statuses_and_signals_are_told_apart),
        TEST(a_result_carries_its_figures),
        TEST(the_run_is_over_with_its_first_process),
        TEST(both_streams_are_captured_apart),
        TEST(output_up_to_its_limit_and_one_more),
        TEST(endless_output_ends_soon),
        TEST(stdin_comes_from_data),
        TEST(stdin_that_nobody_reads),
        TEST(stdin_fed_as_a_conversation),
        TEST(a_full_pipe_takes_less_and_says_when_it_has_room),
        TEST(writing_to_a_program_that_closed_its_stdin),
        TEST(events_come_in_order_and_as_they_happen),
        TEST(streamed_output_is_limited_too),
        TEST(waiting_without_fetching_events),
        TEST(cancelled_at_once_and_later),
        TEST(cancelled_by_another_thread),
        TEST(cancelled_after_its_end),
        TEST(freed_while_it_runs),
        TEST(the_descriptor_nests_in_epoll),
        TEST(a_wall_limit_wakes_the_descriptor),
        TEST(long_argv_and_environment),
        TEST(argv_too_long_for_the_kernel),
        TEST(argv0_is_searched_in_path),
        TEST(programs_that_cannot_be_started),
        TEST(the_working_directory),
        TEST(the_environment_is_clean),
        TEST(a_policy_of_one_run),
        TEST(a_denied_system_call_names_itself),
        TEST(many_runs_in_one_sandbox),
    };

    tests_prepare();
    return cmocka_run_group_tests(tests, NULL, drop_shared);
}
