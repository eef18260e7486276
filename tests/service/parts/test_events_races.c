/* SPDX-License-Identifier: MIT */
#include "events/events.h"

#include "base/cleanup.h"
#include "events_collector.h"

#include <stdio.h>

/*
 * What events.h promises while threads publish, subscribe and unsubscribe as fast as they can, and the way back, of
 * whatever TEST_EVENTS_URL names (default memory:). Threads note what they see; the tests' own thread asserts.
 */
static struct events *events;

/* Of what a control_function was told: for each job and each sending thread the greatest number, and what is wrong. */
#define SENDERS 4
#define CONTROL_JOBS 3
static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct uuid jobs[CONTROL_JOBS];
    unsigned last[CONTROL_JOBS][SENDERS];
    unsigned total[CONTROL_JOBS];
    unsigned unordered;
    unsigned unknown;
    size_t last_length;
    enum control_kind last_kind;
    unsigned char last_byte;
} receiver = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

/* What threads send; data of another size is the test of sizes'. */
struct control_data {
    unsigned sender;
    unsigned number;
};

static void receive(void *arg, const struct uuid *job, enum control_kind kind, const void *data, size_t length)
{
    struct control_data sent = {0};

    (void)arg;
    pthread_mutex_lock(&receiver.mutex);
    receiver.last_kind = kind;
    receiver.last_length = length;
    receiver.last_byte = length > 0 ? ((const unsigned char *)data)[length - 1] : 0;
    for (size_t i = 0; i <= CONTROL_JOBS; i++) {
        if (i == CONTROL_JOBS) {
            receiver.unknown++;
        } else if (uuid_compare(job, &receiver.jobs[i]) == 0) {
            receiver.total[i]++;
            if (length != sizeof(sent))
                break;
            memcpy(&sent, data, sizeof(sent));
            receiver.unordered += sent.number != receiver.last[i][sent.sender] + 1;
            receiver.last[i][sent.sender] = sent.number;
            break;
        }
    }
    pthread_cond_broadcast(&receiver.changed);
    pthread_mutex_unlock(&receiver.mutex);
}

static int open_events(void **state)
{
    const char *url = getenv("TEST_EVENTS_URL");
    struct failure failure = {0};

    (void)state;
    if (events_open(url ? url : "memory:", &events, &failure) < 0) {
        print_message("%s\n", failure.message);
        return -1;
    }
    events_on_control(events, receive, NULL);
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

/* A thread that subscribes again and again from anywhere in what is there, hears some, and goes; at last to the end. */
struct visitor {
    pthread_t thread;
    struct publisher *publisher;
    unsigned seed;
    unsigned visits;
    const char *wrong;
};

static const char *visit(struct visitor *visitor, bool is_last)
{
    struct publisher *publisher = visitor->publisher;
    uint64_t there = atomic_load(&publisher->acknowledged);
    uint64_t after = there ? (uint64_t)rand_r(&visitor->seed) % (there < publisher->last ? there : publisher->last) : 0;
    size_t wanted = (size_t)rand_r(&visitor->seed) % 50;
    struct subscription *subscription = NULL;
    struct collector collector;
    const char *wrong = NULL;

    collector_init(&collector, &publisher->job);
    if (events_subscribe(events, &publisher->job, after, collector_add, &collector, &subscription, NULL) != 0)
        return "it cannot be subscribed to";
    if (wanted > publisher->last - after)
        wanted = publisher->last - after;
    if (!collector_wait(&collector, wanted, is_last ? EVENT_SEQUENCE_END : 0))
        wrong = "what was published did not come";
    collector_end(&collector, events, subscription);
    if (!wrong && !is_gapless(&collector, after, publisher->last))
        wrong = "there was a gap, a repetition or a confusion";
    if (!wrong && is_last && collector.count != publisher->last - after + 1)
        wrong = "it was not everything to the end";
    collector_clear(&collector);
    visitor->visits++;
    return wrong;
}

static void *visit_often(void *arg)
{
    struct visitor *visitor = arg;

    while (!visitor->wrong && atomic_load(&visitor->publisher->acknowledged) < visitor->publisher->last)
        visitor->wrong = visit(visitor, false);
    if (!visitor->wrong)
        visitor->wrong = visit(visitor, true);
    return NULL;
}

static void start_visitors(struct visitor *visitors, size_t count, struct publisher *publisher)
{
    for (size_t i = 0; i < count; i++) {
        visitors[i] = (struct visitor){.publisher = publisher, .seed = (unsigned)(i + 1)};
        assert_int_equal(pthread_create(&visitors[i].thread, NULL, visit_often, &visitors[i]), 0);
    }
}

static void join_visitors(struct visitor *visitors, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        pthread_join(visitors[i].thread, NULL);
        if (visitors[i].wrong)
            fail_msg("visitor %zu, visit %u: %s", i, visitors[i].visits, visitors[i].wrong);
    }
}

static void who_comes_while_it_happens_misses_nothing_and_hears_nothing_twice(void **state)
{
    struct publisher publisher = {.events = events, .job = new_job(), .last = 20000, .seed = 1};
    struct visitor visitors[4];

    (void)state;
    start_visitors(visitors, SN_ARRAY_SIZE(visitors), &publisher);
    assert_int_equal(pthread_create(&publisher.thread, NULL, publish_all, &publisher), 0);
    pthread_join(publisher.thread, NULL);
    assert_int_equal(publisher.error, 0);
    join_visitors(visitors, SN_ARRAY_SIZE(visitors));
    assert_int_equal(events_forget(events, &publisher.job, NULL), 0);
}

/* As after a failure whose publisher cannot know what got through, or with two workers of one attempt. */
static void what_two_publish_at_once_is_told_once(void **state)
{
    struct publisher publishers[2] = {{.events = events, .last = 5000, .seed = 1},
                                      {.events = events, .last = 5000, .seed = 2}};
    struct visitor visitors[2];

    (void)state;
    publishers[0].job = publishers[1].job = new_job();
    start_visitors(visitors, SN_ARRAY_SIZE(visitors), &publishers[0]);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&publishers[i].thread, NULL, publish_all, &publishers[i]), 0);
    for (size_t i = 0; i < 2; i++) {
        pthread_join(publishers[i].thread, NULL);
        assert_int_equal(publishers[i].error, 0);
    }
    join_visitors(visitors, SN_ARRAY_SIZE(visitors));
    assert_int_equal(events_forget(events, &publishers[0].job, NULL), 0);
}

static void many_jobs_at_once_are_kept_apart(void **state)
{
    enum { JOBS = 64 };
    static struct publisher publishers[JOBS];
    static struct visitor visitors[JOBS];

    (void)state;
    for (size_t i = 0; i < JOBS; i++) {
        publishers[i] = (struct publisher){.events = events, .job = new_job(), .last = 200, .seed = (unsigned)i};
        start_visitors(&visitors[i], 1, &publishers[i]);
    }
    for (size_t i = 0; i < JOBS; i++)
        assert_int_equal(pthread_create(&publishers[i].thread, NULL, publish_all, &publishers[i]), 0);
    for (size_t i = 0; i < JOBS; i++) {
        pthread_join(publishers[i].thread, NULL);
        assert_int_equal(publishers[i].error, 0);
        join_visitors(&visitors[i], 1);
        assert_int_equal(events_forget(events, &publishers[i].job, NULL), 0);
    }
}

/* Begins anew to count what comes for these jobs. */
static void reset_receiver(void)
{
    pthread_mutex_lock(&receiver.mutex);
    for (size_t i = 0; i < CONTROL_JOBS; i++)
        receiver.jobs[i] = new_job();
    memset(receiver.last, 0, sizeof(receiver.last));
    memset(receiver.total, 0, sizeof(receiver.total));
    receiver.unordered = receiver.unknown = 0;
    pthread_mutex_unlock(&receiver.mutex);
}

static unsigned await_total(size_t job, unsigned total)
{
    struct timespec until = collector_deadline();
    unsigned got;
    int error = 0;

    pthread_mutex_lock(&receiver.mutex);
    while (receiver.total[job] < total && error == 0)
        error = pthread_cond_timedwait(&receiver.changed, &receiver.mutex, &until);
    got = receiver.total[job];
    pthread_mutex_unlock(&receiver.mutex);
    return got;
}

static int send_control(size_t job, unsigned sender, unsigned number)
{
    const struct control_data data = {.sender = sender, .number = number};

    return events_control(events, &receiver.jobs[job], CONTROL_STDIN, &data, sizeof(data), NULL);
}

static void control_messages_carry_their_kind_and_data(void **state)
{
    static unsigned char data[CONTROL_DATA_MAX + 1];
    const struct uuid *job = &receiver.jobs[0];

    (void)state;
    reset_receiver();
    memset(data, 'z', sizeof(data));
    assert_int_equal(events_watch(events, job, NULL), 0);
    assert_int_equal(events_control(events, job, CONTROL_CANCEL, NULL, 0, NULL), 0);
    assert_int_equal(await_total(0, 1), 1);
    assert_int_equal(receiver.last_kind, CONTROL_CANCEL);
    assert_int_equal(receiver.last_length, 0);
    assert_int_equal(events_control(events, job, CONTROL_STDIN, "a\0b", 3, NULL), 0);
    assert_int_equal(await_total(0, 2), 2);
    assert_int_equal(receiver.last_kind, CONTROL_STDIN);
    assert_int_equal(receiver.last_length, 3);
    assert_int_equal(receiver.last_byte, 'b');
    assert_int_equal(events_control(events, job, CONTROL_STDIN, data, CONTROL_DATA_MAX, NULL), 0);
    assert_int_equal(await_total(0, 3), 3);
    assert_int_equal(receiver.last_length, CONTROL_DATA_MAX);
    assert_int_equal(receiver.last_byte, 'z');
    assert_int_equal(events_control(events, job, CONTROL_STDIN, data, CONTROL_DATA_MAX + 1, NULL), FAIL_LIMIT);
    assert_int_equal(events_control(events, job, CONTROL_STDIN_END, NULL, 0, NULL), 0);
    assert_int_equal(await_total(0, 4), 4);
    assert_int_equal(receiver.last_kind, CONTROL_STDIN_END);
    events_unwatch(events, job);
    assert_int_equal(receiver.unknown, 0);
}

static void only_watched_jobs_are_heard_of(void **state)
{
    struct subscription *subscription = NULL;
    struct collector collector;

    (void)state;
    reset_receiver();
    /* To be subscribed to a job is not to watch it. */
    collector_init(&collector, &receiver.jobs[0]);
    assert_int_equal(events_subscribe(events, &receiver.jobs[0], 0, collector_add, &collector, &subscription, NULL), 0);
    assert_int_equal(events_watch(events, &receiver.jobs[1], NULL), 0);
    assert_int_equal(events_watch(events, &receiver.jobs[2], NULL), 0);
    assert_int_equal(events_watch(events, &receiver.jobs[2], NULL), 0);
    assert_int_equal(send_control(0, 0, 1), 0);
    assert_int_equal(send_control(1, 0, 1), 0);
    assert_int_equal(send_control(2, 0, 1), 0);
    assert_int_equal(await_total(1, 1), 1);
    assert_int_equal(await_total(2, 1), 1);
    events_unwatch(events, &receiver.jobs[2]);
    assert_int_equal(send_control(2, 0, 2), 0);
    assert_int_equal(send_control(1, 0, 2), 0);
    assert_int_equal(await_total(1, 2), 2);
    assert_int_equal(receiver.total[0], 0);
    assert_int_equal(receiver.total[2], 1);
    events_unwatch(events, &receiver.jobs[1]);
    events_unwatch(events, &receiver.jobs[1]);
    events_unwatch(events, &receiver.jobs[0]);
    collector_end(&collector, events, subscription);
    assert_int_equal(collector.count, 0);
    collector_clear(&collector);
    assert_int_equal(receiver.unknown, 0);
}

#define MESSAGES 300

struct sender {
    pthread_t thread;
    unsigned number;
    int error;
};

static void *send_all(void *arg)
{
    struct sender *sender = arg;

    for (unsigned i = 1; i <= MESSAGES && sender->error == 0; i++)
        for (size_t job = 0; job < CONTROL_JOBS && sender->error == 0; job++)
            sender->error = send_control(job, sender->number, i);
    return NULL;
}

static void control_messages_of_a_thread_come_in_their_order(void **state)
{
    struct sender senders[SENDERS];

    (void)state;
    reset_receiver();
    for (size_t i = 0; i < CONTROL_JOBS; i++)
        assert_int_equal(events_watch(events, &receiver.jobs[i], NULL), 0);
    for (unsigned i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){.number = i};
        assert_int_equal(pthread_create(&senders[i].thread, NULL, send_all, &senders[i]), 0);
    }
    for (unsigned i = 0; i < SENDERS; i++) {
        pthread_join(senders[i].thread, NULL);
        assert_int_equal(senders[i].error, 0);
    }
    for (size_t i = 0; i < CONTROL_JOBS; i++) {
        assert_int_equal(await_total(i, SENDERS * MESSAGES), SENDERS * MESSAGES);
        events_unwatch(events, &receiver.jobs[i]);
    }
    assert_int_equal(receiver.unordered, 0);
    assert_int_equal(receiver.unknown, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_comes_while_it_happens_misses_nothing_and_hears_nothing_twice),
        cmocka_unit_test(what_two_publish_at_once_is_told_once),
        cmocka_unit_test(many_jobs_at_once_are_kept_apart),
        cmocka_unit_test(control_messages_carry_their_kind_and_data),
        cmocka_unit_test(only_watched_jobs_are_heard_of),
        cmocka_unit_test(control_messages_of_a_thread_come_in_their_order),
    };

    return cmocka_run_group_tests(tests, open_events, close_events);
}
