/* SPDX-License-Identifier: MIT */
#include "events/events.h"

#include "base/cleanup.h"
#include "events_collector.h"

#include <stdio.h>

/*
 * What events.h promises, of whatever TEST_EVENTS_URL names (default memory:). Functions may be called on any thread
 * and some time later, so tests wait for what must come. That something does not come is looked at after the end of
 * the subscription, or after something else that was sent later has come.
 */
static struct events *events;
static const char *url;

static int open_events(void **state)
{
    struct failure failure = {0};

    (void)state;
    url = getenv("TEST_EVENTS_URL");
    if (!url)
        url = "memory:";
    if (events_open(url, &events, &failure) < 0) {
        print_message("%s\n", failure.message);
        return -1;
    }
    return 0;
}

static int close_events(void **state)
{
    (void)state;
    events_close(events);
    return 0;
}

static struct uuid new_job(void)
{
    struct uuid job;

    assert_int_equal(uuid_make(&job), 0);
    return job;
}

static struct event event_of(const struct uuid *job, uint64_t sequence, enum event_kind kind, const char *text)
{
    return (struct event){.job = *job, .sequence = sequence, .kind = kind, .data = text, .length = strlen(text)};
}

static void publish(const struct event *list, size_t count)
{
    struct failure failure = {0};

    if (events_publish(events, list, count, &failure) != 0)
        fail_msg("publish: %s", failure.message);
}

/* Those from `first` to `last` as output, each with its own number as its data, in one call. */
static int publish_range_to(struct events *to, const struct uuid *job, uint64_t first, uint64_t last)
{
    struct event list[64];
    char text[64][24];
    size_t count = 0;

    for (uint64_t at = first; at <= last; at++) {
        snprintf(text[count], sizeof(text[count]), "%llu", (unsigned long long)at);
        list[count] = event_of(job, at, EVENT_STDOUT, text[count]);
        if (++count == SN_ARRAY_SIZE(list) || at == last) {
            int error = events_publish(to, list, count, NULL);

            if (error != 0)
                return error;
            count = 0;
        }
    }
    return 0;
}

static void publish_range(const struct uuid *job, uint64_t first, uint64_t last)
{
    assert_int_equal(publish_range_to(events, job, first, last), 0);
}

static void publish_end(const struct uuid *job)
{
    const struct event end = event_of(job, EVENT_SEQUENCE_END, EVENT_END, "{\"status\":\"completed\"}");

    publish(&end, 1);
}

static struct subscription *subscribe(const struct uuid *job, uint64_t after, struct collector *collector)
{
    struct subscription *subscription = NULL;
    struct failure failure = {0};

    collector_init(collector, job);
    if (events_subscribe(events, job, after, collector_add, collector, &subscription, &failure) != 0)
        fail_msg("subscribe: %s", failure.message);
    assert_non_null(subscription);
    return subscription;
}

/* Everything from `first` to `last` and nothing else, each with its number as data. */
static bool is_range(const struct collector *collector, uint64_t first, uint64_t last)
{
    if (!collector_is_clean(collector) || collector->count != last - first + 1)
        return false;
    for (size_t i = 0; i < collector->count; i++) {
        char text[24];
        int length = snprintf(text, sizeof(text), "%llu", (unsigned long long)first + i);

        if (collector->heard[i].sequence != first + i || collector->heard[i].length != (size_t)length ||
            memcmp(collector->heard[i].data, text, (size_t)length) != 0)
            return false;
    }
    return true;
}

/* What is there of a job now, to its end or to a sequence: waited for, and then looked at. */
static void collect(const struct uuid *job, uint64_t after, uint64_t until, struct collector *collector)
{
    struct subscription *subscription = subscribe(job, after, collector);

    assert_true(collector_wait(collector, 1, until));
    collector_end(collector, events, subscription);
    assert_true(collector_is_clean(collector));
}

static void it_answers_a_ping(void **state)
{
    struct failure failure = {0};

    (void)state;
    assert_int_equal(events_ping(events, &failure), 0);
}

static void a_url_of_nothing_is_refused(void **state)
{
    struct events *none = NULL;

    (void)state;
    assert_int_equal(events_open("http://localhost", &none, NULL), FAIL_INVALID);
    assert_null(none);
}

static void what_happens_is_told_as_it_was_published(void **state)
{
    static const char bytes[] = "\0\xff\x01'\\\n";
    struct uuid job = new_job();
    struct event list[7] = {event_of(&job, EVENT_SEQUENCE(1, 1), EVENT_STATE, "{\"status\":\"compiling\"}"),
                            event_of(&job, EVENT_SEQUENCE(1, 2), EVENT_COMPILE, "warning"),
                            event_of(&job, EVENT_SEQUENCE(1, 3), EVENT_STDOUT, ""),
                            event_of(&job, EVENT_SEQUENCE(1, 4), EVENT_STDERR, ""),
                            event_of(&job, EVENT_SEQUENCE(1, 5), EVENT_CASE, "{\"index\":0}"),
                            event_of(&job, EVENT_SEQUENCE(1, UINT32_MAX), EVENT_STATE, "{}"),
                            event_of(&job, EVENT_SEQUENCE_END, EVENT_END, "{}")};
    struct collector live;
    struct collector late;
    struct subscription *subscription = subscribe(&job, 0, &live);

    (void)state;
    list[2].data = bytes;
    list[2].length = sizeof(bytes) - 1;
    list[3].data = NULL;
    publish(list, 3);
    publish(list + 3, 4);
    assert_true(collector_wait(&live, 7, 0));
    collector_end(&live, events, subscription);
    collect(&job, 0, EVENT_SEQUENCE_END, &late);
    assert_true(collector_is_clean(&live));
    for (size_t i = 0; i < 7; i++) {
        const struct heard *both[] = {&live.heard[i], &late.heard[i]};

        for (size_t j = 0; j < 2; j++) {
            assert_true(both[j]->sequence == list[i].sequence);
            assert_int_equal(both[j]->kind, list[i].kind);
            assert_int_equal(both[j]->length, list[i].length);
            if (list[i].length > 0)
                assert_memory_equal(both[j]->data, list[i].data, list[i].length);
        }
    }
    assert_int_equal(live.count, 7);
    assert_int_equal(late.count, 7);
    collector_clear(&live);
    collector_clear(&late);
}

static void what_is_kept_comes_first_from_where_one_says(void **state)
{
    struct uuid job = new_job();

    (void)state;
    publish_range(&job, 1, 100);
    for (uint64_t after = 0; after < 100; after += 33) {
        struct collector collector;

        collect(&job, after, 100, &collector);
        assert_true(is_range(&collector, after + 1, 100));
        collector_clear(&collector);
    }
}

static void what_happens_later_comes_after_what_is_kept(void **state)
{
    struct uuid job = new_job();
    struct collector collector;
    struct subscription *subscription;

    (void)state;
    publish_range(&job, 1, 50);
    subscription = subscribe(&job, 20, &collector);
    publish_range(&job, 51, 70);
    assert_true(collector_wait(&collector, 50, 0));
    collector_end(&collector, events, subscription);
    assert_true(is_range(&collector, 21, 70));
    collector_clear(&collector);
}

static void jobs_in_one_call_do_not_mix(void **state)
{
    struct uuid jobs[3] = {new_job(), new_job(), new_job()};
    struct collector collectors[3];
    struct subscription *subscriptions[3];
    struct event list[30];
    char text[10][24];

    (void)state;
    for (size_t i = 0; i < 3; i++)
        subscriptions[i] = subscribe(&jobs[i], 0, &collectors[i]);
    for (size_t i = 0; i < 30; i++) {
        snprintf(text[i / 3], sizeof(text[0]), "%zu", i / 3 + 1);
        list[i] = event_of(&jobs[i % 3], i / 3 + 1, EVENT_STDERR, text[i / 3]);
    }
    publish(list, 30);
    for (size_t i = 0; i < 3; i++) {
        assert_true(collector_wait(&collectors[i], 10, 0));
        collector_end(&collectors[i], events, subscriptions[i]);
        assert_true(is_range(&collectors[i], 1, 10));
        collector_clear(&collectors[i]);
    }
}

static void what_is_published_again_is_dropped(void **state)
{
    struct uuid job = new_job();
    struct collector live;
    struct collector late;
    struct subscription *subscription = subscribe(&job, 0, &live);

    (void)state;
    publish_range(&job, 1, 10);
    publish_range(&job, 1, 10);
    publish_range(&job, 6, 15);
    publish_range(&job, 3, 3);
    publish_range(&job, 16, 16);
    assert_true(collector_wait(&live, 16, 16));
    collector_end(&live, events, subscription);
    assert_true(is_range(&live, 1, 16));
    collect(&job, 0, 16, &late);
    assert_true(is_range(&late, 1, 16));
    collector_clear(&live);
    collector_clear(&late);
}

static void what_is_published_again_takes_no_room(void **state)
{
    static char part[64 << 10];
    struct uuid job = new_job();
    struct event event = {.job = job, .sequence = 1, .kind = EVENT_STDOUT, .data = part, .length = sizeof(part)};
    struct collector late;

    (void)state;
    for (size_t i = 0; i < 2 * EVENTS_JOB_BYTES / sizeof(part); i++)
        publish(&event, 1);
    event.sequence = 2;
    publish(&event, 1);
    publish_end(&job);
    collect(&job, 0, EVENT_SEQUENCE_END, &late);
    assert_int_equal(late.count, 3);
    collector_clear(&late);
}

/* A second attempt's come after all of the first one's, and the end is the greatest of all. */
static void attempts_come_one_after_the_other_and_then_the_end(void **state)
{
    struct uuid job = new_job();
    const struct event list[] = {event_of(&job, EVENT_SEQUENCE(1, 1), EVENT_STATE, "{}"),
                                 event_of(&job, EVENT_SEQUENCE(1, 4000000000U), EVENT_STDOUT, "first"),
                                 event_of(&job, EVENT_SEQUENCE(2, 1), EVENT_STATE, "{}"),
                                 event_of(&job, EVENT_SEQUENCE(2, 2), EVENT_STDOUT, "second"),
                                 event_of(&job, EVENT_SEQUENCE_END, EVENT_END, "{}")};
    struct collector live;
    struct collector late;
    struct subscription *subscription = subscribe(&job, 0, &live);

    (void)state;
    for (size_t i = 0; i < SN_ARRAY_SIZE(list); i++)
        publish(&list[i], 1);
    assert_true(collector_wait(&live, 5, EVENT_SEQUENCE_END));
    /* What the first attempt's worker still says is not told to who has seen the end. */
    publish_range(&job, EVENT_SEQUENCE(1, 2), EVENT_SEQUENCE(1, 3));
    collector_end(&live, events, subscription);
    assert_int_equal(live.count, 5);
    assert_true(collector_is_clean(&live));
    collect(&job, EVENT_SEQUENCE(1, UINT32_MAX), EVENT_SEQUENCE_END, &late);
    assert_int_equal(late.count, 3);
    assert_true(late.heard[0].sequence == EVENT_SEQUENCE(2, 1));
    collector_clear(&live);
    collector_clear(&late);
}

static void what_is_forgotten_is_not_told_and_who_is_subscribed_stays_so(void **state)
{
    struct uuid job = new_job();
    struct uuid unknown = new_job();
    struct collector live;
    struct collector late;
    struct subscription *subscription = subscribe(&job, 0, &live);

    (void)state;
    publish_range(&job, 1, 10);
    assert_true(collector_wait(&live, 10, 0));
    assert_int_equal(events_forget(events, &job, NULL), 0);
    assert_int_equal(events_forget(events, &unknown, NULL), 0);
    publish_range(&job, 11, 20);
    assert_true(collector_wait(&live, 20, 0));
    collect(&job, 0, 20, &late);
    collector_end(&live, events, subscription);
    assert_true(is_range(&live, 1, 20));
    assert_true(is_range(&late, 11, 20));
    assert_int_equal(events_forget(events, &job, NULL), 0);
    collector_clear(&live);
    collector_clear(&late);
}

/* 6 MiB of output, of which EVENTS_JOB_BYTES at most are kept: its beginning, and all that is not output. */
static void what_exceeds_the_bound_is_told_but_not_kept(void **state)
{
    enum { PARTS = 96, LENGTH = 64 << 10 };
    static char part[LENGTH];
    struct uuid job = new_job();
    struct event event;
    struct collector live;
    struct collector late;
    struct subscription *subscription = subscribe(&job, 0, &live);
    size_t outputs = 0;

    (void)state;
    for (uint64_t i = 1; i <= PARTS; i++) {
        memset(part, (int)i, sizeof(part));
        event = (struct event){.job = job, .sequence = i, .kind = EVENT_STDOUT, .data = part, .length = sizeof(part)};
        publish(&event, 1);
    }
    event = event_of(&job, PARTS + 1, EVENT_STATE, "{}");
    publish(&event, 1);
    event = event_of(&job, PARTS + 2, EVENT_CASE, "{}");
    publish(&event, 1);
    /* As small as it is, it is output, and some before it are missing already. */
    event = event_of(&job, PARTS + 3, EVENT_STDERR, "x");
    publish(&event, 1);
    publish_end(&job);
    assert_true(collector_wait(&live, 1, EVENT_SEQUENCE_END));
    collector_end(&live, events, subscription);
    assert_true(collector_is_clean(&live));
    assert_int_equal(live.count, PARTS + 4);
    collect(&job, 0, EVENT_SEQUENCE_END, &late);
    while (outputs < late.count && late.heard[outputs].kind == EVENT_STDOUT) {
        assert_int_equal(late.heard[outputs].sequence, outputs + 1);
        assert_int_equal(late.heard[outputs].length, LENGTH);
        assert_int_equal(late.heard[outputs].data[LENGTH - 1], outputs + 1);
        outputs++;
    }
    assert_true(outputs * LENGTH <= EVENTS_JOB_BYTES && outputs * LENGTH >= EVENTS_JOB_BYTES / 2);
    assert_int_equal(late.count, outputs + 3);
    assert_int_equal(late.heard[outputs].kind, EVENT_STATE);
    assert_int_equal(late.heard[outputs + 1].kind, EVENT_CASE);
    assert_int_equal(late.heard[outputs + 2].kind, EVENT_END);
    collector_clear(&live);
    collector_clear(&late);
}

static void unsubscribing_nothing_is_nothing(void **state)
{
    (void)state;
    events_unsubscribe(events, NULL);
}

struct slow {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool is_within;
    bool is_let_go;
    bool is_done;
};

static void be_slow(void *arg, const struct event *event)
{
    struct slow *slow = arg;
    struct timespec until = collector_deadline();

    if (!event)
        return;
    pthread_mutex_lock(&slow->mutex);
    slow->is_within = true;
    pthread_cond_broadcast(&slow->changed);
    while (!slow->is_let_go)
        if (pthread_cond_timedwait(&slow->changed, &slow->mutex, &until) != 0)
            break;
    pthread_mutex_unlock(&slow->mutex);
    /* Long enough for an unsubscribe that does not wait to be found out. */
    nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    pthread_mutex_lock(&slow->mutex);
    slow->is_done = true;
    pthread_mutex_unlock(&slow->mutex);
}

static void *publish_one(void *arg)
{
    publish_range_to(events, arg, 1, 1);
    return NULL;
}

static void unsubscribing_waits_until_the_function_has_returned(void **state)
{
    struct slow slow = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    struct uuid job = new_job();
    struct subscription *subscription = NULL;
    struct timespec until = collector_deadline();
    pthread_t publisher;
    int error = 0;

    (void)state;
    assert_int_equal(events_subscribe(events, &job, 0, be_slow, &slow, &subscription, NULL), 0);
    assert_int_equal(pthread_create(&publisher, NULL, publish_one, &job), 0);
    pthread_mutex_lock(&slow.mutex);
    while (!slow.is_within && error == 0)
        error = pthread_cond_timedwait(&slow.changed, &slow.mutex, &until);
    slow.is_let_go = true;
    pthread_cond_broadcast(&slow.changed);
    pthread_mutex_unlock(&slow.mutex);
    assert_int_equal(error, 0);
    events_unsubscribe(events, subscription);
    pthread_mutex_lock(&slow.mutex);
    assert_true(slow.is_done);
    pthread_mutex_unlock(&slow.mutex);
    pthread_join(publisher, NULL);
}

/* Another who opened the same is another process as far as anybody can see. */
static void who_opened_the_same_hears_the_same(void **state)
{
    struct uuid job = new_job();
    struct events *other = NULL;
    struct collector collector;
    struct subscription *subscription;

    (void)state;
    if (strncmp(url, "memory:", strlen("memory:")) == 0) {
        print_message("SKIP: memory: is of one process and one opener\n");
        skip();
    }
    assert_int_equal(events_open(url, &other, NULL), 0);
    assert_int_equal(publish_range_to(other, &job, 1, 30), 0);
    subscription = subscribe(&job, 10, &collector);
    assert_int_equal(publish_range_to(other, &job, 31, 40), 0);
    publish_range(&job, 41, 50);
    assert_true(collector_wait(&collector, 40, 0));
    collector_end(&collector, events, subscription);
    assert_true(is_range(&collector, 11, 50));
    assert_int_equal(events_forget(other, &job, NULL), 0);
    collector_clear(&collector);
    events_close(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_answers_a_ping),
        cmocka_unit_test(a_url_of_nothing_is_refused),
        cmocka_unit_test(what_happens_is_told_as_it_was_published),
        cmocka_unit_test(what_is_kept_comes_first_from_where_one_says),
        cmocka_unit_test(what_happens_later_comes_after_what_is_kept),
        cmocka_unit_test(jobs_in_one_call_do_not_mix),
        cmocka_unit_test(what_is_published_again_is_dropped),
        cmocka_unit_test(what_is_published_again_takes_no_room),
        cmocka_unit_test(attempts_come_one_after_the_other_and_then_the_end),
        cmocka_unit_test(what_is_forgotten_is_not_told_and_who_is_subscribed_stays_so),
        cmocka_unit_test(what_exceeds_the_bound_is_told_but_not_kept),
        cmocka_unit_test(unsubscribing_nothing_is_nothing),
        cmocka_unit_test(unsubscribing_waits_until_the_function_has_returned),
        cmocka_unit_test(who_opened_the_same_hears_the_same),
    };

    return cmocka_run_group_tests(tests, open_events, close_events);
}
