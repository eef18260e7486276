/* SPDX-License-Identifier: MIT */
#include "guard/guard.h"

#include "base/cleanup.h"
#include "base/clock.h"

/* cmocka.h wants these first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <hiredis/hiredis.h>

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/*
 * What becomes of a guard while its Redis ends, hangs, comes back or forgets its scripts. tests/service/with-redis runs
 * it: TEST_REDIS_CONTROL is where a word ends, starts, pauses or resumes that Redis.
 */
#define LONG_MS 60000
#define PATIENCE_NS 30000000000ULL

static struct guard *guard;

static int connect_unix(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        return -1;
    return steal_fd(&fd);
}

/* Says a word to with-redis and waits until it is done. */
static void control(const char *word)
{
    cleanup_close int fd = connect_unix(getenv("TEST_REDIS_CONTROL"));
    char answer[200] = {0};
    ssize_t got;

    assert_true(fd >= 0);
    assert_true(dprintf(fd, "%s\n", word) > 0);
    got = read(fd, answer, sizeof(answer) - 1);
    if (got < 3 || strcmp(answer, "ok\n") != 0)
        fail_msg("with-redis cannot %s: %s", word, answer);
}

/* A command of the test's own, past the guard. */
static redisReply *command(const char *text, const char *argument)
{
    redisContext *context = redisConnectUnix(getenv("TEST_REDIS_SOCKET"));
    redisReply *reply;

    assert_non_null(context);
    assert_int_equal(context->err, 0);
    freeReplyObject(redisCommand(context, "AUTH %s", getenv("TEST_REDIS_PASSWORD")));
    freeReplyObject(redisCommand(context, "SELECT 3"));
    reply = argument ? redisCommand(context, text, argument) : redisCommand(context, text);
    assert_non_null(reply);
    assert_int_not_equal(reply->type, REDIS_REPLY_ERROR);
    redisFree(context);
    return reply;
}

static int open_guard(void **state)
{
    (void)state;
    if (!getenv("TEST_REDIS_CONTROL"))
        return 0;
    /* Nobody may be killed by a Redis that goes away. */
    signal(SIGPIPE, SIG_DFL);
    return guard_open(getenv("TEST_GUARD_URL"), &guard, NULL);
}

static int close_guard(void **state)
{
    (void)state;
    guard_close(guard);
    return 0;
}

static void need_redis(void)
{
    if (!guard) {
        print_message("SKIP: TEST_REDIS_CONTROL is not set: run by tests/service/with-redis\n");
        skip();
    }
}

static int ask(const char *name)
{
    struct guard_rate rate = {0};

    return guard_rate(guard, name, 1000000, LONG_MS, 1, &rate, NULL);
}

static void await_back(void)
{
    uint64_t before = sn__now_ns();

    while (guard_ping(guard, NULL) != 0) {
        assert_true(sn__now_ns() - before < PATIENCE_NS);
        usleep(5000);
    }
}

static void assert_all_work(void)
{
    assert_int_equal(guard_ping(guard, NULL), 0);
    assert_int_equal(ask("works"), 0);
    assert_int_equal(guard_claim(guard, "works", "a", LONG_MS, NULL), 1);
    assert_int_equal(guard_claim(guard, "works", "b", LONG_MS, NULL), 0);
    assert_int_equal(guard_take_over(guard, "works", "b", LONG_MS, NULL), 0);
    assert_int_equal(guard_release(guard, "works", "a", NULL), FAIL_CONFLICT);
    assert_int_equal(guard_release(guard, "works", "b", NULL), 0);
}

static void assert_all_unavailable(void)
{
    struct guard_rate rate = {.limit = 77};
    struct failure failure = {0};

    assert_int_equal(guard_ping(guard, &failure), FAIL_UNAVAILABLE);
    assert_int_equal(failure.code, FAIL_UNAVAILABLE);
    assert_null(strstr(failure.message, getenv("TEST_REDIS_PASSWORD")));
    assert_int_equal(guard_rate(guard, "n", 1, LONG_MS, 1, &rate, &failure), FAIL_UNAVAILABLE);
    assert_int_equal(rate.limit, 77);
    assert_int_equal(guard_claim(guard, "n", "a", LONG_MS, &failure), FAIL_UNAVAILABLE);
    assert_int_equal(guard_take_over(guard, "n", "a", LONG_MS, &failure), FAIL_UNAVAILABLE);
    assert_int_equal(guard_release(guard, "n", "a", &failure), FAIL_UNAVAILABLE);
}

static void flushed_scripts_are_made_known_again(void **state)
{
    (void)state;
    need_redis();
    assert_all_work();
    freeReplyObject(command("SCRIPT FLUSH", NULL));
    assert_all_work();
}

static void what_is_kept_expires_by_itself_and_has_our_prefix(void **state)
{
    redisReply *keys;

    (void)state;
    need_redis();
    assert_int_equal(ask("expires"), 0);
    assert_int_equal(guard_claim(guard, "expires", "a", LONG_MS, NULL), 1);
    assert_int_equal(guard_claim(guard, "expires sooner", "a", LONG_MS / 2, NULL), 1);
    keys = command("KEYS *", NULL);
    assert_int_equal(keys->type, REDIS_REPLY_ARRAY);
    assert_true(keys->elements >= 3);
    for (size_t i = 0; i < keys->elements; i++) {
        redisReply *left = command("PTTL %s", keys->element[i]->str);

        assert_int_equal(strncmp(keys->element[i]->str, "sentinel:", 9), 0);
        /* A large limit's window is longer by a granule. */
        assert_true(left->integer > 0 && left->integer <= LONG_MS + LONG_MS / 1000);
        freeReplyObject(left);
    }
    freeReplyObject(keys);
}

static void a_redis_that_ended_is_unavailable_and_one_that_came_back_works(void **state)
{
    (void)state;
    need_redis();
    for (int i = 0; i < 3; i++) {
        assert_all_work();
        control(i == 0 ? "stop" : "kill");
        assert_all_unavailable();
        control("start");
        await_back();
        assert_all_work();
    }
}

/*
 * All that were connected find their connections closed at the next call, and that call works all the same. By a unix
 * socket already the write fails, which must not be a SIGPIPE.
 */
static void a_redis_that_was_restarted_between_two_calls_is_not_noticed(void **state)
{
    struct guard *local = NULL;
    char local_url[300];

    (void)state;
    need_redis();
    snprintf(local_url, sizeof(local_url), "unix://:%s@%s", getenv("TEST_REDIS_PASSWORD"), getenv("TEST_REDIS_SOCKET"));
    assert_int_equal(guard_open(local_url, &local, NULL), 0);
    assert_int_equal(guard_ping(local, NULL), 0);
    assert_all_work();
    control("kill");
    control("start");
    assert_all_work();
    assert_int_equal(guard_ping(local, NULL), 0);
    guard_close(local);
}

static void an_absent_redis_does_not_hold_up_callers(void **state)
{
    uint64_t before;

    (void)state;
    need_redis();
    control("kill");
    before = sn__now_ns();
    for (int i = 0; i < 20000; i++)
        assert_int_equal(ask("n"), FAIL_UNAVAILABLE);
    assert_true(sn__now_ns() - before < PATIENCE_NS);
    control("start");
    await_back();
}

struct caller {
    pthread_t thread;
    _Atomic bool *is_over;
    long unavailable;
    long answered;
    long other;
};

static void *call_on(void *arg)
{
    struct caller *caller = arg;

    while (!atomic_load(caller->is_over)) {
        int result = ask("callers");

        if (result == 0)
            caller->answered++;
        else if (result == FAIL_UNAVAILABLE)
            caller->unavailable++;
        else
            caller->other++;
    }
    return NULL;
}

/* It takes connections and says nothing: each answer costs a second, but only one caller in each backoff. */
static void a_redis_that_hangs_does_not_hold_up_callers(void **state)
{
    uint64_t before;

    (void)state;
    need_redis();
    assert_all_work();
    control("pause");
    before = sn__now_ns();
    for (int i = 0; i < 20000; i++)
        assert_int_equal(ask("n"), FAIL_UNAVAILABLE);
    assert_true(sn__now_ns() - before < PATIENCE_NS);
    control("resume");
    await_back();
    assert_all_work();
}

static void callers_outlive_a_redis_that_comes_and_goes(void **state)
{
    struct caller callers[16];
    _Atomic bool is_over = false;
    static const char *const words[] = {"kill", "start", "pause", "resume", "stop", "start"};

    (void)state;
    need_redis();
    for (size_t i = 0; i < SN_ARRAY_SIZE(callers); i++) {
        callers[i] = (struct caller){.is_over = &is_over};
        assert_int_equal(pthread_create(&callers[i].thread, NULL, call_on, &callers[i]), 0);
    }
    for (size_t i = 0; i < SN_ARRAY_SIZE(words); i++) {
        usleep(300000);
        control(words[i]);
    }
    await_back();
    atomic_store(&is_over, true);
    for (size_t i = 0; i < SN_ARRAY_SIZE(callers); i++) {
        pthread_join(callers[i].thread, NULL);
        assert_true(callers[i].answered > 0);
        assert_int_equal(callers[i].other, 0);
    }
    assert_all_work();
}

static void every_descriptor_is_closed_on_exec(void **state)
{
    DIR *directory = opendir("/proc/self/fd");
    const struct dirent *entry;
    int sockets = 0;

    (void)state;
    if (!guard)
        closedir(directory);
    need_redis();
    assert_all_work();
    while ((entry = readdir(directory))) {
        int fd = atoi(entry->d_name);
        struct sockaddr_storage peer;
        socklen_t length = sizeof(peer);

        if (getpeername(fd, (struct sockaddr *)&peer, &length) < 0)
            continue;
        sockets++;
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    }
    closedir(directory);
    assert_true(sockets > 0);
}

/* Opening does not connect, so that a service starts without Redis; then each call says what is wrong. */
static void assert_unavailable_at(const char *url, const char *why)
{
    struct guard *absent = NULL;
    struct failure failure = {0};

    assert_int_equal(guard_open(url, &absent, &failure), 0);
    assert_int_equal(guard_ping(absent, &failure), FAIL_UNAVAILABLE);
    if (!strstr(failure.message, why))
        fail_msg("\"%s\" does not hold \"%s\"", failure.message, why);
    assert_null(strstr(failure.message, "secret"));
    /* At once, and for the same reason. */
    assert_int_equal(guard_claim(absent, "n", "a", LONG_MS, &failure), FAIL_UNAVAILABLE);
    assert_non_null(strstr(failure.message, why));
    guard_close(absent);
}

static void what_is_wrong_is_said_without_the_password(void **state)
{
    char url[300];

    (void)state;
    assert_unavailable_at("unix:/nonexistent/redis.sock", "No such file");
    assert_unavailable_at("redis://:secret@127.0.0.1:1/0", "Connection refused");
    need_redis();
    snprintf(url, sizeof(url), "unix://:secret@%s", getenv("TEST_REDIS_SOCKET"));
    assert_unavailable_at(url, "refuses the password: WRONGPASS");
    snprintf(url, sizeof(url), "unix://nobody:secret@%s?db=1", getenv("TEST_REDIS_SOCKET"));
    assert_unavailable_at(url, "refuses the user or password: WRONGPASS");
    snprintf(url, sizeof(url), "unix:%s", getenv("TEST_REDIS_SOCKET"));
    assert_unavailable_at(url, "NOAUTH");
    snprintf(url, sizeof(url), "unix://:%s@%s?db=99", getenv("TEST_REDIS_PASSWORD"), getenv("TEST_REDIS_SOCKET"));
    assert_unavailable_at(url, "refuses the database");
}

static void a_user_with_a_password_is_let_in(void **state)
{
    struct guard *ours = NULL;
    char url[300];

    (void)state;
    need_redis();
    freeReplyObject(command("ACL SETUSER sentinel on >p%%40ss %s +@all allkeys", "resetchannels"));
    snprintf(url, sizeof(url), "unix://sentinel:p%%2540ss@%s?db=2", getenv("TEST_REDIS_SOCKET"));
    assert_int_equal(guard_open(url, &ours, NULL), 0);
    assert_int_equal(guard_ping(ours, NULL), 0);
    guard_close(ours);
}

static void urls_that_are_none_are_refused(void **state)
{
    static const char *const urls[] = {"redis://",
                                       "redis://:secret@",
                                       "redis://h:70000",
                                       "redis://h:1/x",
                                       "redis://h/1234567",
                                       "redis://h?a=secret",
                                       "unix:",
                                       "unix://h/socket",
                                       "unix:///socket?password=secret",
                                       "redis://secret@h/",
                                       "rediss://:secret@h:1/0"};
    struct failure failure;

    (void)state;
    for (size_t i = 0; i < SN_ARRAY_SIZE(urls); i++) {
        struct guard *none = NULL;

        failure = (struct failure){0};
        if (guard_open(urls[i], &none, &failure) != FAIL_INVALID)
            fail_msg("%s is not refused", urls[i]);
        assert_null(none);
        assert_null(strstr(failure.message, "secret"));
    }
    assert_non_null(strstr(failure.message, "TLS"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_that_are_none_are_refused),
        cmocka_unit_test(what_is_wrong_is_said_without_the_password),
        cmocka_unit_test(a_user_with_a_password_is_let_in),
        cmocka_unit_test(every_descriptor_is_closed_on_exec),
        cmocka_unit_test(flushed_scripts_are_made_known_again),
        cmocka_unit_test(what_is_kept_expires_by_itself_and_has_our_prefix),
        cmocka_unit_test(a_redis_that_ended_is_unavailable_and_one_that_came_back_works),
        cmocka_unit_test(a_redis_that_was_restarted_between_two_calls_is_not_noticed),
        cmocka_unit_test(an_absent_redis_does_not_hold_up_callers),
        cmocka_unit_test(a_redis_that_hangs_does_not_hold_up_callers),
        cmocka_unit_test(callers_outlive_a_redis_that_comes_and_goes),
    };

    return cmocka_run_group_tests(tests, open_guard, close_guard);
}
