/* SPDX-License-Identifier: MIT */
/* Runs that are forks of a warm interpreter: as apart from each other, and as confined, as those that exec. */
#include "support.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define BOOTSTRAP "/templates/python.py"

static sn_languages *languages;
static sn_program *program;

static int load(void **state)
{
    sn_error *error = NULL;

    (void)state;
    assert_ok(sn_languages_load(NULL, &languages, &error), error);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    sn_program_destroy(program);
    program = NULL;
    sn_languages_free(languages);
    languages = NULL;
    return 0;
}

static sn_program *make(const char *source, uint32_t start, uint32_t arm)
{
    sn_sandbox_options sandbox;
    sn_program_options options;
    sn_error *error = NULL;
    int code;

    need_program("/usr/bin/python3");
    if (relaxed_by_environment())
        skip_because("a template needs the layers that are relaxed here");
    sn_sandbox_options_init(&sandbox);
    sandbox.arm = arm;
    sn_program_options_init(&options);
    options.source = source;
    options.source_length = strlen(source);
    options.sandbox = &sandbox;
    options.start = start;
    code = sn_program_create(sn_languages_find(languages, "python"), &options, &program, &error);
    if (code == SN_EHOST) {
        sn_error_free(error);
        skip_because("no sandbox on this host");
    }
    assert_ok(code, error);
    return program;
}

static sn_result *run(const sn_run_options *options)
{
    sn_result *result = NULL;
    sn_error *error = NULL;

    assert_ok(sn_program_run(program, options, &result, &error), error);
    return result;
}

static bool was_forked(const sn_result *result)
{
    return !strstr(sn_result_notes(result), "start: by exec");
}

/* The first run tells whether this host lets a template in at all (a container's filter may not). */
static void need_template(void)
{
    sn_result *result = run(NULL);
    bool is_forked = was_forked(result);

    sn_result_free(result);
    if (!is_forked)
        skip_because("no template can be used here");
}

static void says(const sn_run_options *options, const char *wanted)
{
    sn_result *result = run(options);

    assert_verdict(result, SN_VERDICT_OK);
    assert_true(was_forked(result));
    assert_string_equal(out(result), wanted);
    sn_result_free(result);
}

static void what_is_known_late_arrives(void **state)
{
    const char *argv[] = {"one", "t w o", NULL}, *envp[] = {"X=y", NULL};
    sn_run_options options;

    (void)state;
    make("import sys, os\nprint(sys.argv, os.environ['X'], os.environ['HOME'], os.getcwd(), input())\n",
         SN_START_TEMPLATE, SN_ARM_AUTO);
    sn_run_options_init(&options);
    options.argv = argv;
    options.envp = envp;
    options.stdin_data = "input\n";
    options.stdin_length = 6;
    for (int i = 0; i < 5; i++) {
        sn_result *result = run(&options);

        if (i == 0 && !was_forked(result))
            skip_because("no template can be used here");
        assert_string_equal(err(result), "");
        assert_true(was_forked(result));
        assert_string_equal(out(result), "['main.py', 'one', 't w o'] y /work /work input\n");
        assert_true(sn_result_memory_bytes(result) < 8 * MIB);
        sn_result_free(result);
    }
}

static void no_two_have_the_same_numbers(void **state)
{
    char previous[256] = "";

    (void)state;
    make("import random, os, tempfile, uuid\nprint(random.random(), os.urandom(8), random.SystemRandom().random(), "
         "uuid.uuid4(), tempfile.mktemp())\n",
         SN_START_TEMPLATE, SN_ARM_ALWAYS);
    need_template();
    for (int i = 0; i < 5; i++) {
        sn_result *result = run(NULL);

        assert_verdict(result, SN_VERDICT_OK);
        assert_string_not_equal(out(result), previous);
        assert_true(strncmp(out(result), previous, 12) != 0);
        snprintf(previous, sizeof(previous), "%s", out(result));
        sn_result_free(result);
    }
}

static void nothing_of_the_template_is_left_in_it(void **state)
{
    (void)state;
    make("import os\n"
         "fds = sorted(os.listdir('/proc/self/fd'))\n"
         "print(fds, [p for p in os.listdir('/proc') if p.isdigit() and p != '1' and int(p) != os.getpid()])\n"
         "print(any('/dev/zero' in l or '-request' in l or ' rw-s' in l for l in "
         "open('/proc/self/maps')))\n"
         "print([l.split()[1] for l in open('/proc/self/status') if l.startswith(('CapEff', 'CapPrm', 'CapBnd', "
         "'NoNewPrivs', 'Seccomp:'))])\n"
         "print(os.getuid(), os.getgroups(), os.getppid(), os.getsid(0) == os.getpid())\n"
         "try:\n    os.listdir('/root')\nexcept OSError as e: print(type(e).__name__)\n"
         "try:\n    open('/usr/bin/python3', 'r+')\nexcept OSError as e: print(type(e).__name__)\n",
         SN_START_TEMPLATE, SN_ARM_AUTO);
    need_template();
    for (int i = 0; i < 4; i++)
        says(NULL, "['0', '1', '2', '3'] []\nFalse\n['0000000000000000', '0000000000000000', '0000000000000000', "
                   "'1', '2']\n1000 [] 1 True\nFileNotFoundError\nPermissionError\n");
}

static void an_environment_that_counts_at_the_start_is_not_for_it(void **state)
{
    const char *envp[] = {"PYTHONHASHSEED=0", NULL};
    sn_run_options options;
    sn_result *result;

    (void)state;
    make("print(hash('a'))\n", SN_START_TEMPLATE, SN_ARM_AUTO);
    need_template();
    sn_run_options_init(&options);
    options.envp = envp;
    result = run(&options);
    assert_verdict(result, SN_VERDICT_OK);
    assert_false(was_forked(result));
    sn_result_free(result);
    result = run(NULL);
    assert_true(was_forked(result));
    sn_result_free(result);
}

static void limits_hold(void **state)
{
    static const struct {
        const char *source;
        sn_verdict verdict;
    } cases[] = {
        {"while True: pass", SN_VERDICT_TIME_LIMIT_EXCEEDED},
        {"x = bytearray(1 << 20)\nl = []\nwhile True: l.append(bytes(x))", SN_VERDICT_MEMORY_LIMIT_EXCEEDED},
        {"while True: print('x' * 1000)", SN_VERDICT_OUTPUT_LIMIT_EXCEEDED},
        {"import socket\nsocket.socket()", SN_VERDICT_SECURITY_VIOLATION},
        {"import ctypes\nctypes.CDLL(None).syscall(0x40000fff)", SN_VERDICT_SECURITY_VIOLATION},
        {"import os\nos.kill(os.getpid(), 11)", SN_VERDICT_RUNTIME_ERROR},
        {"raise SystemExit(3)", SN_VERDICT_RUNTIME_ERROR},
        {"import os\nn = 0\ntry:\n  while n < 200:\n    n += 1\n    if os.fork() == 0:\n      while True: pass\n"
         "except OSError:\n  pass\n",
         SN_VERDICT_OK},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        sn_run_options options;
        sn_limits limits;

        make(cases[i].source, SN_START_TEMPLATE, SN_ARM_AUTO);
        sn_run_options_init(&options);
        sn_limits_init(&limits);
        limits.cpu_ms = i == 7 ? 20000 : 300;
        limits.memory_bytes = 64 * MIB;
        limits.processes = 16;
        limits.output_bytes = 100000;
        options.limits = &limits;
        for (int again = 0; again < 2; again++) {
            sn_result *result = run(&options);

            if (i == 0 && !again && !was_forked(result))
                skip_because("no template can be used here");
            assert_true(was_forked(result));
            assert_verdict(result, cases[i].verdict);
            sn_result_free(result);
        }
        sn_program_destroy(program);
        program = NULL;
    }
}

static void files_put_while_it_waits_are_the_callers(void **state)
{
    static char large[MIB];
    sn_error *error = NULL;

    (void)state;
    make("import os\nprint(os.path.exists('data') and os.path.getsize('data'))\n", SN_START_TEMPLATE, SN_ARM_ALWAYS);
    need_template();
    for (int i = 0; i < 3; i++) {
        sn_result *result;

        assert_ok(sn_sandbox_put(sn_program_sandbox(program), "data", large, sizeof(large), 0, &error), error);
        result = run(NULL);
        assert_string_equal(out(result), "1048576\n");
        assert_true(sn_result_memory_bytes(result) < 8 * MIB);
        sn_result_free(result);
    }
}

static bool is_python(pid_t pid)
{
    char path[64], name[64] = "";
    FILE *comm;

    snprintf(path, sizeof(path), "/proc/%d/comm", pid);
    comm = fopen(path, "re");
    if (comm && !fgets(name, sizeof(name), comm))
        name[0] = '\0';
    if (comm)
        fclose(comm);
    return strncmp(name, "python", 6) == 0;
}

/* Of this process: it holds a pidfd of it. */
static pid_t template_pid(void)
{
    for (int fd = 3; fd < 64; fd++) {
        char path[64], line[256];
        FILE *info;
        long pid = -1;

        snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
        info = fopen(path, "re");
        while (info && fgets(line, sizeof(line), info))
            if (strncmp(line, "Pid:", 4) == 0)
                pid = strtol(line + 4, NULL, 10);
        if (info)
            fclose(info);
        if (pid > 0 && is_python((pid_t)pid))
            return (pid_t)pid;
    }
    return -1;
}

static void one_that_is_killed_is_made_anew(void **state)
{
    (void)state;
    make("print('here')\n", SN_START_TEMPLATE, SN_ARM_ALWAYS);
    need_template();
    for (int i = 0; i < 4; i++) {
        pid_t pid = template_pid();

        assert_true(pid > 0);
        assert_int_equal(kill(pid, SIGKILL), 0);
        for (int runs = 0; runs < 3; runs++) {
            sn_result *result = run(NULL);

            assert_verdict(result, SN_VERDICT_OK);
            assert_string_equal(out(result), "here\n");
            if (runs == 2)
                assert_true(was_forked(result));
            sn_result_free(result);
        }
        assert_true(template_pid() != pid);
    }
}

static void it_ends_with_its_host(void **state)
{
    int before = count_processes_named(BOOTSTRAP), status;
    pid_t host;

    (void)state;
    make("print('here')\n", SN_START_EXEC, SN_ARM_NEVER);
    host = fork();
    if (host == 0) {
        sn_program *own = program;

        program = NULL;
        make("print('here')\n", SN_START_TEMPLATE, SN_ARM_ALWAYS);
        sn_result_free(run(NULL));
        (void)own;
        if (fork() == 0) { /* has copies of all its sockets */
            sleep(3);
            _exit(0);
        }
        raise(SIGKILL);
    }
    assert_int_equal(waitpid(host, &status, 0), host);
    for (int i = 0; i < 200 && count_processes_named(BOOTSTRAP) > before; i++)
        sleep_ms(10);
    assert_true(count_processes_named(BOOTSTRAP) <= before);
}

static void nothing_is_left(void **state)
{
    struct footprint before;

    (void)state;
    sn_languages_free(languages);
    languages = NULL;
    footprint_take(&before);
    for (int i = 0; i < 2; i++) {
        load(NULL);
        make("print('here')\n", SN_START_TEMPLATE, i ? SN_ARM_ALWAYS : SN_ARM_NEVER);
        for (int runs = 0; runs < 4; runs++)
            sn_result_free(run(NULL));
        drop(NULL);
    }
    assert_nothing_left(&before);
}

static void by_itself_it_comes_when_it_pays(void **state)
{
    (void)state;
    make("import sys\nprint('threading' in sys.modules)\n", SN_START_AUTO, SN_ARM_AUTO);
    for (int i = 0; i < 200; i++) {
        sn_result *result = run(NULL);
        bool is_forked = strcmp(out(result), "True\n") == 0;

        assert_verdict(result, SN_VERDICT_OK);
        sn_result_free(result);
        if (i < 2)
            assert_false(is_forked);
        if (is_forked)
            return;
        sleep_ms(20);
    }
    skip_because("no template can be used here");
}

int main(void)
{
#define WITH_LANGUAGES(test) cmocka_unit_test_setup_teardown(test, load, drop)
    const struct CMUnitTest tests[] = {
        WITH_LANGUAGES(what_is_known_late_arrives),
        WITH_LANGUAGES(no_two_have_the_same_numbers),
        WITH_LANGUAGES(nothing_of_the_template_is_left_in_it),
        WITH_LANGUAGES(an_environment_that_counts_at_the_start_is_not_for_it),
        WITH_LANGUAGES(limits_hold),
        WITH_LANGUAGES(files_put_while_it_waits_are_the_callers),
        WITH_LANGUAGES(one_that_is_killed_is_made_anew),
        WITH_LANGUAGES(it_ends_with_its_host),
        WITH_LANGUAGES(nothing_is_left),
        WITH_LANGUAGES(by_itself_it_comes_when_it_pays),
    };

    return run_group(tests);
}
