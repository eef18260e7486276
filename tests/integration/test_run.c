/* SPDX-License-Identifier: MIT */
/* One run: verdicts, output, argv, environment, where it starts. Its input and its events are in test_run_*.c. */
#include "run_support.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

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
        sn_result *result = run_shell(run_shared(), rows[i].script, NULL);

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
    sn_result *result = run_shell(run_shared(), "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; sleep 0.05", NULL);
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

/* Where the time went, in the order of what was done; a run that waited has done the half of it before. */
static void steps_add_up(void **state)
{
    uint64_t sum = 0;
    size_t count;
    const sn_step *steps = sn_sandbox_steps(run_shared(), &count);

    (void)state;
    assert_int_equal(count, 6);
    assert_string_equal(steps[0].name, "place");
    assert_string_equal(steps[5].name, "mounts");
    for (size_t i = 0; i < count; i++)
        sum += steps[i].ns;
    assert_true(sum > 0 && sum < UINT64_C(60000000000));
    for (int run = 0; run < 4; run++) {
        /* Longer than what is looked for below: on a busy machine we see late that it began. */
        sn_result *result = run_shell(run_shared(), "sleep 0.2", NULL);
        uint64_t program = 0;

        steps = sn_result_steps(result, &count);
        assert_true(count >= 5 && count <= 9);
        assert_string_equal(steps[0].name, "prepare");
        assert_string_equal(steps[count - 1].name, "figures");
        for (size_t i = 0; i < count; i++) {
            bool is_start = strcmp(steps[i].name, "clone") == 0 || strcmp(steps[i].name, "seccomp") == 0;

            if (steps[i].is_ahead)
                assert_true(i > 0 && i < count - 3);
            if (is_start)
                assert_true(steps[i].ns > 0);
            if (strcmp(steps[i].name, "run") == 0)
                program = steps[i].ns;
        }
        assert_true(program >= 45000000 && program <= sn_result_wall_ns(result));
        sn_result_free(result);
    }
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
    result = run_shell(run_shared(), script, NULL);
    assert_verdict(result, SN_VERDICT_OK);
    assert_true(now_ms() - begun < 20000); /* also though the orphans hold stdout open */
    assert_int_equal(count_processes_named(word), 0);
    sn_result_free(result);
}

/* What has much memory to give back takes its time to die; what is dying still runs beside the next run. */
static void no_process_of_it_outlives_a_run(void **state)
{
    static const char script[] = "import os, time\n"
                                 "r, w = os.pipe()\n"
                                 "for i in range(20):\n"
                                 "    if os.fork() == 0:\n"
                                 "        b = b'x' * (20 << 20)\n"
                                 "        os.write(w, b'x')\n"
                                 "        time.sleep(60)\n"
                                 "for i in range(20): os.read(r, 1)\n";
    sn_limits limits;

    (void)state;
    sn_limits_init(&limits);
    limits.memory_bytes = 700 * MIB;
    for (int i = 0; i < 3; i++) {
        sn_result *result = run_python(run_shared(), script, &limits);
        int left = count_programs(sandbox_pid()); /* at once */

        assert_verdict(result, SN_VERDICT_OK);
        assert_int_equal(left, 0);
        sn_result_free(result);
    }
}

static void both_streams_are_captured_apart(void **state)
{
    sn_result *result = run_shell(run_shared(), "echo to-out; echo to-err >&2; printf 'no newline'", NULL);

    (void)state;
    assert_string_equal(out(result), "to-out\nno newline");
    assert_string_equal(err(result), "to-err\n");
    assert_int_equal(sn_result_stdout_truncated(result), 0);
    assert_int_equal(sn_result_stderr_truncated(result), 0);
    sn_result_free(result);
    result = run_shell(run_shared(), "printf 'a\\000b\\377'", NULL);
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
            result = run_shell(run_shared(), script, &limits);
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
    size_t length = 0;

    (void)state;
    sn_limits_init(&limits);
    limits.output_bytes = MIB;
    result = run_shell(run_shared(), "exec cat /dev/zero", &limits);
    assert_verdict(result, SN_VERDICT_OUTPUT_LIMIT_EXCEEDED);
    sn_result_stdout(result, &length);
    assert_int_equal(length, MIB);
    /* killed for the output, long before its five seconds of CPU time */
    assert_true(sn_result_cpu_ns(result) < 3000000000 * slowness());
    sn_result_free(result);
}

/* A place where a program can pass a descriptor to somebody outside: a socket that its caller shows it. */
struct outside {
    char directory[32];
    struct sockaddr_un address;
    int listener;
    sn_sandbox *sandbox;
};

static void outside_open(struct outside *outside)
{
    sn_mount mount;
    const sn_mount *const mounts[] = {&mount, NULL};
    sn_sandbox_options options;

    *outside = (struct outside){.directory = "/tmp/sn-test-XXXXXX", .address.sun_family = AF_UNIX};
    assert_non_null(mkdtemp(outside->directory));
    assert_int_equal(chmod(outside->directory, 0755), 0);
    snprintf(outside->address.sun_path, sizeof(outside->address.sun_path), "%s/s", outside->directory);
    outside->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(outside->listener, (struct sockaddr *)&outside->address, sizeof(outside->address)), 0);
    assert_int_equal(chmod(outside->address.sun_path, 0777), 0);
    assert_int_equal(listen(outside->listener, 1), 0);
    sn_mount_init(&mount);
    mount.source = outside->directory;
    mount.target = "/mnt";
    sn_sandbox_options_init(&options);
    options.mounts = mounts;
    outside->sandbox = make_sandbox(&options);
}

static void outside_close(struct outside *outside)
{
    sn_sandbox_destroy(outside->sandbox);
    close(outside->listener);
    unlink(outside->address.sun_path);
    rmdir(outside->directory);
}

/* A descriptor that left the sandbox keeps a pipe open, not the run. */
static void a_pipe_passed_outside_does_not_hold_the_run(void **state)
{
    struct outside outside;
    sn_result *result;

    (void)state;
    outside_open(&outside);
    /* nobody ever takes the message: the descriptor lives in it until the listener is closed */
    result = run_python(outside.sandbox,
                        "import socket\ns = socket.socket(socket.AF_UNIX); s.connect('/mnt/s')\n"
                        "socket.send_fds(s, [b'x'], [1]); print('passed', flush=True)",
                        NULL);
    assert_verdict(result, SN_VERDICT_OK);
    assert_string_equal(out(result), "passed\n");
    sn_result_free(result);
    outside_close(&outside);
}

struct writer {
    pthread_t thread;
    int fd;
    uint64_t deadline;
};

/* Until nobody reads any longer, or what was to be seen has been seen. */
static void *write_without_pause(void *argument)
{
    static const char block[65536];
    const struct writer *writer = argument;

    while (now_ms() < writer->deadline && write(writer->fd, block, sizeof(block)) > 0)
        continue;
    return NULL;
}

/* The first descriptor of the first message of the first that connects; *ret_connection is to say something to it. */
static int receive_descriptor(const struct outside *outside, int *ret_connection)
{
    char byte, control[CMSG_SPACE(sizeof(int))];
    struct iovec data = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
    struct pollfd ready = {.fd = outside->listener, .events = POLLIN};
    int fd = -1;

    assert_int_equal(poll(&ready, 1, (int)(20000 * slowness())), 1);
    *ret_connection = accept4(outside->listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(*ret_connection >= 0);
    assert_int_equal(recvmsg(*ret_connection, &message, MSG_CMSG_CLOEXEC), 1);
    assert_non_null(CMSG_FIRSTHDR(&message));
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
    return fd;
}

/* What they write after its end is not the run's, though the pipe is full again whenever we look. */
static void writers_outside_do_not_hold_the_run(void **state)
{
    const char *argv[] = {"/usr/bin/python3", "-ISc",
                          "import socket\ns = socket.socket(socket.AF_UNIX); s.connect('/mnt/s')\n"
                          "socket.send_fds(s, [b'x'], [1]); s.recv(1)\n",
                          NULL};
    struct outside outside;
    struct writer writers[2];
    sn_running *running = NULL;
    sn_run_options options;
    sn_limits limits;
    sn_result *result = NULL;
    sn_error *error = NULL;
    uint64_t begun;
    sn_event event;
    int fd, connection;

    (void)state;
    need_program(argv[0]);
    outside_open(&outside);
    sn_limits_init(&limits);
    limits.wall_ms = 60000;
    limits.output_bytes = UINT64_C(1) << 40;
    sn_run_options_init(&options);
    options.argv = argv;
    options.limits = &limits;
    options.output_mode = SN_OUTPUT_STREAM;
    assert_ok(sn_run_start(outside.sandbox, &options, &running, &error), error);
    fd = receive_descriptor(&outside, &connection);
    signal(SIGPIPE, SIG_IGN); /* of the writers, in the end */
    begun = now_ms();
    for (int i = 0; i < 2; i++) {
        writers[i] = (struct writer){.fd = fd, .deadline = begun + 30000};
        assert_int_equal(pthread_create(&writers[i].thread, NULL, write_without_pause, &writers[i]), 0);
    }
    assert_int_equal(send(connection, "g", 1, MSG_NOSIGNAL), 1);
    do {
        sleep_ms(50);
        event = run_next_event(running);
    } while (event.type != SN_EVENT_DONE);
    begun = now_ms() - begun;
    assert_ok(sn_run_wait(running, &result, &error), error);
    sn_running_free(running);
    for (int i = 0; i < 2; i++)
        pthread_join(writers[i].thread, NULL);
    signal(SIGPIPE, SIG_DFL);
    close(connection);
    close(fd);
    outside_close(&outside);
    assert_verdict(result, SN_VERDICT_OK);
    sn_result_free(result);
    assert_true(begun < 25000);
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
    assert_ok(sn_run(run_shared(), &options, &result, &error), error);
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
        code = sn_run(run_shared(), &options, &result, &error);
        print_message("%zu bytes: %s %s\n", length, sn_code_name(code), sn_error_message(error));
        assert_true(code == SN_ESYS || code == SN_ELIMIT || code == SN_EINVAL);
        assert_string_not_equal(sn_error_message(error), "");
        sn_error_free(error);
    }
    free(long_text);
    result = run_shell(run_shared(), "echo alive", NULL);
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
        assert_ok(sn_run(run_shared(), &options, &result, &error), error);
        assert_string_equal(out(result), "found\n");
        sn_result_free(result);
    }
    options.envp = nowhere;
    assert_int_equal(sn_run(run_shared(), &options, &result, &error), SN_ENOENT);
    assert_non_null(strstr(sn_error_message(error), "echo"));
    sn_error_free(error);
}

/* As execvp(3) has it: what may not be executed is passed over, and told when nothing else is found. */
static void what_may_not_be_executed_is_passed_over_in_path(void **state)
{
    const char *argv[] = {"tool", NULL};
    const char *passed[] = {"PATH=/work/first:/work/second:/work/empty", NULL};
    const char *alone[] = {"PATH=/work/empty:/work/first:/work/none", NULL};
    sn_run_options options;
    sn_result *result = NULL;
    sn_error *error = NULL;

    (void)state;
    assert_ok(sn_sandbox_mkdir(run_shared(), "empty", &error), error);
    assert_ok(sn_sandbox_put(run_shared(), "first/tool", "#!/bin/sh\necho first\n", 21, 0644, &error), error);
    assert_ok(sn_sandbox_put(run_shared(), "second/tool", "#!/bin/sh\necho second\n", 22, 0755, &error), error);
    sn_run_options_init(&options);
    options.argv = argv;
    options.envp = passed;
    assert_ok(sn_run(run_shared(), &options, &result, &error), error);
    assert_string_equal(out(result), "second\n");
    sn_result_free(result);
    result = NULL;
    options.envp = alone;
    assert_int_equal(sn_run(run_shared(), &options, &result, &error), SN_ESYS);
    assert_null(result);
    assert_int_equal(sn_error_errno(error), EACCES);
    assert_non_null(strstr(sn_error_message(error), "'tool' may not be executed"));
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
    assert_ok(sn_sandbox_put(run_shared(), "plain", "#!/bin/sh\n", 10, 0644, &error), error);
    assert_ok(sn_sandbox_put(run_shared(), "garbage", "\177ELF garbage", 12, 0755, &error), error);
    assert_ok(sn_sandbox_put(run_shared(), "no-interpreter", "#!/no/such\n", 11, 0755, &error), error);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *argv[] = {rows[i].program, NULL};
        sn_run_options options;
        int code;

        sn_run_options_init(&options);
        options.argv = argv;
        error = NULL;
        code = sn_run(run_shared(), &options, &result, &error);
        print_message("%s: %s %s\n", rows[i].program, sn_code_name(code), sn_error_message(error));
        assert_int_equal(code, rows[i].code);
        assert_non_null(strstr(sn_error_message(error), rows[i].word));
        sn_error_free(error);
    }
    result = run_shell(run_shared(), "exit 0", NULL);
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
    assert_ok(sn_run(run_shared(), &options, &result, &error), error);
    assert_string_equal(out(result), "/work\n");
    sn_result_free(result);
    options.cwd = "/tmp";
    assert_ok(sn_run(run_shared(), &options, &result, &error), error);
    assert_string_equal(out(result), "/tmp\n");
    sn_result_free(result);
    options.cwd = "/work/missing";
    assert_int_not_equal(sn_run(run_shared(), &options, &result, &error), 0);
    assert_non_null(strstr(sn_error_message(error), "/work/missing"));
    sn_error_free(error);
    error = NULL;
    options.cwd = "relative";
    assert_refused(sn_run(run_shared(), &options, &result, &error), SN_EINVAL, error);
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
    assert_ok(sn_run(run_shared(), &options, &result, &error), error);
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
    assert_ok(sn_run(run_shared(), &options, &result, &error), error);
    assert_string_equal(out(result), "A=1\nB=two words\n");
    sn_result_free(result);
    options.envp = none;
    assert_ok(sn_run(run_shared(), &options, &result, &error), error);
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
    assert_ok(sn_run(run_shared(), &options, &result, &error), error);
    assert_int_not_equal(sn_result_verdict(result), SN_VERDICT_OK);
    assert_int_not_equal(sn_result_verdict(result), SN_VERDICT_INTERNAL_ERROR);
    sn_result_free(result);
    sn_policy_free(policy);
    result = run_shell(run_shared(), "exit 0", NULL);
    assert_verdict(result, SN_VERDICT_OK); /* the sandbox's own is back */
    sn_result_free(result);
}

static void a_denied_system_call_names_itself(void **state)
{
    sn_result *result =
        run_python(run_shared(), "import socket; socket.socket(socket.AF_INET, socket.SOCK_STREAM)", NULL);

    (void)state;
    assert_verdict(result, SN_VERDICT_SECURITY_VIOLATION);
    assert_non_null(sn_result_denied(result));
    assert_string_equal(sn_result_denied_name(result), "socket");
    assert_non_null(strstr(sn_result_denied(result), "socket(AF_INET, SOCK_STREAM"));
    assert_int_equal(sn_result_denied_args(result)[0], 2);
    sn_result_free(result);
}

/* Pages of a process's address space: proc(5), statm. */
static long address_space_of(pid_t pid)
{
    char path[64], text[128] = "";
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
    file = fopen(path, "re");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof(text), file));
    fclose(file);
    return strtol(text, NULL, 10);
}

/* Processes that a program leaves behind are reaped by PID 1: what that takes is the program's CPU time, and told. */
static void reaping_is_counted(void **state)
{
    sn_limits limits;
    sn_result *result;
    char script[256];

    (void)state;
    sn_limits_init(&limits);
    limits.cpu_ms = limits.wall_ms = 60000 * slowness();
    limits.processes = 512; /* dead ones that a busy machine has not come to reap count, too */
    /* some 10000 orphans, where each is reaped fast: what a few take is nothing */
    snprintf(script, sizeof(script),
             "i=0; while [ $i -lt %d ]; do i=$((i+1)); ( :& :& :& :& :& :& :& :& :& :& :& :& :& :& :& :& ); done",
             (int)(640 / slowness()));
    result = run_shell(run_shared(), script, &limits);
    assert_verdict(result, SN_VERDICT_OK);
    assert_non_null(strstr(sn_result_notes(result), "PID 1"));
    sn_result_free(result);
    result = run_shell(run_shared(), ": & exit 0", NULL);
    assert_verdict(result, SN_VERDICT_OK);
    assert_null(strstr(sn_result_notes(result), "PID 1"));
    sn_result_free(result);
}

/* Neither this process nor PID 1 grows with them. */
static void many_runs_in_one_sandbox(void **state)
{
    uint64_t deadline;
    int before;
    long pages;

    (void)state;
    for (int i = 0; i < 4; i++) /* until it has all that the next runs are armed with */
        sn_result_free(run_shell(run_shared(), "exit 0", NULL));
    before = count_descriptors();
    pages = address_space_of(sandbox_pid());
    assert_true(pages > 0);
    for (int i = 0; i < 200; i++) {
        sn_result *result = run_shell(run_shared(), "exit 0", NULL);

        assert_verdict(result, SN_VERDICT_OK);
        sn_result_free(result);
    }
    assert_int_equal(count_descriptors(), before);
    /* PID 1 gives back what a run took after it has told its end */
    deadline = now_ms() + 2000;
    while (address_space_of(sandbox_pid()) > pages && now_ms() < deadline)
        sleep_ms(5);
    assert_true(address_space_of(sandbox_pid()) <= pages);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_TEST(exit_statuses_and_signals_are_told_apart),
        RUN_TEST(a_result_carries_its_figures),
        RUN_TEST(steps_add_up),
        RUN_TEST(the_run_is_over_with_its_first_process),
        RUN_TEST(no_process_of_it_outlives_a_run),
        RUN_TEST(both_streams_are_captured_apart),
        RUN_TEST(output_up_to_its_limit_and_one_more),
        RUN_TEST(endless_output_ends_soon),
        RUN_TEST(a_pipe_passed_outside_does_not_hold_the_run),
        RUN_TEST(writers_outside_do_not_hold_the_run),
        RUN_TEST(long_argv_and_environment),
        RUN_TEST(argv_too_long_for_the_kernel),
        RUN_TEST(argv0_is_searched_in_path),
        RUN_TEST(what_may_not_be_executed_is_passed_over_in_path),
        RUN_TEST(programs_that_cannot_be_started),
        RUN_TEST(the_working_directory),
        RUN_TEST(the_environment_is_clean),
        RUN_TEST(a_policy_of_one_run),
        RUN_TEST(a_denied_system_call_names_itself),
        RUN_TEST(reaping_is_counted),
        RUN_TEST(many_runs_in_one_sandbox),
    };

    tests_prepare();
    return cmocka_run_group_tests(tests, NULL, run_drop_shared);
}
