/* SPDX-License-Identifier: MIT */
#include "guard/guard.h"

#include "base/clock.h"

/* cmocka.h wants these first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * What guard.h promises, of whatever TEST_GUARD_URL names (default memory:). Where something must be refused, windows
 * and claims are a minute long, so that a machine that stalls changes nothing; where something must come to an end it
 * is waited for, and only that it did not come too early is asserted (to SLACK_MS, for Redis counts by another clock).
 */
#define LONG_MS 60000
#define SLACK_MS 5
#define PATIENCE_NS 30000000000ULL
#define THREADS 16

static struct guard *guard;

/* A name that no other test and no other run has used. */
struct name {
    char text[80];
};

static struct name new_name(void)
{
    static unsigned count;
    struct name name;

    snprintf(name.text, sizeof(name.text), "test:%d:%llu:%u", (int)getpid(), (unsigned long long)sn__now_ns(), count++);
    return name;
}

static int open_guard(void **state)
{
    const char *url = getenv("TEST_GUARD_URL");
    struct failure failure = {0};

    (void)state;
    if (guard_open(url ? url : "memory:", &guard, &failure) < 0) {
        print_message("%s\n", failure.message);
        return -1;
    }
    return 0;
}

static int close_guard(void **state)
{
    (void)state;
    guard_close(guard);
    return 0;
}

static int claim(const struct name *name, const char *owner, uint64_t ttl_ms)
{
    struct failure failure = {0};
    int result = guard_claim(guard, name->text, owner, ttl_ms, &failure);

    if (result < 0)
        fail_msg("claim: %s", failure.message);
    return result;
}

static int release(const struct name *name, const char *owner)
{
    struct failure failure = {0};

    return guard_release(guard, name->text, owner, &failure);
}

static struct guard_rate ask(const struct name *name, uint32_t limit, uint64_t window_ms, uint32_t cost)
{
    struct failure failure = {0};
    struct guard_rate rate = {0};

    if (guard_rate(guard, name->text, limit, window_ms, cost, &rate, &failure) != 0)
        fail_msg("rate: %s", failure.message);
    assert_int_equal(rate.limit, limit);
    assert_true(rate.is_allowed == (rate.retry_after_ms == 0));
    assert_true(rate.remaining <= limit);
    return rate;
}

static void assert_patience(uint64_t since)
{
    assert_true(sn__now_ns() - since < PATIENCE_NS);
    usleep(1000);
}

static uint64_t ms_since(uint64_t since)
{
    return (sn__now_ns() - since) / 1000000;
}

static void it_answers_a_ping(void **state)
{
    struct failure failure = {0};

    (void)state;
    assert_int_equal(guard_ping(guard, &failure), 0);
}

static void a_claim_keeps_others_out_and_its_owner_in(void **state)
{
    struct name name = new_name();
    struct name other = new_name();

    (void)state;
    assert_int_equal(claim(&name, "a", LONG_MS), 1);
    assert_int_equal(claim(&name, "b", LONG_MS), 0);
    assert_int_equal(claim(&name, "a", LONG_MS), 1);
    assert_int_equal(claim(&name, "b", LONG_MS), 0);
    assert_int_equal(claim(&other, "b", LONG_MS), 1);
}

static void a_claim_is_released_by_its_owner_only(void **state)
{
    struct name name = new_name();

    (void)state;
    assert_int_equal(release(&name, "a"), 0);
    assert_int_equal(claim(&name, "a", LONG_MS), 1);
    assert_int_equal(release(&name, "b"), FAIL_CONFLICT);
    assert_int_equal(claim(&name, "b", LONG_MS), 0);
    assert_int_equal(release(&name, "a"), 0);
    assert_int_equal(claim(&name, "b", LONG_MS), 1);
    assert_int_equal(release(&name, "a"), FAIL_CONFLICT);
}

static void a_claim_ends_by_itself_and_not_before(void **state)
{
    struct name name = new_name();
    uint64_t before = sn__now_ns();

    (void)state;
    assert_int_equal(claim(&name, "a", 200), 1);
    while (claim(&name, "b", LONG_MS) == 0)
        assert_patience(before);
    assert_true(ms_since(before) + SLACK_MS >= 200);
    assert_int_equal(claim(&name, "a", LONG_MS), 0);
    assert_int_equal(release(&name, "a"), FAIL_CONFLICT);
}

static void a_claim_made_again_is_prolonged(void **state)
{
    struct name name = new_name();
    uint64_t before = sn__now_ns();

    (void)state;
    assert_int_equal(claim(&name, "a", 100), 1);
    assert_int_equal(claim(&name, "a", LONG_MS), 1);
    while (ms_since(before) < 300) {
        assert_int_equal(claim(&name, "b", LONG_MS), 0);
        usleep(1000);
    }
}

static void a_claim_that_has_ended_is_nobodys_to_release(void **state)
{
    struct name name = new_name();
    struct name witness = new_name();
    uint64_t before = sn__now_ns();

    (void)state;
    assert_int_equal(claim(&name, "a", 50), 1);
    assert_int_equal(claim(&witness, "a", 50), 1);
    while (claim(&witness, "b", LONG_MS) == 0)
        assert_patience(before);
    assert_int_equal(release(&name, "b"), 0);
    assert_int_equal(claim(&name, "b", LONG_MS), 1);
}

/* What has ended counts as nobody's even if nothing has swept it away yet: others that live stand before it. */
static void a_claim_that_has_ended_is_free_at_the_first_look(void **state)
{
    struct name name = new_name();

    (void)state;
    for (int i = 0; i < 200; i++) {
        struct name living = new_name();

        assert_int_equal(claim(&living, "a", LONG_MS), 1);
    }
    assert_int_equal(claim(&name, "a", 50), 1);
    usleep((50 + SLACK_MS) * 1000);
    assert_int_equal(claim(&name, "b", LONG_MS), 1);
}

static void taking_over_asks_nobody(void **state)
{
    struct name name = new_name();
    struct name free_name = new_name();
    struct failure failure = {0};

    (void)state;
    assert_int_equal(claim(&name, "a", LONG_MS), 1);
    assert_int_equal(guard_take_over(guard, name.text, "b", LONG_MS, &failure), 0);
    assert_int_equal(claim(&name, "a", LONG_MS), 0);
    assert_int_equal(release(&name, "a"), FAIL_CONFLICT);
    assert_int_equal(claim(&name, "b", LONG_MS), 1);
    assert_int_equal(guard_take_over(guard, free_name.text, "b", LONG_MS, &failure), 0);
    assert_int_equal(claim(&free_name, "a", LONG_MS), 0);
}

static void many_claims_that_ended_leave_the_living_alone(void **state)
{
    struct name living = new_name();
    struct name last = new_name();
    uint64_t before = sn__now_ns();

    (void)state;
    assert_int_equal(claim(&living, "a", LONG_MS), 1);
    for (int i = 0; i < 1000; i++) {
        struct name name = new_name();

        assert_int_equal(claim(&name, "a", 1), 1);
    }
    assert_int_equal(claim(&last, "a", 1), 1);
    while (claim(&last, "b", LONG_MS) == 0)
        assert_patience(before);
    for (int i = 0; i < 1000; i++) {
        struct name name = new_name();

        assert_int_equal(claim(&name, "b", LONG_MS), 1);
    }
    assert_int_equal(claim(&living, "b", LONG_MS), 0);
}

static void what_is_allowed_counts_down_to_none(void **state)
{
    struct name name = new_name();
    struct guard_rate rate;

    (void)state;
    for (uint32_t i = 0; i < 5; i++) {
        rate = ask(&name, 5, LONG_MS, 1);
        assert_true(rate.is_allowed);
        assert_int_equal(rate.remaining, 4 - i);
        assert_true(rate.reset_ms > 0 && rate.reset_ms <= LONG_MS);
    }
    for (int i = 0; i < 3; i++) {
        rate = ask(&name, 5, LONG_MS, 1);
        assert_false(rate.is_allowed);
        assert_int_equal(rate.remaining, 0);
        assert_true(rate.retry_after_ms <= rate.reset_ms);
        assert_true(rate.reset_ms <= LONG_MS);
    }
}

static void names_have_windows_of_their_own(void **state)
{
    struct name one = new_name();
    struct name two = new_name();

    (void)state;
    assert_true(ask(&one, 1, LONG_MS, 1).is_allowed);
    assert_false(ask(&one, 1, LONG_MS, 1).is_allowed);
    assert_true(ask(&two, 1, LONG_MS, 1).is_allowed);
}

static void a_cost_is_allowed_whole_or_not_at_all_and_what_is_refused_does_not_count(void **state)
{
    struct name name = new_name();

    (void)state;
    assert_int_equal(ask(&name, 10, LONG_MS, 8).remaining, 2);
    for (int i = 0; i < 5; i++) {
        struct guard_rate rate = ask(&name, 10, LONG_MS, 3);

        assert_false(rate.is_allowed);
        assert_int_equal(rate.remaining, 2);
    }
    assert_true(ask(&name, 10, LONG_MS, 2).is_allowed);
    assert_false(ask(&name, 10, LONG_MS, 1).is_allowed);
}

static void a_cost_of_nothing_only_looks(void **state)
{
    struct name name = new_name();
    struct guard_rate rate = ask(&name, 3, LONG_MS, 0);

    (void)state;
    assert_true(rate.is_allowed);
    assert_int_equal(rate.remaining, 3);
    assert_int_equal(rate.reset_ms, 0);
    ask(&name, 3, LONG_MS, 2);
    rate = ask(&name, 3, LONG_MS, 0);
    assert_true(rate.is_allowed);
    assert_int_equal(rate.remaining, 1);
    assert_true(rate.reset_ms > 0);
}

static void what_can_never_be_allowed_is_refused(void **state)
{
    struct name name = new_name();
    struct guard_rate rate = ask(&name, 3, LONG_MS, 4);

    (void)state;
    assert_false(rate.is_allowed);
    assert_int_equal(rate.remaining, 3);
    assert_int_equal(rate.retry_after_ms, LONG_MS);
    assert_false(ask(&name, 0, LONG_MS, 1).is_allowed);
    assert_false(ask(&name, UINT32_MAX - 1, LONG_MS, UINT32_MAX).is_allowed);
    assert_true(ask(&name, 3, LONG_MS, 3).is_allowed);
}

/* Units leave one by one as they came, each a window after it was allowed. */
static void the_window_slides(void **state)
{
    struct name name = new_name();
    uint64_t before[8];
    struct guard_rate rate;

    (void)state;
    for (int i = 0; i < 8; i++) {
        uint64_t began = sn__now_ns();

        do {
            before[i] = sn__now_ns();
            rate = ask(&name, 2, 200, 1);
            if (!rate.is_allowed) {
                assert_true(rate.retry_after_ms <= 200 && rate.retry_after_ms <= rate.reset_ms);
                assert_patience(began);
            }
        } while (!rate.is_allowed);
        if (i >= 2)
            assert_true(ms_since(before[i - 2]) + SLACK_MS >= 200);
        usleep(30000);
    }
}

static void who_waits_as_long_as_told_is_allowed(void **state)
{
    struct name name = new_name();
    struct guard_rate rate;

    (void)state;
    ask(&name, 4, 300, 1);
    usleep(20000);
    ask(&name, 4, 300, 3);
    /* All four fit only when the last grant has left: both times are the same. */
    rate = ask(&name, 4, 300, 4);
    if (!rate.is_allowed) {
        assert_int_equal(rate.retry_after_ms, rate.reset_ms);
        usleep((useconds_t)(rate.retry_after_ms + SLACK_MS) * 1000);
        assert_true(ask(&name, 4, 300, 4).is_allowed);
    }
}

static void an_empty_window_is_whole_again(void **state)
{
    struct name name = new_name();
    uint64_t before = sn__now_ns();
    struct guard_rate rate;

    (void)state;
    ask(&name, 7, 100, 7);
    for (;;) {
        rate = ask(&name, 7, 100, 0);
        if (rate.remaining == 7)
            break;
        assert_int_equal(rate.remaining, 0);
        assert_patience(before);
    }
    assert_int_equal(rate.reset_ms, 0);
}

/* What threads do is noted here and judged by the test: cmocka's assertions are for its own thread. */
struct asker {
    pthread_t thread;
    const struct name *name;
    uint32_t limit;
    uint64_t window_ms;
    uint64_t until;
    int calls;
    int allowed;
    int failed;
    struct span {
        uint64_t before;
        uint64_t after;
    } * spans;
};

static void *ask_often(void *arg)
{
    struct asker *asker = arg;

    for (int i = 0; i < asker->calls && (!asker->until || sn__now_ns() < asker->until); i++) {
        struct guard_rate rate = {0};
        uint64_t before = sn__now_ns();

        if (guard_rate(guard, asker->name->text, asker->limit, asker->window_ms, 1, &rate, NULL) != 0)
            asker->failed++;
        else if (rate.is_allowed)
            asker->spans[asker->allowed++] = (struct span){before, sn__now_ns()};
    }
    return NULL;
}

/* All that was allowed to all threads; the spans are the caller's to free. */
static size_t ask_together(struct asker what, struct span **ret_spans)
{
    struct asker askers[THREADS];
    struct span *all = calloc((size_t)THREADS * (size_t)what.calls, sizeof(*all));
    size_t count = 0;

    assert_non_null(all);
    for (int i = 0; i < THREADS; i++) {
        askers[i] = what;
        askers[i].spans = all + (size_t)i * (size_t)what.calls;
        assert_int_equal(pthread_create(&askers[i].thread, NULL, ask_often, &askers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(askers[i].thread, NULL);
        assert_int_equal(askers[i].failed, 0);
        memmove(all + count, askers[i].spans, (size_t)askers[i].allowed * sizeof(*all));
        count += (size_t)askers[i].allowed;
    }
    *ret_spans = all;
    return count;
}

static void assert_allowed_together(uint32_t limit, int calls, size_t expected)
{
    struct name name = new_name();
    struct span *spans;

    assert_int_equal(
        ask_together((struct asker){.name = &name, .limit = limit, .window_ms = LONG_MS, .calls = calls}, &spans),
        expected);
    free(spans);
}

static void threads_together_get_exactly_the_limit(void **state)
{
    (void)state;
    assert_allowed_together(100, 50, 100);
}

static void a_large_limit_is_kept_exactly_too(void **state)
{
    (void)state;
    assert_allowed_together(3000, 300, 3000);
}

static int compare_spans(const void *a, const void *b)
{
    const struct span *one = a;
    const struct span *two = b;

    return (one->before > two->before) - (one->before < two->before);
}

/* Whichever moment is looked at: of what was certainly allowed within a window from it there is no more than the limit.
 */
static void assert_never_more(uint32_t limit, uint64_t window_ms)
{
    uint64_t window = (window_ms - SLACK_MS) * 1000000, patience = 1500000000;
    struct span *spans = NULL;
    size_t count = 0;

    /* A busy machine takes longer to come to the limit at all. */
    for (; count < limit && patience < UINT64_C(100000000000); patience *= 4) {
        struct name name = new_name();
        const struct asker what = {
            .name = &name, .limit = limit, .window_ms = window_ms, .until = sn__now_ns() + patience, .calls = 20000};

        free(spans);
        count = ask_together(what, &spans);
    }
    assert_true(count >= limit);
    qsort(spans, count, sizeof(*spans), compare_spans);
    for (size_t i = 0; i < count; i++) {
        uint32_t within = 0;

        for (size_t j = i; j < count && spans[j].before < spans[i].before + window; j++)
            within += spans[j].after < spans[i].before + window;
        assert_true(within <= limit);
    }
    free(spans);
}

static void threads_never_get_more_than_the_limit_in_any_window(void **state)
{
    (void)state;
    assert_never_more(50, 200);
}

static void a_large_limit_is_never_exceeded_in_any_window(void **state)
{
    (void)state;
    assert_never_more(1500, 300);
}

struct claimer {
    pthread_t thread;
    const struct name *names;
    char owner[16];
    _Atomic int *claimed;
};

#define CONTESTED 100

static void *claim_all(void *arg)
{
    struct claimer *claimer = arg;

    for (int i = 0; i < CONTESTED; i++)
        if (guard_claim(guard, claimer->names[i].text, claimer->owner, LONG_MS, NULL) == 1)
            atomic_fetch_add(&claimer->claimed[i], 1);
    return NULL;
}

static void of_threads_that_claim_the_same_exactly_one_gets_it(void **state)
{
    static struct name names[CONTESTED];
    static _Atomic int claimed[CONTESTED];
    struct claimer claimers[THREADS];

    (void)state;
    for (int i = 0; i < CONTESTED; i++)
        names[i] = new_name();
    for (int i = 0; i < THREADS; i++) {
        claimers[i] = (struct claimer){.names = names, .claimed = claimed};
        snprintf(claimers[i].owner, sizeof(claimers[i].owner), "owner %d", i);
        assert_int_equal(pthread_create(&claimers[i].thread, NULL, claim_all, &claimers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(claimers[i].thread, NULL);
    for (int i = 0; i < CONTESTED; i++)
        assert_int_equal(claimed[i], 1);
}

static void nonsense_is_refused(void **state)
{
    static char huge[1000];
    struct guard_rate rate = {.limit = 77};
    struct guard *none = NULL;
    struct failure failure = {0};

    (void)state;
    memset(huge, 'x', sizeof(huge) - 1);
    assert_int_equal(guard_claim(guard, "", "a", LONG_MS, &failure), FAIL_INVALID);
    assert_int_equal(guard_claim(guard, "n", "", LONG_MS, &failure), FAIL_INVALID);
    assert_int_equal(guard_claim(guard, "n", "a", 0, &failure), FAIL_INVALID);
    assert_int_equal(guard_claim(guard, huge, "a", LONG_MS, &failure), FAIL_LIMIT);
    assert_int_equal(guard_take_over(guard, "n", "a", UINT64_MAX, &failure), FAIL_INVALID);
    assert_int_equal(guard_release(guard, "n", huge, &failure), FAIL_LIMIT);
    assert_int_equal(guard_rate(guard, "", 1, LONG_MS, 1, &rate, &failure), FAIL_INVALID);
    assert_int_equal(guard_rate(guard, "n", 1, 0, 1, &rate, &failure), FAIL_INVALID);
    assert_int_equal(rate.limit, 77);
    assert_int_equal(guard_open("http://localhost", &none, &failure), FAIL_INVALID);
    assert_int_equal(guard_open("memory:?bytes=many", &none, &failure), FAIL_INVALID);
    assert_null(none);
}

static void any_bytes_may_be_in_a_name(void **state)
{
    struct name name = new_name();

    (void)state;
    snprintf(name.text + strlen(name.text), 20, " \r\n'\"\xff\x01{}*");
    assert_int_equal(claim(&name, name.text, LONG_MS), 1);
    assert_int_equal(claim(&name, "b", LONG_MS), 0);
    assert_true(ask(&name, 1, LONG_MS, 1).is_allowed);
    assert_false(ask(&name, 1, LONG_MS, 1).is_allowed);
}

/* Whatever TEST_GUARD_URL says: only this one keeps it all in our own memory. */
static void a_million_addresses_do_not_fill_the_memory(void **state)
{
    struct guard *small = NULL;
    struct guard_rate rate = {0};
    char name[40];
    size_t before;
    size_t after;

    (void)state;
    assert_int_equal(guard_open("memory:?bytes=1048576", &small, NULL), 0);
    before = mallinfo2().uordblks;
    for (int i = 0; i < 1000000; i++) {
        snprintf(name, sizeof(name), "address %d", i);
        assert_int_equal(guard_rate(small, name, 10, LONG_MS, 1, &rate, NULL), 0);
        assert_true(rate.is_allowed);
    }
    after = mallinfo2().uordblks;
    guard_close(small);
    assert_true(after < before + 4 * 1048576);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_answers_a_ping),
        cmocka_unit_test(a_claim_keeps_others_out_and_its_owner_in),
        cmocka_unit_test(a_claim_is_released_by_its_owner_only),
        cmocka_unit_test(a_claim_ends_by_itself_and_not_before),
        cmocka_unit_test(a_claim_made_again_is_prolonged),
        cmocka_unit_test(a_claim_that_has_ended_is_nobodys_to_release),
        cmocka_unit_test(a_claim_that_has_ended_is_free_at_the_first_look),
        cmocka_unit_test(taking_over_asks_nobody),
        cmocka_unit_test(many_claims_that_ended_leave_the_living_alone),
        cmocka_unit_test(what_is_allowed_counts_down_to_none),
        cmocka_unit_test(names_have_windows_of_their_own),
        cmocka_unit_test(a_cost_is_allowed_whole_or_not_at_all_and_what_is_refused_does_not_count),
        cmocka_unit_test(a_cost_of_nothing_only_looks),
        cmocka_unit_test(what_can_never_be_allowed_is_refused),
        cmocka_unit_test(the_window_slides),
        cmocka_unit_test(who_waits_as_long_as_told_is_allowed),
        cmocka_unit_test(an_empty_window_is_whole_again),
        cmocka_unit_test(threads_together_get_exactly_the_limit),
        cmocka_unit_test(a_large_limit_is_kept_exactly_too),
        cmocka_unit_test(threads_never_get_more_than_the_limit_in_any_window),
        cmocka_unit_test(a_large_limit_is_never_exceeded_in_any_window),
        cmocka_unit_test(of_threads_that_claim_the_same_exactly_one_gets_it),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(any_bytes_may_be_in_a_name),
        cmocka_unit_test(a_million_addresses_do_not_fill_the_memory),
    };

    return cmocka_run_group_tests(tests, open_guard, close_guard);
}
