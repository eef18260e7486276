/* SPDX-License-Identifier: MIT */
#include "events/events.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "events_collector.h"

#include <malloc.h>
#include <stdio.h>

/* What events in memory promise beyond what every implementation does (events/memory.c, memory_channel.h). */

static struct events *open_memory(const char *url)
{
    struct events *events = NULL;
    struct failure failure = {0};

    if (events_open(url, &events, &failure) != 0)
        fail_msg("%s: %s", url, failure.message);
    return events;
}

static struct uuid new_job(void)
{
    struct uuid job;

    assert_int_equal(uuid_make(&job), 0);
    return job;
}

static int publish_one(struct events *events, const struct uuid *job, uint64_t sequence, size_t length)
{
    static char data[1 << 20];
    const struct event event = {.job = *job,
                                .sequence = sequence,
                                .kind = sequence == EVENT_SEQUENCE_END ? EVENT_END : EVENT_STDOUT,
                                .data = data,
                                .length = length};

    return events_publish(events, &event, 1, NULL);
}

static void ignore(void *arg, const struct event *event)
{
    (void)arg;
    (void)event;
}

/* How many are kept: in memory all of it is told before subscribing returns. */
static size_t count_kept(struct events *events, const struct uuid *job)
{
    struct subscription *subscription = NULL;
    struct collector collector;
    size_t count;

    collector_init(&collector, job);
    assert_int_equal(events_subscribe(events, job, 0, collector_add, &collector, &subscription, NULL), 0);
    events_unsubscribe(events, subscription);
    count = collector.count;
    collector_clear(&collector);
    return count;
}

static void nonsense_is_refused(void **state)
{
    static const char *const urls[] = {"memory:x",         "memory:?",           "memory:?bytes=", "memory:?bytes=1&",
                                       "memory:&bytes=12", "memory:?keep_ms=-1", "memory:?size=1", "memory:?bytes=1x"};
    struct events *events = open_memory("memory:?keep_ms=1000&bytes=1048576");
    struct uuid job = new_job();
    struct event event = {.job = job, .sequence = 0, .kind = EVENT_STATE};

    (void)state;
    for (size_t i = 0; i < SN_ARRAY_SIZE(urls); i++) {
        struct events *none = NULL;

        if (events_open(urls[i], &none, NULL) != FAIL_INVALID)
            fail_msg("%s is not refused", urls[i]);
        assert_null(none);
    }
    assert_int_equal(events_publish(events, &event, 1, NULL), FAIL_INVALID);
    event.sequence = EVENT_SEQUENCE_END + 1;
    assert_int_equal(events_publish(events, &event, 1, NULL), FAIL_INVALID);
    event = (struct event){.job = job, .sequence = 1, .kind = EVENT_END + 1};
    assert_int_equal(events_publish(events, &event, 1, NULL), FAIL_INVALID);
    assert_int_equal(events_control(events, &job, CONTROL_STDIN_END + 1, NULL, 0, NULL), FAIL_INVALID);
    assert_int_equal(count_kept(events, &job), 0);
    events_close(events);
}

struct gate {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool is_within;
    bool is_open;
    struct events *events;
    struct uuid job;
};

static void wait_at_gate(void *arg, const struct event *event)
{
    struct gate *gate = arg;
    struct timespec until = collector_deadline();

    (void)event;
    pthread_mutex_lock(&gate->mutex);
    gate->is_within = true;
    pthread_cond_broadcast(&gate->changed);
    while (!gate->is_open)
        if (pthread_cond_timedwait(&gate->changed, &gate->mutex, &until) != 0)
            break;
    pthread_mutex_unlock(&gate->mutex);
}

static void *publish_to_gate(void *arg)
{
    struct gate *gate = arg;

    publish_one(gate->events, &gate->job, EVENT_SEQUENCE_END, 1000);
    return NULL;
}

static void await_within(struct gate *gate)
{
    struct timespec until = collector_deadline();
    int error = 0;

    pthread_mutex_lock(&gate->mutex);
    while (!gate->is_within && error == 0)
        error = pthread_cond_timedwait(&gate->changed, &gate->mutex, &until);
    pthread_mutex_unlock(&gate->mutex);
    assert_int_equal(error, 0);
}

/*
 * Also not when the busy job is the first whose log would have to go. If it were waited for, that would take the half
 * minute for which the function waits.
 */
static void a_function_that_runs_holds_up_no_other_job(void **state)
{
    struct gate gate = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .job = new_job()};
    struct subscription *subscription = NULL;
    struct subscription *another = NULL;
    uint64_t before;
    pthread_t publisher;

    (void)state;
    gate.events = open_memory("memory:?bytes=25000&keep_ms=0");
    assert_int_equal(publish_one(gate.events, &gate.job, 1, 20000), 0);
    assert_int_equal(events_subscribe(gate.events, &gate.job, 1, wait_at_gate, &gate, &subscription, NULL), 0);
    assert_int_equal(pthread_create(&publisher, NULL, publish_to_gate, &gate), 0);
    await_within(&gate);
    before = sn__now_ns();
    for (int i = 0; i < 100; i++) {
        struct uuid job = new_job();

        assert_int_equal(publish_one(gate.events, &job, 1, 10000), 0);
        assert_int_equal(events_subscribe(gate.events, &job, 0, ignore, NULL, &another, NULL), 0);
        assert_int_equal(publish_one(gate.events, &job, EVENT_SEQUENCE_END, 10000), 0);
        assert_int_equal(events_watch(gate.events, &job, NULL), 0);
        assert_int_equal(events_control(gate.events, &gate.job, CONTROL_CANCEL, NULL, 0, NULL), 0);
        events_unwatch(gate.events, &job);
        events_unsubscribe(gate.events, another);
        assert_int_equal(events_forget(gate.events, &job, NULL), 0);
        assert_int_equal(events_ping(gate.events, NULL), 0);
    }
    assert_true(sn__now_ns() - before < 25000000000ULL);
    pthread_mutex_lock(&gate.mutex);
    gate.is_open = true;
    pthread_cond_broadcast(&gate.changed);
    pthread_mutex_unlock(&gate.mutex);
    pthread_join(publisher, NULL);
    events_unsubscribe(gate.events, subscription);
    events_close(gate.events);
}

/* Leaves when it has heard so many. */
struct leaver {
    struct events *events;
    struct subscription *subscription;
    struct subscription *neighbour;
    unsigned count;
    unsigned leave_at;
};

static void leave_from_within(void *arg, const struct event *event)
{
    struct leaver *leaver = arg;

    (void)event;
    if (++leaver->count == leaver->leave_at) {
        events_unsubscribe(leaver->events, leaver->subscription);
        events_unsubscribe(leaver->events, leaver->neighbour);
    }
}

static void who_unsubscribes_from_within_its_function_is_not_called_again(void **state)
{
    struct events *events = open_memory("memory:");
    struct uuid job = new_job();
    struct leaver live = {.events = events, .leave_at = 2};
    struct leaver late = {.events = events, .leave_at = 3};
    struct leaver neighbour = {.events = events};

    (void)state;
    assert_int_equal(events_subscribe(events, &job, 0, leave_from_within, &live, &live.subscription, NULL), 0);
    assert_int_equal(events_subscribe(events, &job, 0, leave_from_within, &neighbour, &live.neighbour, NULL), 0);
    for (uint64_t i = 1; i <= 5; i++)
        assert_int_equal(publish_one(events, &job, i, 10), 0);
    assert_int_equal(live.count, 2);
    assert_int_equal(neighbour.count, 1);
    assert_int_equal(events_subscribe(events, &job, 0, leave_from_within, &late, &late.subscription, NULL), 0);
    assert_int_equal(late.count, 3);
    assert_int_equal(publish_one(events, &job, 6, 10), 0);
    assert_int_equal(late.count, 3);
    assert_int_equal(count_kept(events, &job), 6);
    events_close(events);
}

static void *forget_often(void *arg)
{
    struct publisher *publisher = arg;

    while (atomic_load(&publisher->acknowledged) <= publisher->last)
        events_forget(publisher->events, &publisher->job, NULL);
    return NULL;
}

static void who_is_subscribed_hears_all_while_it_is_forgotten_all_the_time(void **state)
{
    struct publisher publisher = {.events = open_memory("memory:"), .job = new_job(), .last = 20000, .seed = 3};
    struct subscription *subscription = NULL;
    struct collector collector;
    pthread_t forgetter;

    (void)state;
    collector_init(&collector, &publisher.job);
    assert_int_equal(
        events_subscribe(publisher.events, &publisher.job, 0, collector_add, &collector, &subscription, NULL), 0);
    assert_int_equal(pthread_create(&forgetter, NULL, forget_often, &publisher), 0);
    publish_all(&publisher);
    pthread_join(forgetter, NULL);
    assert_int_equal(publisher.error, 0);
    collector_end(&collector, publisher.events, subscription);
    assert_int_equal(collector.count, publisher.last + 1);
    assert_true(is_gapless(&collector, 0, publisher.last));
    collector_clear(&collector);
    events_close(publisher.events);
}

static void what_ended_and_is_never_forgotten_goes_by_age(void **state)
{
    struct events *events = open_memory("memory:?keep_ms=100");
    struct uuid ended = new_job();
    struct uuid going = new_job();
    uint64_t before = sn__now_ns();

    (void)state;
    assert_int_equal(publish_one(events, &going, 1, 10), 0);
    assert_int_equal(publish_one(events, &ended, 1, 10), 0);
    assert_int_equal(publish_one(events, &ended, EVENT_SEQUENCE_END, 10), 0);
    while (count_kept(events, &ended) > 0) {
        assert_true(sn__now_ns() - before < 30000000000ULL);
        assert_int_equal(events_ping(events, NULL), 0);
    }
    assert_true(sn__now_ns() - before >= 100000000);
    assert_int_equal(count_kept(events, &going), 1);
    events_close(events);
}

static void what_exceeds_the_memory_of_all_goes_from_the_oldest_end_on(void **state)
{
    enum { JOBS = 64 };
    struct events *events = open_memory("memory:?bytes=1048576");
    struct uuid going = new_job();
    struct uuid ended[JOBS];
    size_t kept = 0;

    (void)state;
    assert_int_equal(publish_one(events, &going, 1, 100000), 0);
    for (size_t i = 0; i < JOBS; i++) {
        ended[i] = new_job();
        assert_int_equal(publish_one(events, &ended[i], 1, 64000), 0);
        assert_int_equal(publish_one(events, &ended[i], EVENT_SEQUENCE_END, 10), 0);
    }
    assert_int_equal(count_kept(events, &going), 1);
    for (size_t i = 0; i < JOBS; i++) {
        size_t count = count_kept(events, &ended[i]);

        assert_true(kept == 0 || count == 2);
        kept += count == 2;
    }
    assert_true(kept >= 12 && kept <= 16);
    /* With none left that ended, those go of which nothing was heard for the longest time. */
    for (size_t i = 0; i < JOBS; i++) {
        ended[i] = new_job();
        assert_int_equal(publish_one(events, &ended[i], 1, 64000), 0);
    }
    assert_int_equal(count_kept(events, &going), 0);
    assert_int_equal(count_kept(events, &ended[0]), 0);
    assert_int_equal(count_kept(events, &ended[JOBS - 1]), 1);
    events_close(events);
}

static void nothing_is_left_of_jobs_that_were_forgotten(void **state)
{
    struct events *events = open_memory("memory:");
    size_t before = mallinfo2().uordblks;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        struct subscription *subscription = NULL;
        struct uuid job = new_job();

        assert_int_equal(events_watch(events, &job, NULL), 0);
        assert_int_equal(events_subscribe(events, &job, 0, ignore, NULL, &subscription, NULL), 0);
        assert_int_equal(publish_one(events, &job, 1, 100), 0);
        assert_int_equal(publish_one(events, &job, EVENT_SEQUENCE_END, 100), 0);
        events_unwatch(events, &job);
        events_unsubscribe(events, subscription);
        assert_int_equal(events_forget(events, &job, NULL), 0);
    }
    assert_true(mallinfo2().uordblks < before + 100000);
    events_close(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(a_function_that_runs_holds_up_no_other_job),
        cmocka_unit_test(who_unsubscribes_from_within_its_function_is_not_called_again),
        cmocka_unit_test(who_is_subscribed_hears_all_while_it_is_forgotten_all_the_time),
        cmocka_unit_test(what_ended_and_is_never_forgotten_goes_by_age),
        cmocka_unit_test(what_exceeds_the_memory_of_all_goes_from_the_oldest_end_on),
        cmocka_unit_test(nothing_is_left_of_jobs_that_were_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
