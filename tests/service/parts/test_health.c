/* SPDX-License-Identifier: MIT */
/* Readiness: what is depended on is asked, and nobody waits for what hangs. */
#include "process/health.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those four first */
#include <cmocka.h>
#undef fail

#include <pthread.h>
#include <string.h>

/* Something to depend on. */
struct thing {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_hung;
    int error;
    unsigned questions;
};

static struct thing things[2];
static struct health *health;

static int ask(void *arg, struct failure *failure)
{
    struct thing *thing = arg;
    int error;

    pthread_mutex_lock(&thing->lock);
    thing->questions++;
    while (thing->is_hung)
        pthread_cond_wait(&thing->changed, &thing->lock);
    error = thing->error;
    pthread_mutex_unlock(&thing->lock);
    return error < 0 ? fail(failure, error, "it is gone") : 0;
}

static void set(struct thing *thing, bool is_hung, int error)
{
    pthread_mutex_lock(&thing->lock);
    thing->is_hung = is_hung;
    thing->error = error;
    pthread_cond_broadcast(&thing->changed);
    pthread_mutex_unlock(&thing->lock);
}

static unsigned questions(struct thing *thing)
{
    unsigned count;

    pthread_mutex_lock(&thing->lock);
    count = thing->questions;
    pthread_mutex_unlock(&thing->lock);
    return count;
}

static int start(void **state)
{
    const struct health_check checks[] = {{"one", ask, &things[0]}, {"two", ask, &things[1]}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        things[i] = (struct thing){0};
        pthread_mutex_init(&things[i].lock, NULL);
        pthread_cond_init(&things[i].changed, NULL);
    }
    return health_start(checks, 2, &health, NULL);
}

static int stop(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++)
        set(&things[i], false, 0);
    health_stop(health);
    for (size_t i = 0; i < 2; i++) {
        pthread_cond_destroy(&things[i].changed);
        pthread_mutex_destroy(&things[i].lock);
    }
    return 0;
}

static void assert_check(const json_t *answer, const char *name, const char *status, const char *reason)
{
    const json_t *check = json_object_get(json_object_get(answer, "checks"), name);
    const json_t *why = json_object_get(check, "reason");

    assert_string_equal(json_string_value(json_object_get(check, "status")), status);
    if (reason)
        assert_string_equal(json_string_value(why), reason);
    else
        assert_true(json_is_null(why));
}

static void assert_answer(bool with_reasons, bool is_ready, const char *one, const char *reason)
{
    bool is_so;
    cleanup_json json_t *answer = health_ask(health, with_reasons, &is_so);

    assert_non_null(answer);
    assert_int_equal(is_so, is_ready);
    assert_string_equal(json_string_value(json_object_get(answer, "status")), is_ready ? "ready" : "degraded");
    assert_check(answer, "one", one, reason);
    assert_check(answer, "two", "up", NULL);
}

/* What hung needs a moment to answer what it was asked. */
static void await_ready(void)
{
    uint64_t until = sn__now_ns() + UINT64_C(30000000000);
    bool is_ready = false;

    while (!is_ready && sn__now_ns() < until) {
        json_decref(health_ask(health, false, &is_ready));
        sched_yield();
    }
}

static void what_is_away_is_named_with_the_reason_if_it_may_be_told(void **state)
{
    (void)state;
    assert_answer(true, true, "up", NULL);
    set(&things[0], false, FAIL_UNAVAILABLE);
    assert_answer(true, false, "down", "it is gone");
    assert_answer(false, false, "down", NULL);
    set(&things[0], false, 0);
    assert_answer(true, true, "up", NULL);
}

static void what_hangs_is_down_after_a_while_and_asked_once(void **state)
{
    uint64_t begun = sn__now_ns();

    (void)state;
    set(&things[0], true, 0);
    assert_answer(true, false, "down", "no answer within 2000 ms");
    /* Were each of these to wait, it would take minutes. */
    for (int i = 0; i < 100; i++)
        assert_answer(true, false, "down", "no answer within 2000 ms");
    assert_true(sn__now_ns() - begun < UINT64_C(60000000000));
    assert_int_equal(questions(&things[0]), 1);
    assert_int_equal(questions(&things[1]), 101);
    assert_answer(false, false, "down", NULL);
    set(&things[0], false, 0);
    await_ready();
    assert_answer(true, true, "up", NULL);
}

static void *ask_too(void *arg)
{
    bool is_ready;

    (void)arg;
    return health_ask(health, true, &is_ready);
}

static void who_asks_meanwhile_shares_the_answer(void **state)
{
    pthread_t threads[8];

    (void)state;
    set(&things[0], true, 0);
    for (int i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_too, NULL), 0);
    while (questions(&things[0]) == 0)
        sched_yield();
    set(&things[0], false, FAIL_UNAVAILABLE);
    for (int i = 0; i < 8; i++) {
        void *answer;

        pthread_join(threads[i], &answer);
        assert_check(answer, "one", "down", "it is gone");
        json_decref(answer);
    }
    /* One that came late asked anew. */
    assert_in_range(questions(&things[0]), 1, 8);
}

#define WITH(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(what_is_away_is_named_with_the_reason_if_it_may_be_told),
        WITH(what_hangs_is_down_after_a_while_and_asked_once),
        WITH(who_asks_meanwhile_shares_the_answer),
    };

    return cmocka_run_group_tests_name("health", tests, NULL, NULL);
}
