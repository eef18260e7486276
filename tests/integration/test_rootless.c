/* SPDX-License-Identifier: MIT */
/* The library as an ordinary user has it. Started by root, this program first becomes one (SN_TEST_UID or 54321). */
#include "support.h"

#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static sn_sandbox *shared;

/* What an ordinary user without a delegated group asks for. */
static sn_sandbox *need_shared(void)
{
    sn_sandbox_options options;

    sn_sandbox_options_init(&options);
    options.relax = SN_LAYER_CGROUP;
    if (!shared)
        shared = make_sandbox(&options);
    return shared;
}

static int drop_shared(void **state)
{
    (void)state;
    sn_sandbox_destroy(shared);
    return 0;
}

static void without_groups_it_says_what_to_do(void **state)
{
    sn_sandbox *sandbox = NULL;
    sn_error *error = NULL;
    int code = sn_sandbox_create(NULL, &sandbox, &error);

    (void)state;
    if (code == 0) {
        sn_sandbox_destroy(sandbox);
        print_message("this user has a delegated cgroup: nothing to refuse\n");
        return;
    }
    print_message("%s: %s\n", sn_error_step(error), sn_error_message(error));
    assert_non_null(strstr(sn_error_message(error), "cgroup"));
    /* A way out is named: delegation or the option. */
    assert_true(strstr(sn_error_message(error), "elegat") || strstr(sn_error_message(error), "relax"));
    assert_refused(code, SN_EHOST, error);
}

static void with_groups_relaxed_it_runs_and_says_so(void **state)
{
    sn_result *result = run_shell(need_shared(), "echo hello; id -u", NULL);

    (void)state;
    assert_verdict(result, SN_VERDICT_OK);
    assert_non_null(strstr(out(result), "hello\n"));
    assert_true(sn_result_relaxed(result) & SN_LAYER_CGROUP);
    assert_false(sn_result_layers(result) & SN_LAYER_CGROUP);
    assert_string_not_equal(sn_result_notes(result), "");
    print_message("cpu: %s, memory: %s, notes: %s\n", sn_result_cpu_source(result), sn_result_memory_source(result),
                  sn_result_notes(result));
    assert_null(strstr(sn_result_cpu_source(result), "cgroup"));
    sn_result_free(result);
}

static void the_other_layers_are_in_force(void **state)
{
    sn_result *result = run_python(need_shared(),
                                   "import os\n"
                                   "s = dict(l.split(':', 1) for l in open('/proc/self/status'))\n"
                                   "print(int(s['CapEff'], 16) | int(s['CapBnd'], 16), s['NoNewPrivs'].strip(), "
                                   "s['Seccomp'].strip())\n"
                                   "print([p for p in os.listdir('/proc') if p.isdigit() and int(p) != os.getpid()])\n"
                                   "try: open('/usr/x', 'w')\nexcept OSError: print('read-only')\n",
                                   NULL);

    (void)state;
    assert_verdict(result, SN_VERDICT_OK);
    assert_string_equal(out(result), "0 1 2\n[]\nread-only\n");
    sn_result_free(result);
}

static void files_go_in_and_out(void **state)
{
    sn_error *error = NULL;
    void *data = NULL;
    size_t length = 0;

    (void)state;
    assert_ok(sn_sandbox_put(need_shared(), "d/in", "abc", 3, 0, &error), error);
    sn_result *result =
        run_shell(need_shared(), "tr a-z A-Z < d/in > outside && mv outside d/out; umask 077; echo x > d/own", NULL);
    assert_verdict(result, SN_VERDICT_OK);
    sn_result_free(result);
    assert_ok(sn_sandbox_get(need_shared(), "d/out", 10, &data, &length, &error), error);
    assert_int_equal(length, 3);
    assert_memory_equal(data, "ABC", 3);
    sn_free(data);
    assert_ok(sn_sandbox_get(need_shared(), "d/own", 10, &data, &length, &error), error);
    assert_int_equal(length, 2);
    sn_free(data);
}

static void limit(const char *script, const sn_limits *limits, sn_verdict verdict, sn_limit which)
{
    sn_result *result = run_python(need_shared(), script, limits);

    assert_verdict(result, verdict);
    assert_int_equal(sn_result_limit(result), which);
    /* polling is late by milliseconds, not by the seconds after which RLIMIT_CPU would end it */
    if (which == SN_LIMIT_CPU)
        assert_true(sn_result_cpu_ns(result) < 2 * 1000000 * limits->cpu_ms * slowness());
    sn_result_free(result);
}

static void limits_hold_by_polling(void **state)
{
    sn_limits limits;

    (void)state;
    sn_limits_init(&limits);
    limits.cpu_ms = 400;
    limit("while True: pass", &limits, SN_VERDICT_TIME_LIMIT_EXCEEDED, SN_LIMIT_CPU);
    limit("import os, time\nfor i in range(4):\n if os.fork() == 0:\n  while True: pass\ntime.sleep(9)", &limits,
          SN_VERDICT_TIME_LIMIT_EXCEEDED, SN_LIMIT_CPU);
    sn_limits_init(&limits);
    limits.wall_ms = 300;
    limit("import time\ntime.sleep(20)", &limits, SN_VERDICT_TIME_LIMIT_EXCEEDED, SN_LIMIT_WALL);
    sn_limits_init(&limits);
    limits.memory_bytes = 64 * MIB;
    limit("import time\nl = []\nwhile True: l.append(b'x' * 1000000); time.sleep(0.005)", &limits,
          SN_VERDICT_MEMORY_LIMIT_EXCEEDED, SN_LIMIT_MEMORY);
    sn_limits_init(&limits);
    limits.output_bytes = 1000;
    limit("while True: print('x' * 100)", &limits, SN_VERDICT_OUTPUT_LIMIT_EXCEEDED, SN_LIMIT_OUTPUT);
}

static void processes_are_bounded(void **state)
{
    sn_limits limits;

    (void)state;
    sn_limits_init(&limits);
    limits.processes = 10;
    sn_result *result = run_python(need_shared(),
                                   "import os, time\nn = 1\ntry:\n"
                                   "    while n < 300:\n"
                                   "        if os.fork() == 0: time.sleep(5); os._exit(0)\n"
                                   "        n += 1\n"
                                   "except OSError: pass\n"
                                   "print(n)",
                                   &limits);
    /* Refused by RLIMIT_NPROC or found by polling: in either case far from 300. */
    print_message("%s after %s", sn_verdict_name(sn_result_verdict(result)), out(result));
    if (sn_result_verdict(result) == SN_VERDICT_OK)
        assert_in_range(strtol(out(result), NULL, 10), 2, 12);
    else
        assert_verdict(result, SN_VERDICT_PROCESS_LIMIT_EXCEEDED);
    sn_result_free(result);
}

static void violations_are_told(void **state)
{
    sn_result *result = run_python(need_shared(), "import socket\nsocket.socket()", NULL);

    (void)state;
    assert_verdict(result, SN_VERDICT_SECURITY_VIOLATION);
    assert_string_equal(sn_result_denied_name(result), "socket");
    sn_result_free(result);
}

/* What is not dumpable belongs to root of its user namespace, and to the host's root where that has none. */
static void pid_1_is_not_dumpable(void **state)
{
    char path[64], map[64] = "";
    struct stat info;
    FILE *file;

    (void)state;
    need_shared();
    snprintf(path, sizeof(path), "/proc/%d/uid_map", (int)sandbox_pid());
    file = fopen(path, "re");
    assert_non_null(file);
    assert_non_null(fgets(map, sizeof(map), file));
    fclose(file);
    if (strtol(map, NULL, 10) == 0) {
        print_message("with subordinate uids root inside is this user: nothing to tell it by\n");
        return;
    }
    snprintf(path, sizeof(path), "/proc/%d/fd", (int)sandbox_pid());
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_uid, 0);
}

static void nothing_is_left(void **state)
{
    struct footprint before;

    (void)state;
    need_shared();
    footprint_take(&before);
    for (int i = 0; i < 10; i++) {
        sn_sandbox_options options;
        sn_sandbox *sandbox;

        sn_sandbox_options_init(&options);
        options.relax = SN_LAYER_CGROUP;
        sandbox = make_sandbox(&options);
        sn_result_free(run_shell(sandbox, "sleep 60 & setsid sleep 60 & exit 0", NULL));
        sn_sandbox_destroy(sandbox);
    }
    assert_nothing_left(&before);
}

static bool become_ordinary(void)
{
    const char *wanted = getenv("SN_TEST_UID");
    uid_t uid = wanted ? (uid_t)strtoul(wanted, NULL, 10) : 54321;

    if (geteuid() != 0)
        return true;
    if (setgroups(0, NULL) != 0 || setresgid(uid, uid, uid) != 0 || setresuid(uid, uid, uid) != 0)
        return false;
    /* Giving up root made this process undumpable: its files in /proc would stay root's. */
    prctl(PR_SET_DUMPABLE, 1);
    unsetenv("XDG_RUNTIME_DIR");
    setenv("HOME", "/", 1);
    return chdir("/") == 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_groups_it_says_what_to_do),
        cmocka_unit_test(with_groups_relaxed_it_runs_and_says_so),
        cmocka_unit_test(the_other_layers_are_in_force),
        cmocka_unit_test(files_go_in_and_out),
        cmocka_unit_test(limits_hold_by_polling),
        cmocka_unit_test(processes_are_bounded),
        cmocka_unit_test(violations_are_told),
        cmocka_unit_test(pid_1_is_not_dumpable),
        cmocka_unit_test(nothing_is_left),
    };

    tests_prepare();
    if (!become_ordinary()) {
        perror("cannot become an ordinary user");
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, drop_shared);
}
