/* SPDX-License-Identifier: MIT */
/* Every limit is enforced, told as the right verdict, and measured as exactly as the kernel measures. */
#include "support.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static sn_sandbox *shared;

static sn_sandbox *need_shared(void)
{
    if (!shared)
        shared = make_sandbox(NULL);
    return shared;
}

static int drop_shared(void **state)
{
    (void)state;
    sn_sandbox_destroy(shared);
    return 0;
}

static sn_limits standard_limits(void)
{
    sn_limits limits;

    sn_limits_init(&limits);
    return limits;
}

static void assert_limit(const sn_result *result, sn_verdict verdict, sn_limit limit)
{
    assert_verdict(result, verdict);
    assert_int_equal(sn_result_limit(result), limit);
}

/*
 * The program adds up what getrusage() says of its four children and itself; a busy machine makes everything slower
 * but changes neither figure. What is left between them is the first process's own start and end.
 */
static void cpu_time_of_four_processes_is_exact(void **state)
{
    static const char script[] = "import os, resource\n"
                                 "def used(who):\n"
                                 "    r = resource.getrusage(who)\n"
                                 "    return r.ru_utime + r.ru_stime\n"
                                 "for i in range(4):\n"
                                 "    if os.fork() == 0:\n"
                                 "        while used(resource.RUSAGE_SELF) < 0.125: pass\n"
                                 "        os._exit(0)\n"
                                 "for i in range(4): os.wait()\n"
                                 "own = used(resource.RUSAGE_SELF) + used(resource.RUSAGE_CHILDREN)\n"
                                 "print(int(1e9 * own), flush=True)\n"
                                 "os._exit(0)\n";
    sn_result *result = run_python(need_shared(), script, NULL);
    double own, reported;

    (void)state;
    assert_verdict(result, SN_VERDICT_OK);
    own = strtod(out(result), NULL);
    reported = (double)sn_result_cpu_ns(result);
    print_message("getrusage %.1f ms, reported %.1f ms (%s)\n", own / 1e6, reported / 1e6,
                  sn_result_cpu_source(result));
    assert_true(own >= 500e6);
    /* 2 % of it, and 10 ms for its end, which the program cannot see itself. */
    assert_true(reported >= own * 0.98);
    assert_true(reported <= own * 1.02 + 10e6 * (double)slowness());
    assert_true(sn_result_user_ns(result) + sn_result_system_ns(result) > own * 0.9);
    sn_result_free(result);
}

/* A child that nobody waits for is not in getrusage() of anybody, but it is in the figure. */
static void cpu_time_of_orphans_counts(void **state)
{
    static const char script[] = "import os, time\n"
                                 "r, w = os.pipe()\n"
                                 "if os.fork() == 0:\n"
                                 "    if os.fork() == 0:\n"
                                 "        while time.process_time() < 0.3: pass\n"
                                 "        os.write(w, b'x'); time.sleep(9)\n"
                                 "    os._exit(0)\n"
                                 "os.read(r, 1)\n";
    sn_result *result = run_python(need_shared(), script, NULL);

    (void)state;
    assert_verdict(result, SN_VERDICT_OK);
    assert_true(sn_result_cpu_ns(result) >= 300000000);
    sn_result_free(result);
}

static void user_and_system_time_are_told_apart(void **state)
{
    sn_result *user = run_python(need_shared(),
                                 "import os\n"
                                 "while os.times().user < 0.5:\n"
                                 "    for i in range(10000): pass\n",
                                 NULL);
    sn_result *system = run_python(need_shared(),
                                   "import os\n"
                                   "zero = os.open('/dev/zero', os.O_RDONLY)\n"
                                   "while os.times().system < 0.5: os.read(zero, 1 << 20)\n",
                                   NULL);

    (void)state;
    assert_verdict(user, SN_VERDICT_OK);
    assert_verdict(system, SN_VERDICT_OK);
    print_message("a loop: %" PRIu64 " of %" PRIu64 " ms user; system calls: %" PRIu64 " of %" PRIu64 " ms system\n",
                  sn_result_user_ns(user) / 1000000, sn_result_cpu_ns(user) / 1000000,
                  sn_result_system_ns(system) / 1000000, sn_result_cpu_ns(system) / 1000000);
    assert_true(sn_result_user_ns(user) > sn_result_cpu_ns(user) / 2);
    assert_true(sn_result_system_ns(system) > sn_result_cpu_ns(system) / 2);
    sn_result_free(user);
    sn_result_free(system);
}

static void cpu_limit_of_one_process(void **state)
{
    sn_limits limits = standard_limits();
    sn_result *result;

    (void)state;
    limits.cpu_ms = 300;
    result = run_shell(need_shared(), "while :; do :; done", &limits);
    assert_limit(result, SN_VERDICT_TIME_LIMIT_EXCEEDED, SN_LIMIT_CPU);
    print_message("stopped after %" PRIu64 " us of CPU\n", sn_result_cpu_ns(result) / 1000);
    assert_true(sn_result_cpu_ns(result) >= 300000000);
    assert_true(sn_result_cpu_ns(result) < 1000000000);
    sn_result_free(result);
}

/* No process of it comes near the limit, together they pass it; sleeping beside them does not hide it. */
static void cpu_limit_of_the_whole_tree(void **state)
{
    static const char script[] = "import os, time\n"
                                 "for i in range(8):\n"
                                 "    if os.fork() == 0:\n"
                                 "        while time.process_time() < 0.15: pass\n"
                                 "        os._exit(0)\n"
                                 "time.sleep(8)\n";
    sn_limits limits = standard_limits();
    sn_result *result;

    (void)state;
    limits.cpu_ms = 500;
    result = run_python(need_shared(), script, &limits);
    assert_limit(result, SN_VERDICT_TIME_LIMIT_EXCEEDED, SN_LIMIT_CPU);
    sn_result_free(result);
}

static void cpu_limit_of_many_short_processes(void **state)
{
    sn_limits limits = standard_limits();
    sn_result *result;

    (void)state;
    limits.cpu_ms = 400;
    result = run_shell(need_shared(), "while :; do /bin/true; done", &limits);
    assert_limit(result, SN_VERDICT_TIME_LIMIT_EXCEEDED, SN_LIMIT_CPU);
    sn_result_free(result);
}

static void wall_limit(void **state)
{
    static const char *const scripts[] = {"sleep 30", "kill -STOP $$", "trap '' TERM INT HUP; sleep 30; sleep 30",
                                          "sleep 30 & wait"};
    sn_limits limits = standard_limits();

    (void)state;
    limits.wall_ms = 300;
    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        uint64_t begun = now_ms();
        sn_result *result = run_shell(need_shared(), scripts[i], &limits);

        print_message("%s\n", scripts[i]);
        assert_limit(result, SN_VERDICT_TIME_LIMIT_EXCEEDED, SN_LIMIT_WALL);
        assert_true(sn_result_wall_ns(result) >= 300000000);
        assert_true(now_ms() - begun < 20000);
        sn_result_free(result);
    }
}

static void unlimited_times_are_unlimited(void **state)
{
    sn_limits limits = standard_limits();
    sn_result *result;

    (void)state;
    limits.wall_ms = SN_UNLIMITED;
    limits.cpu_ms = SN_UNLIMITED;
    limits.file_bytes = SN_UNLIMITED;
    limits.stack_bytes = SN_UNLIMITED;
    result = run_shell(need_shared(), "sleep 0.1; ulimit -f", &limits);
    assert_verdict(result, SN_VERDICT_OK);
    assert_string_equal(out(result), "unlimited\n");
    sn_result_free(result);
}

/* The same program maps 100 MiB and touches every page or none: the difference is what is measured. */
static void a_hundred_mebibytes_are_measured(void **state)
{
#define MAP "import mmap\nm = mmap.mmap(-1, 100 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)\n"
    sn_result *without = run_python(need_shared(), MAP "for i in range(0, 100, 4096): pass", NULL);
    sn_result *with = run_python(need_shared(), MAP "for i in range(0, 100 << 20, 4096): m[i] = 1", NULL);
    int64_t difference = (int64_t)(sn_result_memory_bytes(with) - sn_result_memory_bytes(without));

    (void)state;
    assert_verdict(without, SN_VERDICT_OK);
    assert_verdict(with, SN_VERDICT_OK);
    print_message("%" PRIu64 " KiB without, %" PRIu64 " KiB with (%s)\n", sn_result_memory_bytes(without) / 1024,
                  sn_result_memory_bytes(with) / 1024, sn_result_memory_source(with));
    assert_true(difference > (int64_t)(98 * MIB));
    assert_true(difference < (int64_t)(102 * MIB));
    assert_true(sn_result_memory_bytes(without) < 40 * MIB);
    sn_result_free(without);
    sn_result_free(with);
}

/* What an earlier run used is not in the figure of a later one. */
static void the_peak_belongs_to_one_run(void **state)
{
    sn_result *big = run_python(need_shared(), "b = b'x' * (100 << 20)", NULL);
    sn_result *small = run_shell(need_shared(), ":", NULL);

    (void)state;
    assert_true(sn_result_memory_bytes(big) > 100 * MIB);
    assert_true(sn_result_memory_bytes(small) < 20 * MIB);
    sn_result_free(big);
    sn_result_free(small);
}

static void memory_limit(void **state)
{
    static const struct {
        const char *name;
        const char *script;
    } rows[] = {
        {"filled", "b = b'x' * (100 << 20)"},
        {"bit by bit", "l = []\nwhile True: l.append(b'x' * 1000000)"},
        {"by a grandchild, exit 0", "import subprocess, sys\n"
                                    "subprocess.run([sys.executable, '-ISc', \"b = b'x' * (100 << 20)\"])\n"
                                    "sys.exit(0)"},
        {"by four together", "import os, time\n"
                             "for i in range(4):\n"
                             "    if os.fork() == 0:\n"
                             "        b = b'x' * (30 << 20)\n"
                             "        time.sleep(3)\n"
                             "        os._exit(0)\n"
                             "for i in range(4): os.wait()"},
        {"in /dev/shm", "f = open('/dev/shm/f', 'wb')\nfor i in range(100): f.write(b'x' * (1 << 20))"},
        {"shared anonymous", "import mmap\nm = mmap.mmap(-1, 100 << 20)\nm.write(b'x' * (30 << 20) * 3)"},
        {"in a memfd", "import os\nf = os.memfd_create('m')\nfor i in range(100): os.write(f, b'x' * (1 << 20))"},
    };
    sn_limits limits = standard_limits();
    sn_sandbox_options options;
    sn_sandbox *sandbox;

    (void)state;
    sn_sandbox_options_init(&options);
    options.shm_bytes = 256 * MIB;
    sandbox = make_sandbox(&options);
    limits.memory_bytes = 64 * MIB;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        sn_result *result = run_python(sandbox, rows[i].script, &limits);

        print_message("%s: peak %" PRIu64 " KiB\n", rows[i].name, sn_result_memory_bytes(result) / 1024);
        assert_limit(result, SN_VERDICT_MEMORY_LIMIT_EXCEEDED, SN_LIMIT_MEMORY);
        assert_true(sn_result_memory_bytes(result) <= 66 * MIB);
        sn_result_free(result);
    }
    sn_sandbox_destroy(sandbox);
}

static void malloc_that_returns_null_under_the_limit(void **state)
{
    sn_result *result = run_python(need_shared(), "b = bytearray(3 << 40)", NULL);

    (void)state;
    assert_limit(result, SN_VERDICT_MEMORY_LIMIT_EXCEEDED, SN_LIMIT_MEMORY);
    assert_non_null(strstr(err(result), "MemoryError"));
    sn_result_free(result);
    result = run_python(need_shared(), "try: b = bytearray(3 << 40)\nexcept MemoryError: print('coped')", NULL);
    assert_verdict(result, SN_VERDICT_OK);
    assert_string_equal(out(result), "coped\n");
    sn_result_free(result);
}

/* A mapping grows past the limit like one that is made past it: by its new length. */
static void mremap_past_the_limit_is_refused(void **state)
{
    static const char script[] = "import ctypes, sys\n"
                                 "libc = ctypes.CDLL(None, use_errno=True)\n"
                                 "libc.mmap.restype = libc.mremap.restype = ctypes.c_void_p\n"
                                 "size = ctypes.c_size_t\n"
                                 "m = libc.mmap(None, size(1 << 20), 3, 0x22, -1, size(0))\n"
                                 "r = libc.mremap(ctypes.c_void_p(m), size(1 << 20), size(1 << 30), 1)\n"
                                 "print('grown' if r != 2 ** 64 - 1 else ctypes.get_errno())\n"
                                 "sys.exit(%d)\n";
    sn_limits limits = standard_limits();

    (void)state;
    limits.memory_bytes = 64 * MIB;
    for (int status = 0; status < 2; status++) {
        char text[512];
        sn_result *result;

        snprintf(text, sizeof(text), script, status);
        result = run_python(need_shared(), text, &limits);
        assert_string_equal(out(result), "12\n"); /* ENOMEM */
        if (status == 0)
            assert_limit(result, SN_VERDICT_OK, SN_LIMIT_NONE);
        else
            assert_limit(result, SN_VERDICT_MEMORY_LIMIT_EXCEEDED, SN_LIMIT_MEMORY);
        sn_result_free(result);
    }
}

/* RLIMIT_AS is not used: reserving address space, as the JVM, Go and sanitizers do, costs nothing. */
static void address_space_is_not_memory(void **state)
{
    static const char script[] = "import mmap\n"
                                 "NORESERVE = 0x4000\n"
                                 "m = mmap.mmap(-1, 64 << 30, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | NORESERVE, 0)\n"
                                 "print('reserved')\n";
    sn_result *result = run_python(need_shared(), script, NULL);

    (void)state;
    assert_verdict(result, SN_VERDICT_OK);
    assert_string_equal(out(result), "reserved\n");
    sn_result_free(result);
}

/* Page cache is given back under pressure: reading much is no reason to be killed. */
static void page_cache_is_no_memory_limit(void **state)
{
    sn_limits limits = standard_limits();
    sn_result *result;

    (void)state;
    limits.memory_bytes = 24 * MIB;
    result = run_shell(need_shared(),
                       "cat /usr/bin/* /usr/lib/x86_64-linux-gnu/*.so.* 2>/dev/null | head -c 100000000 "
                       "| tail -c 1 > /dev/null; exit 0",
                       &limits);
    assert_verdict(result, SN_VERDICT_OK);
    sn_result_free(result);
}

static void process_limit(void **state)
{
    static const char survives[] = "import os, time\n"
                                   "n = 1\n"
                                   "try:\n"
                                   "    while n < 100:\n"
                                   "        if os.fork() == 0: time.sleep(9); os._exit(0)\n"
                                   "        n += 1\n"
                                   "except OSError as e: print(n, e.errno)\n";
    sn_limits limits = standard_limits();
    sn_result *result;

    (void)state;
    limits.processes = 8;
    result = run_python(need_shared(), survives, &limits);
    assert_verdict(result, SN_VERDICT_OK);
    assert_string_equal(out(result), "8 11\n");
    sn_result_free(result);
    result = run_python(need_shared(), "import os, time\nwhile True:\n if os.fork() == 0: time.sleep(9)", &limits);
    assert_limit(result, SN_VERDICT_PROCESS_LIMIT_EXCEEDED, SN_LIMIT_PROCESSES);
    sn_result_free(result);
    result = run_python(need_shared(),
                        "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(9,), "
                        "daemon=True).start()",
                        &limits);
    assert_limit(result, SN_VERDICT_PROCESS_LIMIT_EXCEEDED, SN_LIMIT_PROCESSES);
    sn_result_free(result);
    result = run_shell(need_shared(), "echo afterwards", &limits); /* nothing of them is left to count */
    assert_string_equal(out(result), "afterwards\n");
    sn_result_free(result);
}

static void a_fork_bomb_ends(void **state)
{
    struct footprint before;
    sn_limits limits = standard_limits();
    uint64_t begun = now_ms();
    sn_result *result;

    (void)state;
    sn_result_free(run_shell(need_shared(), ":", NULL));
    footprint_take(&before);
    limits.wall_ms = 1500;
    limits.cpu_ms = 1500;
    limits.processes = 40;
    result = run_shell(need_shared(), "b() { b | b & }; b; sleep 30", &limits);
    assert_int_not_equal(sn_result_verdict(result), SN_VERDICT_OK);
    assert_int_not_equal(sn_result_verdict(result), SN_VERDICT_INTERNAL_ERROR);
    assert_true(now_ms() - begun < 25000);
    sn_result_free(result);
    assert_nothing_left(&before);
}

static void file_size_limit(void **state)
{
    sn_limits limits = standard_limits();
    sn_result *result;

    (void)state;
    limits.file_bytes = MIB;
    result = run_shell(need_shared(), "exec head -c 1048576 /dev/zero > /work/exact", &limits);
    assert_verdict(result, SN_VERDICT_OK);
    sn_result_free(result);
    result = run_shell(need_shared(), "exec head -c 1048577 /dev/zero > /work/over", &limits);
    assert_limit(result, SN_VERDICT_RUNTIME_ERROR, SN_LIMIT_NONE);
    assert_int_equal(sn_result_signal(result), SIGXFSZ);
    sn_result_free(result);
    result = run_shell(need_shared(), "stat -c %s /work/over; rm /work/over /work/exact", NULL);
    assert_string_equal(out(result), "1048576\n");
    sn_result_free(result);
    /* stdout and stderr are no files: their limit is output_bytes. */
    limits.file_bytes = 4096;
    result = run_shell(need_shared(), "exec head -c 1000000 /dev/zero", &limits);
    assert_verdict(result, SN_VERDICT_OK);
    sn_result_free(result);
}

/* The library itself needs few of them: each number that may be asked for is enough to start. */
static void few_open_files_are_enough(void **state)
{
    sn_sandbox *sandbox = make_sandbox(NULL);
    static const char *const argv[] = {"/bin/true", NULL};
    sn_limits limits;

    (void)state;
    sn_limits_init(&limits);
    for (limits.open_files = 6; limits.open_files < 26; limits.open_files++) {
        for (int i = 0; i < 3; i++) { /* the third is armed */
            sn_result *result = run_argv(sandbox, argv, &limits);

            assert_verdict(result, SN_VERDICT_OK);
            sn_result_free(result);
        }
    }
    sn_sandbox_destroy(sandbox);
}

static void open_files_limit(void **state)
{
    static const char script[] = "import os\n"
                                 "n = 3\n"
                                 "try:\n"
                                 "    while n < 1000: os.open('/dev/null', 0); n += 1\n"
                                 "except OSError as e: print(n, e.errno)\n";
    sn_limits limits = standard_limits();
    sn_result *result;

    (void)state;
    limits.open_files = 32;
    result = run_python(need_shared(), script, &limits);
    assert_string_equal(out(result), "32 24\n");
    sn_result_free(result);
}

static void other_resource_limits_inside(void **state)
{
    sn_limits limits = standard_limits();
    sn_result *result;

    (void)state;
    limits.stack_bytes = MIB;
    result = run_shell(need_shared(), "ulimit -s; ulimit -c; ulimit -v; ulimit -l >/dev/null", &limits);
    assert_verdict(result, SN_VERDICT_OK);
    assert_string_equal(out(result), "1024\n0\nunlimited\n");
    sn_result_free(result);
    result = run_shell(need_shared(),
                       "ulimit -c 1 2>/dev/null && echo raised; ulimit -n 100000 2>/dev/null && echo raised;"
                       "ulimit -f unlimited 2>/dev/null && echo raised; exit 0",
                       NULL);
    assert_verdict(result, SN_VERDICT_OK);
    assert_string_equal(out(result), "");
    sn_result_free(result);
}

/* 1, not 0: a core_pattern that is a pipe is fed with a limit of 0, by a helper that would start on the host. */
static void no_core_is_written(void **state)
{
    struct rlimit own;
    sn_result *result;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_CORE, &own), 0);
    result = run_python(need_shared(), "import resource\nprint(resource.getrlimit(resource.RLIMIT_CORE))", NULL);
    assert_verdict(result, SN_VERDICT_OK);
    assert_string_equal(out(result), own.rlim_max ? "(1, 1)\n" : "(0, 0)\n");
    sn_result_free(result);
}

static void quotas_of_the_writable_mounts(void **state)
{
    static const char *const places[] = {"/work", "/tmp", "/dev/shm"};
    sn_sandbox_options options;
    sn_sandbox *sandbox;

    (void)state;
    sn_sandbox_options_init(&options);
    options.work_bytes = MIB;
    options.tmp_bytes = MIB;
    options.shm_bytes = MIB;
    options.work_inodes = 100;
    options.tmp_inodes = 100;
    sandbox = make_sandbox(&options);
    for (size_t i = 0; i < 3; i++) {
        char script[512];
        sn_result *result;

        snprintf(script, sizeof(script),
                 "cd %s && ! head -c 2000000 /dev/zero > big 2> note && grep -q 'No space' note && stat -c %%s big",
                 places[i]);
        result = run_shell(sandbox, script, NULL);
        print_message("%s\n", places[i]);
        if (strcmp(out(result), "1048576\n") != 0) {
            /* The message itself may not have fitted. */
            snprintf(script, sizeof(script),
                     "cd %s && rm -f big note; ! head -c 2000000 /dev/zero > big 2>&2 && "
                     "stat -c %%s big",
                     places[i]);
            sn_result_free(result);
            result = run_shell(sandbox, script, NULL);
            assert_non_null(strstr(err(result), "No space"));
        }
        assert_true(strtol(out(result), NULL, 10) <= 1048576);
        assert_true(strtol(out(result), NULL, 10) >= 900000);
        sn_result_free(result);
        if (i < 2) {
            snprintf(script, sizeof(script),
                     "import os\nos.chdir('%s')\nfor f in os.listdir(): os.remove(f)\nn = 0\ntry:\n"
                     "    while n < 1000: os.close(os.open('i%%d' %% n, os.O_CREAT)); n += 1\n"
                     "except OSError as e: print(n, e.errno)\n"
                     "for f in os.listdir(): os.remove(f)\n",
                     places[i]);
            result = run_python(sandbox, script, NULL);
            assert_non_null(strstr(out(result), " 28\n")); /* ENOSPC */
            assert_in_range(strtol(out(result), NULL, 10), 90, 100);
            sn_result_free(result);
        }
    }
    sn_sandbox_destroy(sandbox);
}

/* A fiftieth of a core, less than a busy machine leaves it: the time kept back is told. */
static void cpu_bandwidth_is_throttled(void **state)
{
    sn_limits limits = standard_limits();
    sn_result *result;

    (void)state;
    limits.cpu_percent = 2;
    limits.wall_ms = 2000;
    result = run_shell(need_shared(), "while :; do :; done", &limits);
    assert_limit(result, SN_VERDICT_TIME_LIMIT_EXCEEDED, SN_LIMIT_WALL);
    print_message("wall %" PRIu64 " ms, cpu %" PRIu64 " ms, throttled %" PRIu64 " ms\n",
                  sn_result_wall_ns(result) / 1000000, sn_result_cpu_ns(result) / 1000000,
                  sn_result_throttled_ns(result) / 1000000);
    assert_true(sn_result_throttled_ns(result) > 100000000);
    /* what it had before it was first stopped is for nothing */
    assert_true(sn_result_cpu_ns(result) <= sn_result_wall_ns(result) / 50 + 15000000);
    sn_result_free(result);
    result = run_shell(need_shared(), ":", NULL);
    assert_int_equal(sn_result_throttled_ns(result), 0);
    sn_result_free(result);
}

static sn_limits limit_of_memory(uint64_t mebibytes)
{
    sn_limits limits = standard_limits();

    limits.memory_bytes = mebibytes << 20;
    return limits;
}

static sn_result *run_with_memory(sn_sandbox *sandbox, const char *script, uint64_t mebibytes)
{
    sn_limits limits = limit_of_memory(mebibytes);

    return run_shell(sandbox, script, &limits);
}

/* What a run leaves in files is memory of the next ones, until it is gone; what the caller puts there is not. */
static void files_of_earlier_runs_are_memory(void **state)
{
    sn_sandbox *sandbox = make_sandbox(NULL);
    static char input[20 << 20];
    sn_limits limits;
    sn_error *error = NULL;
    sn_result *result;

    (void)state;
    assert_ok(sn_sandbox_put(sandbox, "input", input, sizeof(input), 0, &error), error);
    result = run_with_memory(sandbox, "head -c 15000000 /dev/zero > /work/a; head -c 15000000 /dev/zero > /tmp/b", 64);
    assert_verdict(result, SN_VERDICT_OK);
    assert_null(strstr(sn_result_notes(result), "earlier runs"));
    sn_result_free(result);
    result = run_with_memory(sandbox, ":", 64);
    assert_verdict(result, SN_VERDICT_OK);
    assert_in_range(sn_result_memory_bytes(result), 30000000, 36 << 20);
    assert_non_null(strstr(sn_result_notes(result), "files that earlier runs left"));
    sn_result_free(result);
    /* 34 MiB are left of 64 */
    limits = limit_of_memory(64);
    result = run_python(sandbox, "b = bytearray(36 << 20)", &limits);
    assert_limit(result, SN_VERDICT_MEMORY_LIMIT_EXCEEDED, SN_LIMIT_MEMORY);
    sn_result_free(result);
    /* none is left of 16, although what takes no memory could start */
    result = run_with_memory(sandbox, ":", 16);
    assert_limit(result, SN_VERDICT_MEMORY_LIMIT_EXCEEDED, SN_LIMIT_MEMORY);
    sn_result_free(result);
    result = run_with_memory(sandbox, "rm /work/a /tmp/b", 64);
    assert_verdict(result, SN_VERDICT_OK);
    sn_result_free(result);
    result = run_with_memory(sandbox, ":", 16);
    assert_verdict(result, SN_VERDICT_OK);
    assert_in_range(sn_result_memory_bytes(result), 1, 8 << 20);
    sn_result_free(result);
    sn_sandbox_destroy(sandbox);
}

/* Limits that do not concern the program change nothing for it. */
static void generous_limits_do_not_bite(void **state)
{
    sn_limits limits = standard_limits();
    sn_result *result;

    (void)state;
    limits.memory_bytes = UINT64_C(8) << 30;
    limits.processes = 2000;
    limits.cpu_ms = 3600000;
    limits.wall_ms = 3600000;
    limits.output_bytes = UINT64_C(1) << 30;
    result = run_shell(need_shared(), "echo fine", &limits);
    assert_verdict(result, SN_VERDICT_OK);
    assert_string_equal(out(result), "fine\n");
    sn_result_free(result);
}

/* The smallest limits end as a verdict of the program, never as our error. */
static void the_smallest_limits_end_as_a_verdict(void **state)
{
    sn_limits limits = standard_limits();
    sn_result *result;

    (void)state;
    limits.memory_bytes = MIB;
    limits.processes = 1;
    limits.cpu_ms = 1;
    limits.wall_ms = 1;
    limits.output_bytes = 1;
    result = run_shell(need_shared(), "while :; do echo xxxxx; done", &limits);
    assert_int_not_equal(sn_result_verdict(result), SN_VERDICT_OK);
    assert_int_not_equal(sn_result_verdict(result), SN_VERDICT_INTERNAL_ERROR);
    sn_result_free(result);
    result = run_shell(need_shared(), "echo next", NULL);
    assert_string_equal(out(result), "next\n");
    sn_result_free(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cpu_time_of_four_processes_is_exact),
        cmocka_unit_test(cpu_time_of_orphans_counts),
        cmocka_unit_test(user_and_system_time_are_told_apart),
        cmocka_unit_test(cpu_limit_of_one_process),
        cmocka_unit_test(cpu_limit_of_the_whole_tree),
        cmocka_unit_test(cpu_limit_of_many_short_processes),
        cmocka_unit_test(wall_limit),
        cmocka_unit_test(unlimited_times_are_unlimited),
        cmocka_unit_test(a_hundred_mebibytes_are_measured),
        cmocka_unit_test(the_peak_belongs_to_one_run),
        cmocka_unit_test(memory_limit),
        cmocka_unit_test(malloc_that_returns_null_under_the_limit),
        cmocka_unit_test(mremap_past_the_limit_is_refused),
        cmocka_unit_test(address_space_is_not_memory),
        cmocka_unit_test(page_cache_is_no_memory_limit),
        cmocka_unit_test(process_limit),
        cmocka_unit_test(a_fork_bomb_ends),
        cmocka_unit_test(file_size_limit),
        cmocka_unit_test(few_open_files_are_enough),
        cmocka_unit_test(open_files_limit),
        cmocka_unit_test(other_resource_limits_inside),
        cmocka_unit_test(no_core_is_written),
        cmocka_unit_test(quotas_of_the_writable_mounts),
        cmocka_unit_test(cpu_bandwidth_is_throttled),
        cmocka_unit_test(files_of_earlier_runs_are_memory),
        cmocka_unit_test(generous_limits_do_not_bite),
        cmocka_unit_test(the_smallest_limits_end_as_a_verdict),
    };

    tests_prepare();
    return cmocka_run_group_tests(tests, NULL, drop_shared);
}
