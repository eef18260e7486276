/* SPDX-License-Identifier: MIT */
/* Conformance of the queues: who may take, how much at once, and until when. */
#include "queue_suite.h"

#include <pthread.h>

static void no_more_than_the_prefetch_is_unsettled(void **state)
{
    struct queue *queue = open_queue(3, 0);
    struct delivery deliveries[3];

    (void)state;
    for (int i = 0; i < 6; i++)
        publish(queue, "");
    for (int i = 0; i < 3; i++)
        deliveries[i] = take(queue);
    assert_nothing_to_take(queue, 300);
    settle(queue, &deliveries[1], QUEUE_DONE, NULL);
    deliveries[1] = take(queue);
    assert_nothing_to_take(queue, 300);
    for (int i = 0; i < 3; i++)
        settle(queue, &deliveries[i], QUEUE_DONE, NULL);
    for (int i = 0; i < 2; i++) {
        deliveries[i] = take(queue);
        settle(queue, &deliveries[i], QUEUE_DONE, NULL);
    }
    assert_nothing_to_take(queue, 100);
    close_queue(queue);
}

static void *take_until_closed(void *arg)
{
    struct delivery delivery;

    return (void *)(intptr_t)queue_take(arg, PATIENCE_MS, &delivery, NULL);
}

static void stop_wakes_takers_and_lets_them_settle(void **state)
{
    struct queue *queue = open_queue(4, 0);
    struct delivery delivery = (publish(queue, ""), take(queue));
    pthread_t threads[3];

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_until_closed, queue), 0);
    usleep(50000); /* most likely they wait by now; it must hold as well if they do not */
    queue_stop(queue);
    for (int i = 0; i < 3; i++) {
        void *result;

        pthread_join(threads[i], &result);
        assert_int_equal((intptr_t)result, FAIL_CLOSED);
    }
    assert_int_equal(queue_take(queue, 0, &delivery, NULL), FAIL_CLOSED);
    publish(queue, "");
    wait_for_depth(queue, 1, 0);
    settle(queue, &delivery, QUEUE_DONE, NULL);
    close_queue(queue);
    queue = open_queue(4, 0);
    delivery = take(queue);
    settle(queue, &delivery, QUEUE_DONE, NULL);
    assert_nothing_to_take(queue, 200);
    close_queue(queue);
}

static void who_has_no_prefetch_takes_nothing(void **state)
{
    struct queue *queue = open_queue(0, 0);
    struct delivery delivery;

    (void)state;
    publish(queue, "");
    assert_int_equal(queue_take(queue, 0, &delivery, NULL), FAIL_INVALID);
    wait_for_depth(queue, 1, 0);
    assert_int_equal(queue_ping(queue, NULL), 0);
    close_queue(queue);
}

static void an_observer_leaves_a_taker_what_it_has(void **state)
{
    struct queue *queue = open_queue(1, 0);
    struct delivery delivery = (publish(queue, ""), take(queue));
    struct queue *observer = open_queue(0, 7);
    struct queue_message message;

    (void)state;
    assert_nothing_to_take(queue, 100);
    close_queue(observer);
    settle(queue, &delivery, QUEUE_DONE, NULL);
    observer = open_queue(0, 0);
    message = publish(observer, "");
    delivery = take(queue);
    assert_job(&delivery.message.job, &message.job);
    settle(queue, &delivery, QUEUE_DONE, NULL);
    close_queue(observer);
    close_queue(queue);
}

static void a_second_taker_of_a_file_is_refused(void **state)
{
    struct queue_options options = {.prefetch = 1};
    struct queue *queue;
    struct queue *second = NULL;

    (void)state;
    if (is_broker())
        skip_because("a broker serves many takers");
    queue = open_queue(1, 0);
    assert_int_equal(queue_open(url, &options, &second, NULL), FAIL_CONFLICT);
    close_queue(queue);
    close_queue(open_queue(1, 0));
}

static void who_wants_a_file_alone_is_refused_by_a_taker_and_refuses_one(void **state)
{
    struct queue_options taking = {.prefetch = 1};
    struct queue_options alone = {.is_alone = true};
    struct queue *queue;
    struct queue *second = NULL;

    (void)state;
    if (is_broker())
        skip_because("a broker serves many takers");
    queue = open_queue(1, 0);
    assert_int_equal(queue_open(url, &alone, &second, NULL), FAIL_CONFLICT);
    close_queue(queue);
    assert_int_equal(queue_open(url, &alone, &queue, NULL), 0);
    assert_int_equal(queue_open(url, &taking, &second, NULL), FAIL_CONFLICT);
    queue_close(queue);
    close_queue(open_queue(1, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fresh_test(no_more_than_the_prefetch_is_unsettled),
        fresh_test(stop_wakes_takers_and_lets_them_settle),
        fresh_test(who_has_no_prefetch_takes_nothing),
        fresh_test(an_observer_leaves_a_taker_what_it_has),
        fresh_test(a_second_taker_of_a_file_is_refused),
        fresh_test(who_wants_a_file_alone_is_refused_by_a_taker_and_refuses_one),
    };

    return run_suite("takers", tests);
}
