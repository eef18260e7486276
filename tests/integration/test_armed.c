/* SPDX-License-Identifier: MIT */
/* Runs whose process waited for them: the same to the program, and to the caller but for the time. */
#include "support.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MIB (UINT64_C(1) << 20)

static sn_sandbox *box;

static sn_sandbox *armed_box(void)
{
    sn_sandbox_options options;

    sn_sandbox_options_init(&options);
    options.arm = SN_ARM_ALWAYS;
    box = make_sandbox(&options);
    if (relaxed_by_environment() & (SN_LAYER_SECCOMP | SN_LAYER_PID_NS | SN_LAYER_CGROUP))
        skip_because("a run is armed only with the layers seccomp, pid-ns and cgroup");
    return box;
}

static int drop_box(void **state)
{
    (void)state;
    sn_sandbox_destroy(box);
    box = NULL;
    return 0;
}

/* Does a child wait? It is on its way for a moment after a run. */
static bool is_waiting(void)
{
    uint64_t until = now_ms() + 10000;

    while (count_children(sandbox_pid()) == 0 || count_programs(sandbox_pid()) > 0) {
        if (now_ms() > until)
            return false;
        sleep_ms(1);
    }
    return true;
}

static sn_result *run_options(const sn_run_options *options)
{
    sn_result *result = NULL;
    sn_error *error = NULL;

    assert_ok(sn_run(box, options, &result, &error), error);
    return result;
}

static void says(const char *script, const sn_limits *limits, const char *wanted)
{
    sn_result *result = run_shell(box, script, limits);

    assert_verdict(result, SN_VERDICT_OK);
    assert_string_equal(out(result), wanted);
    sn_result_free(result);
}

static void when_it_is_done(void **state)
{
    static const uint32_t when[] = {SN_ARM_AUTO, SN_ARM_NEVER, SN_ARM_ALWAYS};
    static const bool waits[3][4] = {
        {false, false, true, true}, {false, false, false, false}, {true, true, true, true}};

    (void)state;
    drop_box(NULL);
    armed_box();
    if (getenv("SN_TEST_ARM"))
        skip_because("SN_TEST_ARM says when");
    for (size_t i = 0; i < 3; i++) {
        sn_sandbox_options options;

        drop_box(NULL);
        sn_sandbox_options_init(&options);
        options.arm = when[i];
        box = make_sandbox(&options);
        for (size_t runs = 0; runs < 4; runs++) {
            if (runs)
                says("echo here", NULL, "here\n");
            if (waits[i][runs])
                assert_true(is_waiting());
            else
                assert_int_equal(count_children(sandbox_pid()), 0);
        }
    }
}

static void what_is_known_late_arrives(void **state)
{
    const char *argv[] = {"sh",    "-c", "pwd; echo $# $1 $2 $X $PATH; cat; echo err >&2; exit 3", "name", "one",
                          "t w o", NULL};
    const char *envp[] = {"X=y", "PATH=/nowhere:/usr/bin:/bin", NULL};
    sn_run_options options;

    (void)state;
    armed_box();
    sn_run_options_init(&options);
    options.argv = argv;
    options.envp = envp;
    options.stdin_data = "input\n";
    options.stdin_length = 6;
    for (int i = 0; i < 3; i++) {
        sn_result *result;

        assert_true(is_waiting());
        result = run_options(&options);
        assert_string_equal(out(result), "/work\n2 one t w o y /nowhere:/usr/bin:/bin\ninput\n");
        assert_string_equal(err(result), "err\n");
        assert_int_equal(sn_result_exit_code(result), 3);
        sn_result_free(result);
    }
}

static void what_it_was_not_made_for_runs_all_the_same(void **state)
{
    static char large[100000];
    const char *argv[] = {"/bin/sh", "-c", "echo ${#1}; ulimit -n; pwd", "name", large, NULL};
    char many[1500][4];
    const char *counted[1503] = {"/bin/sh", "-c", "echo $#"};
    sn_run_options options;
    sn_limits limits;
    sn_result *result;

    (void)state;
    armed_box();
    memset(large, 'x', sizeof(large) - 1);
    sn_limits_init(&limits);
    limits.open_files = 33;
    sn_run_options_init(&options);
    options.argv = argv;
    options.limits = &limits;
    for (int i = 0; i < 3; i++) { /* it adapts to the limits; the size stays too large */
        assert_true(is_waiting());
        result = run_options(&options);
        assert_string_equal(out(result), "99999\n33\n/work\n");
        sn_result_free(result);
    }
    options.cwd = "/tmp";
    argv[4] = "small";
    for (int i = 0; i < 2; i++) {
        result = run_options(&options);
        assert_string_equal(out(result), "5\n33\n/tmp\n");
        sn_result_free(result);
    }
    for (int i = 0; i < 1499; i++) {
        snprintf(many[i], sizeof(many[i]), "%d", i % 1000);
        counted[3 + i] = many[i];
    }
    options.argv = counted;
    result = run_options(&options);
    assert_string_equal(out(result), "1498\n");
    sn_result_free(result);
    says("ulimit -n; pwd", NULL, "256\n/work\n");
}

static void a_failed_exec_is_told_as_ever(void **state)
{
    static const struct {
        const char *program;
        int code;
        const char *word;
    } rows[] = {
        {"/nothing/there", SN_ENOENT, "does not exist inside"},
        {"no-such-program", SN_ENOENT, "does not exist inside"},
        {"/etc/passwd", SN_ESYS, "may not be executed"},
    };

    (void)state;
    armed_box();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *argv[] = {rows[i].program, NULL};
        sn_result *result = NULL;
        sn_error *error = NULL;
        sn_run_options options;

        says("echo fine", NULL, "fine\n");
        assert_true(is_waiting());
        sn_run_options_init(&options);
        options.argv = argv;
        assert_int_equal(sn_run(box, &options, &result, &error), rows[i].code);
        assert_non_null(strstr(sn_error_message(error), rows[i].word));
        sn_error_free(error);
    }
}

static void limits_hold_and_the_next_begins_at_nothing(void **state)
{
    static const struct {
        const char *script;
        sn_verdict verdict;
    } rows[] = {
        {"b = bytearray(200 << 20)", SN_VERDICT_MEMORY_LIMIT_EXCEEDED},
        {"while True: pass", SN_VERDICT_TIME_LIMIT_EXCEEDED},
        {"import time; time.sleep(30)", SN_VERDICT_TIME_LIMIT_EXCEEDED},
        {"import os\nwhile True: os.fork()", SN_VERDICT_PROCESS_LIMIT_EXCEEDED},
        {"import sys\nwhile True: sys.stdout.write('x' * 4096)", SN_VERDICT_OUTPUT_LIMIT_EXCEEDED},
        {"import ctypes; ctypes.CDLL(None).syscall(0x40000fff)", SN_VERDICT_SECURITY_VIOLATION},
        {"open('/tmp/f', 'wb').write(bytes(20 << 20)); import os; os.unlink('/tmp/f')", SN_VERDICT_OK},
        {"open('/usr/bin/python3', 'rb').read()", SN_VERDICT_OK},
    };
    sn_limits limits;

    (void)state;
    need_program("/usr/bin/python3");
    armed_box();
    sn_limits_init(&limits);
    limits.memory_bytes = 128 * MIB;
    limits.cpu_ms = 500 * slowness();
    limits.wall_ms = 1500 * slowness();
    limits.processes = 8;
    limits.output_bytes = MIB;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        sn_result *result = run_python(box, rows[i].script, &limits);

        print_message("%s\n", rows[i].script);
        if (rows[i].verdict == SN_VERDICT_PROCESS_LIMIT_EXCEEDED)
            assert_int_not_equal(sn_result_verdict(result), SN_VERDICT_OK);
        else
            assert_verdict(result, rows[i].verdict);
        sn_result_free(result);
        assert_true(is_waiting());
        result = run_shell(box, "exit 0", &limits);
        assert_verdict(result, SN_VERDICT_OK);
        assert_true(sn_result_memory_bytes(result) < 8 * MIB);
        assert_true(sn_result_cpu_ns(result) < UINT64_C(400000000) * slowness());
        assert_null(strstr(sn_result_notes(result), "memory:"));
        assert_null(strstr(sn_result_notes(result), "cpu:"));
        assert_null(strstr(sn_result_notes(result), "processes:"));
        sn_result_free(result);
    }
}

/* It was made long ago; that is none of the program's time. */
static void time_counts_from_the_start(void **state)
{
    sn_result *result;

    (void)state;
    armed_box();
    assert_true(is_waiting());
    sleep_ms(1500 * slowness());
    result = run_shell(box, "exit 0", NULL);
    assert_true(sn_result_wall_ns(result) < UINT64_C(1000000000) * slowness());
    assert_true(sn_result_wall_ns(result) > 0);
    sn_result_free(result);
}

static void nothing_is_carried_over(void **state)
{
    static const char leave[] =
        "import ctypes, os, socket, fcntl, signal, resource\n"
        "c = ctypes.CDLL(None)\n"
        "c.shmget(4711, 4096, 0o1666); c.msgget(4711, 0o1666); c.semget(4711, 1, 0o1666)\n"
        "open('/dev/shm/left', 'w').write('x'); os.unlink('/dev/shm/left'); open('/dev/shm/left2', 'w').write('x')\n"
        "fcntl.fcntl(1, fcntl.F_SETPIPE_SZ, 4096)\n"
        "try: os.setxattr('/proc/self/fd/0', 'user.left', b'x')\n"
        "except OSError: pass\n"
        "os.nice(19)\n"
        "print('x' * 100)\n";
    static const char look[] =
        "import ctypes, os, fcntl, signal, resource, stat\n"
        "c = ctypes.CDLL(None)\n"
        "print(c.shmget(4711, 4096, 0), c.msgget(4711, 0), c.semget(4711, 1, 0))\n"
        "print(os.listdir('/dev/shm'))\n"
        "print(oct(stat.S_IMODE(os.fstat(1).st_mode)), fcntl.fcntl(1, fcntl.F_GETPIPE_SZ) > 4096)\n"
        "print(os.listxattr('/proc/self/fd/0'))\n"
        "print(sorted(int(n) for n in os.listdir('/proc/self/fd'))[:4])\n"
        "print(os.getpriority(os.PRIO_PROCESS, 0) < 15, sorted(os.environ), os.getcwd())\n"
        "print([s for s in range(1, 65) if s not in (32, 33) and signal.getsignal(s) == signal.SIG_IGN])\n"
        "print('memfd' in open('/proc/self/maps').read(), open('/proc/self/comm').read().strip())\n";
    static const char wanted[] = "-1 -1 -1\n[]\n0o666 True\n[]\n[0, 1, 2, 3]\nTrue ['HOME', 'LANG', 'PATH'] /work\n"
                                 "[13, 25]\nFalse python3\n";

    (void)state;
    need_program("/usr/bin/python3");
    armed_box();
    for (int i = 0; i < 3; i++) {
        sn_result *result = run_python(box, leave, NULL);

        assert_verdict(result, SN_VERDICT_OK);
        sn_result_free(result);
        assert_true(is_waiting());
        result = run_python(box, look, NULL);
        assert_string_equal(out(result), wanted);
        sn_result_free(result);
    }
}

static void files_go_in_and_out_meanwhile(void **state)
{
    char *data = calloc(1, 20 * MIB);
    sn_error *error = NULL;

    (void)state;
    armed_box();
    for (int i = 0; i < 3; i++) {
        sn_result *result;
        sn_file_list *list = NULL;
        void *read = NULL;
        size_t length = 0;

        assert_true(is_waiting());
        assert_ok(sn_sandbox_put(box, "large", data, (size_t)(20 - i) * MIB, 0644, &error), error);
        assert_ok(sn_sandbox_put(box, "in/small", "text", 4, 0644, &error), error);
        assert_ok(sn_sandbox_list(box, "", &list, &error), error);
        assert_int_equal(sn_file_list_count(list), i ? 3 : 2);
        sn_file_list_free(list);
        result = run_shell(box, "cat in/small > copy; wc -c < large", NULL);
        assert_verdict(result, SN_VERDICT_OK);
        assert_int_equal(atoi(out(result)), (int)((size_t)(20 - i) * MIB));
        /* what the caller put is not what the run left */
        assert_true(sn_result_memory_bytes(result) < 12 * MIB);
        sn_result_free(result);
        assert_ok(sn_sandbox_get(box, "copy", 100, &read, &length, &error), error);
        assert_int_equal(length, 4);
        free(read);
    }
    free(data);
}

static void what_runs_left_still_counts(void **state)
{
    sn_limits limits;
    sn_result *result;

    (void)state;
    armed_box();
    sn_limits_init(&limits);
    limits.memory_bytes = 64 * MIB;
    for (int i = 0; i < 3; i++) {
        char script[100];

        snprintf(script, sizeof(script), "head -c 8000000 /dev/zero > f%d", i);
        result = run_shell(box, script, &limits);
        assert_verdict(result, SN_VERDICT_OK);
        assert_true(sn_result_memory_bytes(result) > (uint64_t)(i + 1) * 8000000);
        sn_result_free(result);
    }
    result = run_shell(box, "exit 0", &limits);
    assert_true(sn_result_memory_bytes(result) > 24000000 && sn_result_memory_bytes(result) < 40000000);
    sn_result_free(result);
}

static pid_t waiting_child(void)
{
    char path[64];
    pid_t child = 0;
    FILE *file;

    assert_true(is_waiting());
    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)sandbox_pid(), (int)sandbox_pid());
    file = fopen(path, "re");
    if (!file || fscanf(file, "%d", &child) != 1)
        child = 0;
    if (file)
        fclose(file);
    return child;
}

static void one_that_is_killed_is_not_missed(void **state)
{
    (void)state;
    armed_box();
    for (int i = 0; i < 3; i++) {
        pid_t child = waiting_child();

        if (!child)
            skip_because("no /proc/PID/task/PID/children in this kernel");
        assert_int_equal(kill(child, SIGKILL), 0);
        while (is_alive(child))
            sleep_ms(1);
        sleep_ms(50);
        says("echo here", NULL, "here\n");
    }
}

/* Started, fed, streamed and cancelled, each beside one that waits. */
static void other_kinds_of_run(void **state)
{
    const char *argv[] = {"/bin/cat", NULL};
    sn_run_options options;
    sn_error *error = NULL;

    (void)state;
    armed_box();
    sn_run_options_init(&options);
    options.argv = argv;
    for (int i = 0; i < 6; i++) {
        sn_running *running = NULL;
        sn_result *result = NULL;
        size_t taken = 0;

        options.stdin_mode = i % 2 ? SN_STDIN_FEED : SN_STDIN_DATA;
        options.output_mode = i % 3 ? SN_OUTPUT_CAPTURE : SN_OUTPUT_STREAM;
        assert_ok(sn_run_start(box, &options, &running, &error), error);
        if (options.stdin_mode == SN_STDIN_FEED) {
            assert_ok(sn_run_write(running, "abc", 3, &taken, &error), error);
            if (i < 3)
                assert_ok(sn_run_close_stdin(running, &error), error);
            else
                sn_run_cancel(running);
        }
        assert_ok(sn_run_wait(running, &result, &error), error);
        assert_verdict(result, i % 2 && i >= 3 ? SN_VERDICT_CANCELLED : SN_VERDICT_OK);
        sn_result_free(result);
        sn_running_free(running);
    }
}

static void little_memory_is_never_armed(void **state)
{
    sn_limits limits;

    (void)state;
    armed_box();
    sn_limits_init(&limits);
    limits.memory_bytes = 4 * MIB;
    for (int i = 0; i < 2; i++) {
        sn_result *result = run_shell(box, "exit 0", &limits);

        sn_result_free(result);
        assert_int_equal(count_children(sandbox_pid()), 0);
    }
    limits.memory_bytes = 64 * MIB;
    says("echo more", &limits, "more\n");
    assert_true(is_waiting());
}

static void nothing_of_it_is_left(void **state)
{
    struct footprint before;

    (void)state;
    armed_box();
    drop_box(NULL);
    footprint_take(&before);
    for (int runs = 0; runs < 3; runs++) {
        armed_box();
        for (int i = 0; i < runs; i++)
            says("echo here", NULL, "here\n");
        drop_box(NULL);
        assert_nothing_left(&before);
    }
}

#define TEST(name) cmocka_unit_test_teardown(name, drop_box)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(when_it_is_done),
        TEST(what_is_known_late_arrives),
        TEST(what_it_was_not_made_for_runs_all_the_same),
        TEST(a_failed_exec_is_told_as_ever),
        TEST(limits_hold_and_the_next_begins_at_nothing),
        TEST(time_counts_from_the_start),
        TEST(nothing_is_carried_over),
        TEST(files_go_in_and_out_meanwhile),
        TEST(what_runs_left_still_counts),
        TEST(one_that_is_killed_is_not_missed),
        TEST(other_kinds_of_run),
        TEST(little_memory_is_never_armed),
        TEST(nothing_of_it_is_left),
    };

    tests_prepare();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
