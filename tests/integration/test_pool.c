/* SPDX-License-Identifier: MIT */
/* Sandboxes that are ready: each is one job's, whoever asks, however many ask, whatever becomes of them meanwhile. */
#include "support.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB (UINT64_C(1) << 20)

static sn_pool *pool;

static void make_pool_with(const sn_pool_options *wanted)
{
    sn_pool_options options = *wanted;
    sn_sandbox_options sandbox;
    sn_error *error = NULL;

    sn_sandbox_options_init(&sandbox);
    if (options.sandbox)
        sandbox = *options.sandbox;
    sandbox.relax |= relaxed_by_environment();
    options.sandbox = &sandbox;
    sn_sandbox_destroy(make_sandbox(NULL)); /* or skip */
    assert_ok(sn_pool_create(&options, &pool, &error), error);
}

static void make_pool(uint32_t ready, uint32_t threads)
{
    sn_pool_options options;

    sn_pool_options_init(&options);
    options.ready = ready;
    options.threads = threads;
    make_pool_with(&options);
}

static int drop_pool(void **state)
{
    (void)state;
    sn_pool_destroy(pool);
    pool = NULL;
    return 0;
}

static sn_pool_status status(void)
{
    sn_pool_status status;
    sn_error *error = NULL;

    sn_pool_status_init(&status);
    assert_ok(sn_pool_status_get(pool, &status, &error), error);
    return status;
}

static bool await_ready(uint32_t count)
{
    uint64_t until = now_ms() + 10000 * slowness();

    while (status().ready != count || status().retired)
        if (now_ms() > until)
            return false;
        else
            sleep_ms(1);
    return true;
}

static sn_result *pool_shell(const char *script)
{
    const char *argv[] = {"/bin/sh", "-c", script, NULL};
    sn_run_options options;
    sn_result *result = NULL;
    sn_error *error = NULL;

    sn_run_options_init(&options);
    options.argv = argv;
    assert_ok(sn_pool_run(pool, &options, &result, &error), error);
    return result;
}

static void it_fills_gives_and_fills_again(void **state)
{
    (void)state;
    make_pool(3, 0);
    assert_true(await_ready(3));
    for (int i = 0; i < 10; i++) {
        sn_result *result = pool_shell("echo here; ls -A /work /tmp /dev/shm; echo x > /work/x; echo x > /tmp/x");

        assert_verdict(result, SN_VERDICT_OK);
        assert_string_equal(out(result), "here\n/dev/shm:\n\n/tmp:\n\n/work:\n");
        sn_result_free(result);
    }
    assert_true(await_ready(3));
    assert_int_equal(status().taken, 10);
    assert_int_equal(status().replaced, 0);
    assert_int_equal(status().failed, 0);
}

static void one_that_is_taken_is_the_takers(void **state)
{
    sn_sandbox *taken[3];
    sn_error *error = NULL;
    void *data = NULL;
    size_t length;

    (void)state;
    make_pool(2, 1);
    for (int i = 0; i < 3; i++) {
        char script[64];

        assert_ok(sn_pool_take(pool, &taken[i], &error), error);
        assert_ok(sn_sandbox_put(taken[i], "in", &i, sizeof(i), 0, &error), error);
        snprintf(script, sizeof(script), "cat in > out; echo %d", i);
        for (int run = 0; run < 3; run++) {
            sn_result *result = run_shell(taken[i], script, NULL);

            assert_verdict(result, SN_VERDICT_OK);
            sn_result_free(result);
        }
    }
    for (int i = 0; i < 3; i++) {
        assert_ok(sn_sandbox_get(taken[i], "out", 100, &data, &length, &error), error);
        assert_int_equal(length, sizeof(i));
        assert_memory_equal(data, &i, sizeof(i));
        sn_free(data);
    }
    sn_pool_retire(pool, taken[0]);
    sn_sandbox_destroy(taken[1]); /* as good */
    assert_true(await_ready(2));
    drop_pool(NULL);
    sn_result_free(run_shell(taken[2], "exit 0", NULL)); /* it outlives the pool */
    sn_sandbox_destroy(taken[2]);
    sn_pool_retire(NULL, NULL);
}

static void refused(int code, int wanted, sn_error **error)
{
    assert_refused(code, wanted, *error);
    *error = NULL;
}

static void what_no_sandbox_can_be_made_of_is_refused_at_once(void **state)
{
    sn_pool_options options;
    sn_sandbox_options sandbox;
    sn_pool *none = (sn_pool *)1;
    sn_sandbox *no_sandbox = NULL;
    sn_error *error = NULL;
    struct footprint before;
    struct rlimit limit, few;

    (void)state;
    footprint_take(&before);
    sn_pool_options_init(&options);
    sn_sandbox_options_init(&sandbox);
    options.sandbox = &sandbox;
    sandbox.rootfs = "/no/such/directory";
    refused(sn_pool_create(&options, &none, &error), SN_ENOENT, &error);
    sandbox.rootfs = NULL;
    options.ready = 1025;
    refused(sn_pool_create(&options, &none, &error), SN_EINVAL, &error);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    few = limit;
    few.rlim_cur = 256;
    options.ready = 16; /* would leave this process none */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    refused(sn_pool_create(&options, &none, &error), SN_ELIMIT, &error);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    options.ready = 1;
    options.threads = 65;
    refused(sn_pool_create(&options, &none, &error), SN_EINVAL, &error);
    options.threads = 0;
    options.max_age_ms = UINT64_MAX;
    refused(sn_pool_create(&options, &none, &error), SN_EINVAL, &error);
    options.max_age_ms = 0;
    options.size = 0;
    refused(sn_pool_create(&options, &none, &error), SN_EINVAL, &error);
    refused(sn_pool_create(NULL, NULL, &error), SN_EINVAL, &error);
    refused(sn_pool_take(NULL, &no_sandbox, &error), SN_EINVAL, &error);
    refused(sn_pool_status_get(NULL, NULL, &error), SN_EINVAL, &error);
    assert_ptr_equal(none, (sn_pool *)1);
    sn_pool_destroy(NULL);
    assert_nothing_left(&before);
}

static void the_old_are_replaced(void **state)
{
    sn_pool_options options;

    (void)state;
    sn_pool_options_init(&options);
    options.ready = 2;
    options.max_age_ms = 200;
    make_pool_with(&options);
    sleep_ms(1000);
    assert_true(await_ready(2));
    assert_true(status().replaced >= 2);
    assert_int_equal(status().taken, 0);
}

/* Kills every sentinel-init below this process. */
static void kill_ready(void)
{
    pid_t pid;

    while ((pid = sandbox_pid()) > 0) {
        kill(pid, SIGKILL);
        while (is_alive(pid))
            sleep_ms(1);
        break;
    }
}

static void one_that_is_killed_is_not_given(void **state)
{
    sn_result *result;

    (void)state;
    make_pool(1, 1);
    for (int i = 0; i < 3; i++) {
        assert_true(await_ready(1));
        kill_ready();
        result = pool_shell("echo alive");
        assert_string_equal(out(result), "alive\n");
        sn_result_free(result);
    }
    assert_true(status().replaced >= 3);
}

static atomic_int wrong;

/* Not by out(), which belongs to the test's own thread. */
static bool has_output(const sn_result *result, const char *expected)
{
    size_t length = 0;
    const void *data = sn_result_stdout(result, &length);

    return length == strlen(expected) && memcmp(data, expected, length) == 0;
}

static void *use(void *argument)
{
    unsigned number = (unsigned)(uintptr_t)argument;

    for (unsigned i = 0; i < 15; i++) {
        char script[200], expected[64];
        const char *argv[] = {"/bin/sh", "-c", script, NULL};
        sn_run_options options;
        sn_result *result = NULL;

        snprintf(script, sizeof(script),
                 "cat /work/mine /tmp/mine 2>/dev/null; echo %u.%u | tee /work/mine > /tmp/mine; cat /work/mine",
                 number, i);
        snprintf(expected, sizeof(expected), "%u.%u\n", number, i);
        sn_run_options_init(&options);
        options.argv = argv;
        if (sn_pool_run(pool, &options, &result, NULL) < 0 || sn_result_verdict(result) != SN_VERDICT_OK ||
            !has_output(result, expected))
            atomic_fetch_add(&wrong, 1);
        sn_result_free(result);
    }
    return NULL;
}

static void many_threads_get_one_each(void **state)
{
    pthread_t threads[16];

    (void)state;
    make_pool(4, 2);
    wrong = 0;
    for (uintptr_t i = 0; i < 16; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use, (void *)i), 0);
    for (int i = 0; i < 16; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(wrong, 0);
    assert_int_equal(status().taken, 240);
    assert_true(await_ready(4));
}

/* Each writes to everything a program can reach; the next, of the same pool, looks everywhere. */
static void nothing_is_smuggled(void **state)
{
    static const char leave[] =
        "import ctypes, os, socket\n"
        "c = ctypes.CDLL(None)\n"
        "c.shmget(4711, 4096, 0o1666); c.msgget(4711, 0o1666); c.semget(4711, 1, 0o1666)\n"
        "for d in ('/work', '/tmp', '/dev/shm'):\n"
        "    open(d + '/left', 'w').write('x')\n"
        "    os.chmod(d + '/left', 0o4777)\n"
        "for p in ('/dev/null', '/dev/zero', '/proc/self/fd/0', '/etc', '/usr', '/'):\n"
        "    for f in (lambda: os.setxattr(p, 'user.left', b'x'), lambda: os.utime(p), lambda: os.chmod(p, 0o777)):\n"
        "        try: f()\n"
        "        except OSError: pass\n";
    static const char look[] = "import ctypes, os\n"
                               "c = ctypes.CDLL(None)\n"
                               "print(c.shmget(4711, 4096, 0), c.msgget(4711, 0), c.semget(4711, 1, 0))\n"
                               "print([os.listdir(d) for d in ('/work', '/tmp', '/dev/shm')])\n"
                               "for p in ('/dev/null', '/dev/zero', '/proc/self/fd/0', '/etc', '/usr', '/'):\n"
                               "    try: print(os.listxattr(p), oct(os.stat(p).st_mode)[-3:])\n"
                               "    except OSError as e: print(e)\n"
                               "print(os.getpid(), [n for n in os.listdir('/proc') if n.isdigit()])\n";
    const char *leaving[] = {"/usr/bin/python3", "-c", leave, NULL};
    const char *looking[] = {"/usr/bin/python3", "-c", look, NULL};
    char first[4000] = "";
    sn_run_options options;
    sn_error *error = NULL;

    (void)state;
    need_program("/usr/bin/python3");
    make_pool(2, 1);
    sn_run_options_init(&options);
    for (int i = 0; i < 4; i++) {
        sn_result *result = NULL;

        options.argv = looking;
        assert_ok(sn_pool_run(pool, &options, &result, &error), error);
        assert_verdict(result, SN_VERDICT_OK);
        if (i == 0)
            snprintf(first, sizeof(first), "%s", out(result));
        assert_string_equal(out(result), first);
        assert_non_null(strstr(first, "-1 -1 -1\n[[], [], []]\n"));
        sn_result_free(result);
        options.argv = leaving;
        assert_ok(sn_pool_run(pool, &options, &result, &error), error);
        sn_result_free(result);
    }
}

static void a_fork_does_not_get_it(void **state)
{
    int status_of_child;
    pid_t child;

    (void)state;
    make_pool(2, 1);
    assert_true(await_ready(2));
    child = fork();
    if (child == 0) {
        sn_sandbox *sandbox = NULL;

        if (sn_pool_take(pool, &sandbox, NULL) != SN_EINVAL)
            _exit(1);
        sn_pool_destroy(pool);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status_of_child, 0), child);
    assert_int_equal(status_of_child, 0);
    sn_result_free(pool_shell("exit 0"));
}

static void nothing_is_left_of_it(void **state)
{
    struct footprint before;

    (void)state;
    make_pool(1, 1);
    drop_pool(NULL);
    footprint_take(&before);
    for (uint32_t i = 1; i < 4; i++) {
        make_pool(i, i);
        if (i > 1)
            sn_result_free(pool_shell("exit 0"));
        drop_pool(NULL); /* with its threads at work */
        assert_nothing_left(&before);
    }
}

#define TEST(name) cmocka_unit_test_teardown(name, drop_pool)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_fills_gives_and_fills_again),
        TEST(one_that_is_taken_is_the_takers),
        TEST(what_no_sandbox_can_be_made_of_is_refused_at_once),
        TEST(the_old_are_replaced),
        TEST(one_that_is_killed_is_not_given),
        TEST(many_threads_get_one_each),
        TEST(nothing_is_smuggled),
        TEST(a_fork_does_not_get_it),
        TEST(nothing_is_left_of_it),
    };

    tests_prepare();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
