/* SPDX-License-Identifier: MIT */
/* Conformance of the queues: what becomes a dead letter, and what can be done with one. */
#include "queue_suite.h"

static void a_dead_letter_keeps_its_job_its_reason_and_its_time(void **state)
{
    struct queue *queue = open_queue(1, 0);
    struct queue_message message = publish(queue, "");
    struct delivery delivery = take(queue);
    struct dead_letter letter = {0};
    struct failure failure = {0};
    size_t count = 0;

    (void)state;
    settle(queue, &delivery, QUEUE_DEAD, "the store does not know it");
    wait_for_depth(queue, 0, 1);
    assert_done(queue_dead_list(queue, &letter, 1, &count, &failure), &failure);
    assert_int_equal(count, 1);
    assert_job(&letter.job, &message.job);
    assert_string_equal(letter.reason, "the store does not know it");
    assert_true(letter.at >= uuid_time_us(&message.job));
    assert_true(letter.at < uuid_time_us(&message.job) + 3600 * INT64_C(1000000));
    close_queue(queue);
}

static void after_so_many_deliveries_a_message_is_a_dead_letter(void **state)
{
    struct queue *queue = open_queue(1, 3);
    struct queue_message message = publish(queue, "");
    struct dead_letter letter = {0};
    struct failure failure = {0};

    (void)state;
    for (int i = 0; i < 3; i++) {
        struct delivery delivery = take(queue);

        assert_int_equal(delivery.is_redelivered, i > 0);
        settle(queue, &delivery, QUEUE_AGAIN, NULL);
    }
    wait_for_depth(queue, 0, 1);
    assert_nothing_to_take(queue, 100);
    assert_int_equal(queue_dead_take(queue, &message.job, &letter, &failure), 1);
    assert_job(&letter.job, &message.job);
    assert_string_equal(letter.reason, "delivery_limit");
    assert_true(letter.at > 0);
    close_queue(queue);
}

static void a_delivery_limit_of_one_forgives_nothing(void **state)
{
    struct queue *queue = open_queue(1, 1);
    struct delivery delivery;

    (void)state;
    publish(queue, "");
    delivery = take(queue);
    settle(queue, &delivery, QUEUE_AGAIN, NULL);
    wait_for_depth(queue, 0, 1);
    close_queue(queue);
}

static void dead_letters_are_listed_taken_and_purged(void **state)
{
    struct queue *queue = open_queue(1, 0);
    struct queue *observer = open_queue(0, 0);
    struct queue_message messages[5];
    struct dead_letter letters[5];
    struct failure failure = {0};
    struct uuid stranger;
    uint64_t purged = 0;
    size_t count = 0;

    (void)state;
    for (int i = 0; i < 5; i++) {
        struct delivery delivery = (messages[i] = publish(queue, ""), take(queue));

        settle(queue, &delivery, QUEUE_DEAD, "of no use");
    }
    wait_for_depth(observer, 0, 5);
    for (int round = 0; round < 3; round++) {
        assert_done(queue_dead_list(observer, letters, 4, &count, &failure), &failure);
        assert_int_equal(count, 4);
        for (int i = 0; i < 4; i++)
            assert_job(&letters[i].job, &messages[i].job);
        wait_for_depth(observer, 0, 5);
    }
    uuid_make(&stranger);
    assert_int_equal(queue_dead_take(observer, &stranger, letters, &failure), 0);
    wait_for_depth(observer, 0, 5);
    assert_int_equal(queue_dead_take(observer, &messages[2].job, letters, &failure), 1);
    assert_job(&letters[0].job, &messages[2].job);
    wait_for_depth(observer, 0, 4);
    assert_done(queue_dead_list(observer, letters, 5, &count, &failure), &failure);
    assert_int_equal(count, 4);
    assert_job(&letters[1].job, &messages[1].job);
    assert_job(&letters[2].job, &messages[3].job);
    assert_int_equal(queue_dead_take(observer, NULL, letters, &failure), 1);
    if (!is_broker()) /* which has its own idea of order once some were looked at */
        assert_job(&letters[0].job, &messages[0].job);
    wait_for_depth(observer, 0, 3);
    assert_done(queue_dead_purge(observer, &purged, &failure), &failure);
    assert_int_equal(purged, 3);
    assert_int_equal(queue_dead_take(observer, NULL, letters, &failure), 0);
    assert_done(queue_dead_list(observer, letters, 5, &count, &failure), &failure);
    assert_int_equal(count, 0);
    close_queue(queue);
    close_queue(observer);
}

static void a_long_reason_is_cut(void **state)
{
    struct queue *queue = open_queue(1, 0);
    struct delivery delivery = (publish(queue, ""), take(queue));
    struct dead_letter letter = {0};
    char reason[500];

    (void)state;
    memset(reason, 'x', sizeof(reason) - 1);
    reason[sizeof(reason) - 1] = '\0';
    settle(queue, &delivery, QUEUE_DEAD, reason);
    wait_for_depth(queue, 0, 1);
    assert_int_equal(queue_dead_take(queue, NULL, &letter, NULL), 1);
    reason[sizeof(letter.reason) - 1] = '\0';
    assert_string_equal(letter.reason, reason);
    close_queue(queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fresh_test(a_dead_letter_keeps_its_job_its_reason_and_its_time),
        fresh_test(after_so_many_deliveries_a_message_is_a_dead_letter),
        fresh_test(a_delivery_limit_of_one_forgives_nothing),
        fresh_test(dead_letters_are_listed_taken_and_purged),
        fresh_test(a_long_reason_is_cut),
    };

    return run_suite("dead letters", tests);
}
