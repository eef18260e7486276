/* SPDX-License-Identifier: MIT */
/* What is special to events over PostgreSQL: the connection that listens may be lost, and the database killed. */
#include "postgres_fixture.h"

#include <pthread.h>

#define HEARD_MAX 20000

/* What a subscriber or a receiver heard. */
struct ear {
    pthread_mutex_t mutex;
    size_t count;
    size_t losses;
    uint64_t sequences[HEARD_MAX];
};

static void hear(void *arg, const struct event *event)
{
    struct ear *ear = arg;

    pthread_mutex_lock(&ear->mutex);
    if (!event)
        ear->losses++;
    else if (ear->count < HEARD_MAX)
        ear->sequences[ear->count++] = event->sequence;
    pthread_mutex_unlock(&ear->mutex);
}

static void hear_control(void *arg, const struct uuid *job, enum control_kind kind, const void *data, size_t length)
{
    struct ear *ear = arg;
    char text[20] = "";

    (void)job;
    (void)kind;
    memcpy(text, data, length < sizeof(text) ? length : sizeof(text) - 1);
    pthread_mutex_lock(&ear->mutex);
    if (ear->count < HEARD_MAX)
        ear->sequences[ear->count++] = strtoull(text, NULL, 10);
    pthread_mutex_unlock(&ear->mutex);
}

static size_t count_of(struct ear *ear)
{
    size_t count;

    pthread_mutex_lock(&ear->mutex);
    count = ear->count;
    pthread_mutex_unlock(&ear->mutex);
    return count;
}

static size_t losses_of(struct ear *ear)
{
    size_t losses;

    pthread_mutex_lock(&ear->mutex);
    losses = ear->losses;
    pthread_mutex_unlock(&ear->mutex);
    return losses;
}

static struct ear *make_ear(void)
{
    struct ear *ear = calloc(1, sizeof(*ear));

    assert_non_null(ear);
    pthread_mutex_init(&ear->mutex, NULL);
    return ear;
}

/* 1, 2, 3, ...: no gap, no repeat. */
static void assert_complete(const struct ear *ear, size_t count)
{
    assert_int_equal(ear->count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(ear->sequences[i], i + 1);
}

static struct events *open_it(void)
{
    struct events *events = NULL;

    assert_done(events_open(url, &events, WHY));
    return events;
}

/* Until it is there: a publisher whose database is away tries again, and may not know what the first attempt did. */
static void publish(struct events *events, const struct uuid *job, uint64_t sequence)
{
    struct event event = {.job = *job, .sequence = sequence, .kind = EVENT_STDOUT, .data = "x", .length = 1};

    wait_for(events_publish(events, &event, 1, NULL) == 0);
}

static struct uuid new_job(void)
{
    struct uuid job;

    assert_int_equal(uuid_make(&job), 0);
    return job;
}

static void a_database_for_events_alone_needs_no_schema_of_a_store(void **state)
{
    struct store *store = NULL;
    const struct store_options options = {.may_migrate = true};
    struct ear *ear = make_ear();
    struct subscription *subscription;
    struct events *events;
    struct uuid job = new_job();

    (void)state;
    NEEDS_SERVER;
    events = open_it();
    assert_done(events_subscribe(events, &job, 0, hear, ear, &subscription, WHY));
    publish(events, &job, 1);
    wait_for(count_of(ear) == 1);
    /* And a store's schema may come later. */
    assert_done(store_open(url, &options, &store, WHY));
    store_close(store);
    publish(events, &job, 2);
    wait_for(count_of(ear) == 2);
    assert_done(events_ping(events, WHY));
    events_unsubscribe(events, subscription);
    events_close(events);
    assert_complete(ear, 2);
    free(ear);
}

static void whoever_loses_the_connection_is_told_and_misses_nothing(void **state)
{
    enum { EVENTS = 2000, BREAKS = 20 };
    struct ear *ear = make_ear();
    struct subscription *subscription;
    struct events *events;
    struct uuid job = new_job();

    (void)state;
    NEEDS_SERVER;
    events = open_it();
    assert_done(events_subscribe(events, &job, 0, hear, ear, &subscription, WHY));
    for (uint64_t i = 1; i <= EVENTS; i++) {
        if (i % (EVENTS / BREAKS) == 0)
            end_connections();
        publish(events, &job, i);
    }
    wait_for(count_of(ear) >= EVENTS);
    events_unsubscribe(events, subscription);
    events_close(events);
    assert_complete(ear, EVENTS);
    assert_true(ear->losses > 0);
    free(ear);
}

static void after_a_crash_subscribers_hear_of_it_and_of_what_comes_then(void **state)
{
    struct ear *ear = make_ear();
    struct ear *late = make_ear();
    struct subscription *subscription;
    struct subscription *late_subscription;
    struct events *events;
    struct uuid job = new_job();

    (void)state;
    NEEDS_SERVER;
    events = open_it();
    assert_done(events_subscribe(events, &job, 0, hear, ear, &subscription, WHY));
    for (uint64_t i = 1; i <= 10; i++)
        publish(events, &job, i);
    wait_for(count_of(ear) == 10);
    tell_server("kill");
    wait_for(losses_of(ear) == 1);
    /* Who comes now is told at once. */
    assert_done(events_subscribe(events, &job, 0, hear, late, &late_subscription, WHY));
    wait_for(losses_of(late) == 1);
    assert_int_equal(events_ping(events, NULL), FAIL_UNAVAILABLE);
    tell_server("start");
    for (uint64_t i = 9; i <= 20; i++)
        publish(events, &job, i);
    wait_for(count_of(ear) >= 20);
    wait_for(count_of(late) >= 12);
    wait_for(events_ping(events, NULL) == 0);
    events_unsubscribe(events, subscription);
    events_unsubscribe(events, late_subscription);
    events_close(events);
    /* 9 and 10 were there before the crash, and again after it. */
    assert_complete(ear, 20);
    assert_int_equal(ear->losses, 1);
    assert_int_equal(late->count, 12);
    free(ear);
    free(late);
}

static void what_is_told_to_an_executor_comes_once_and_in_order(void **state)
{
    enum { MESSAGES = 400 };
    struct ear *ear = make_ear();
    struct events *server;
    struct events *worker;
    struct uuid job = new_job();
    struct uuid other = new_job();

    (void)state;
    NEEDS_SERVER;
    server = open_it();
    worker = open_it();
    events_on_control(worker, hear_control, ear);
    assert_done(events_control(server, &job, CONTROL_STDIN, "77", 2, WHY)); /* nobody executes it yet */
    assert_done(events_watch(worker, &job, WHY));
    assert_done(events_watch(worker, &job, WHY));
    for (int i = 1; i <= MESSAGES; i++) {
        char text[20];

        if (i % 40 == 0)
            end_connections();
        if (i == MESSAGES / 2) {
            tell_server("kill");
            tell_server("start");
        }
        snprintf(text, sizeof(text), "%d", i);
        wait_for(events_control(server, &job, CONTROL_STDIN, text, strlen(text), NULL) == 0);
        wait_for(count_of(ear) >= (size_t)i || i % 7 != 0);
        assert_done(events_control(server, &other, CONTROL_STDIN, "99", 2, WHY));
        /* What a crash takes away before it was heard is lost: so let it be heard before. */
        if (i == MESSAGES / 2 - 1)
            wait_for(count_of(ear) == (size_t)i);
    }
    wait_for(count_of(ear) >= MESSAGES);
    events_unwatch(worker, &job);
    assert_done(events_control(server, &job, CONTROL_CANCEL, NULL, 0, WHY));
    events_close(worker);
    events_close(server);
    assert_complete(ear, MESSAGES);
    free(ear);
}

/* Senders of several processes at once: each one's messages stay in its order, and none is lost. */
struct sender {
    pthread_t thread;
    struct events *events;
    struct uuid job;
    int from;
    int failed;
};

static void *send_hundred(void *arg)
{
    struct sender *sender = arg;

    for (int i = 0; i < 100; i++) {
        char text[20];

        snprintf(text, sizeof(text), "%d", sender->from + i);
        sender->failed |= events_control(sender->events, &sender->job, CONTROL_STDIN, text, strlen(text), NULL) != 0;
    }
    return NULL;
}

static void of_several_senders_at_once_nothing_is_lost(void **state)
{
    enum { SENDERS = 4 };
    struct ear *ear = make_ear();
    struct sender senders[SENDERS];
    struct events *worker;
    struct uuid job = new_job();

    (void)state;
    NEEDS_SERVER;
    worker = open_it();
    events_on_control(worker, hear_control, ear);
    assert_done(events_watch(worker, &job, WHY));
    for (int i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){.events = open_it(), .job = job, .from = 1000 * (i + 1)};
        assert_int_equal(pthread_create(&senders[i].thread, NULL, send_hundred, &senders[i]), 0);
    }
    for (int i = 0; i < SENDERS; i++) {
        pthread_join(senders[i].thread, NULL);
        assert_false(senders[i].failed);
        events_close(senders[i].events);
    }
    wait_for(count_of(ear) >= SENDERS * 100);
    events_close(worker);
    assert_int_equal(ear->count, SENDERS * 100);
    for (int i = 0; i < SENDERS; i++) {
        uint64_t next = 1000 * ((uint64_t)i + 1);

        for (size_t n = 0; n < ear->count; n++)
            if (ear->sequences[n] / 1000 == (uint64_t)i + 1)
                assert_int_equal(ear->sequences[n], next++);
    }
    free(ear);
}

static void closing_does_not_wait_for_a_database_that_is_away(void **state)
{
    struct ear *ear = make_ear();
    struct subscription *subscription;
    struct events *events;
    struct uuid job = new_job();

    (void)state;
    NEEDS_SERVER;
    events = open_it();
    tell_server("kill");
    assert_done(events_subscribe(events, &job, 0, hear, ear, &subscription, WHY));
    wait_for(losses_of(ear) > 0);
    events_unsubscribe(events, subscription);
    events_close(events);
    tell_server("start");
    free(ear);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_database_for_events_alone_needs_no_schema_of_a_store, make_database),
        cmocka_unit_test_setup(whoever_loses_the_connection_is_told_and_misses_nothing, make_database),
        cmocka_unit_test_setup(after_a_crash_subscribers_hear_of_it_and_of_what_comes_then, make_database),
        cmocka_unit_test_setup(what_is_told_to_an_executor_comes_once_and_in_order, make_database),
        cmocka_unit_test_setup(of_several_senders_at_once_nothing_is_lost, make_database),
        cmocka_unit_test_setup(closing_does_not_wait_for_a_database_that_is_away, make_database),
    };

    return cmocka_run_group_tests_name("events: PostgreSQL", tests, NULL, NULL);
}
