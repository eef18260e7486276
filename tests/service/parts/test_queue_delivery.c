/* SPDX-License-Identifier: MIT */
/* Conformance of the queues: what is published, delivered, settled and counted. */
#include "queue_suite.h"

#include <errno.h>
#include <sqlite3.h>

static void a_message_is_delivered_as_it_was_published(void **state)
{
    static const char traceparent[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    struct queue *queue = open_queue(1, 0);
    struct queue_message message = publish(queue, traceparent);
    struct delivery delivery = take(queue);

    (void)state;
    assert_job(&delivery.message.job, &message.job);
    assert_string_equal(delivery.message.traceparent, traceparent);
    assert_false(delivery.is_malformed);
    assert_false(delivery.is_redelivered);
    settle(queue, &delivery, QUEUE_DONE, NULL);
    close_queue(queue);
}

static void what_is_done_never_comes_again(void **state)
{
    struct queue *queue = open_queue(1, 0);
    struct delivery delivery;

    (void)state;
    publish(queue, "");
    delivery = take(queue);
    assert_string_equal(delivery.message.traceparent, "");
    settle(queue, &delivery, QUEUE_DONE, NULL);
    close_queue(queue);
    queue = open_queue(1, 0);
    assert_nothing_to_take(queue, 300);
    wait_for_depth(queue, 0, 0);
    close_queue(queue);
}

static void what_is_given_back_comes_again_and_says_so(void **state)
{
    struct queue *queue = open_queue(1, 0);
    struct queue_message message = publish(queue, "");
    struct delivery delivery = take(queue);

    (void)state;
    settle(queue, &delivery, QUEUE_AGAIN, NULL);
    delivery = take(queue);
    assert_job(&delivery.message.job, &message.job);
    assert_true(delivery.is_redelivered);
    settle(queue, &delivery, QUEUE_DONE, NULL);
    wait_for_depth(queue, 0, 0);
    close_queue(queue);
}

static void messages_come_in_the_order_of_their_publication(void **state)
{
    struct queue_message messages[50] = {0};
    struct queue *queue = open_queue(10, 0);
    struct failure failure = {0};

    (void)state;
    for (size_t i = 0; i < 50; i++)
        uuid_make(&messages[i].job);
    assert_done(queue_publish(queue, messages, 50, &failure), &failure);
    for (size_t i = 0; i < 50; i++) {
        struct delivery delivery = take(queue);

        assert_job(&delivery.message.job, &messages[i].job);
        settle(queue, &delivery, QUEUE_DONE, NULL);
    }
    close_queue(queue);
}

static void depth_counts_what_waits_and_what_is_dead(void **state)
{
    struct queue *queue = open_queue(2, 0);
    struct queue *observer = open_queue(0, 0);
    struct queue_depth depth = {0};
    struct failure failure = {0};
    struct delivery first;
    struct delivery second;

    (void)state;
    first = (publish(queue, ""), take(queue));
    second = (publish(queue, ""), take(queue));
    publish(observer, "");
    publish(observer, "");
    wait_for_depth(observer, 2, 0);
    assert_done(queue_depth(observer, &depth, &failure), &failure);
    if (!is_broker())
        assert_int_equal(depth.unsettled, 2);
    settle(queue, &first, QUEUE_DEAD, "of no use");
    settle(queue, &second, QUEUE_DONE, NULL);
    queue_stop(queue);
    wait_for_depth(observer, 2, 1);
    close_queue(queue);
    close_queue(observer);
}

static void a_delivery_is_settled_once(void **state)
{
    struct queue *queue = open_queue(2, 0);
    struct delivery first;
    struct delivery again;

    (void)state;
    publish(queue, "");
    first = take(queue);
    settle(queue, &first, QUEUE_AGAIN, NULL);
    assert_int_equal(queue_settle(queue, &first, QUEUE_DONE, NULL, NULL), FAIL_CONFLICT);
    again = take(queue);
    assert_true(again.is_redelivered);
    assert_int_equal(queue_settle(queue, &first, QUEUE_DONE, NULL, NULL), FAIL_CONFLICT);
    settle(queue, &again, QUEUE_DONE, NULL);
    assert_int_equal(queue_settle(queue, &again, QUEUE_AGAIN, NULL, NULL), FAIL_CONFLICT);
    assert_int_equal(queue_settle(queue, &again, QUEUE_DEAD, "twice", NULL), FAIL_CONFLICT);
    wait_for_depth(queue, 0, 0);
    close_queue(queue);
}

static void what_is_no_message_of_ours_is_marked(void **state)
{
    static const char *const bodies[] = {
        "",
        "hello",
        "{\"v\":1}",
        "{\"v\":2,\"job\":\"0190d1c2-0000-7000-8000-000000000000\"}",
        "{\"v\":1,\"job\":\"none\"}",
        "[1]",
        "\xff\xfe",
        "{\"v\":1,\"job\":\"0190d1c2-0000-7000-8000-000000000000\"} and more",
    };
    const unsigned count = sizeof(bodies) / sizeof(bodies[0]);
    struct dead_letter letters[20];
    struct failure failure = {0};
    struct queue *queue;
    size_t listed = 0;
    char *large;

    (void)state;
    if (!is_broker())
        skip_because("nobody else writes into the file");
    queue = open_queue(1, 0);
    wait_for_depth(queue, 0, 0);
    for (unsigned i = 0; i < count; i++)
        raw_broker_publish(url, bodies[i], strlen(bodies[i]));
    large = calloc(1, 1000000);
    assert_non_null(large);
    raw_broker_publish(url, large, 1000000);
    free(large);
    for (unsigned i = 0; i < count + 1; i++) {
        struct delivery delivery = take(queue);

        assert_true(delivery.is_malformed);
        assert_true(uuid_is_zero(&delivery.message.job));
        settle(queue, &delivery, QUEUE_DEAD, "malformed");
    }
    wait_for_depth(queue, 0, count + 1);
    assert_done(queue_dead_list(queue, letters, 20, &listed, &failure), &failure);
    assert_int_equal(listed, count + 1);
    for (unsigned i = 0; i < listed; i++) {
        assert_true(uuid_is_zero(&letters[i].job));
        assert_string_equal(letters[i].reason, "rejected");
    }
    close_queue(queue);
}

static void what_no_queue_gets_is_not_confirmed(void **state)
{
    struct queue_message message = {0};
    struct failure failure = {0};
    struct queue *queue;

    (void)state;
    if (!is_broker())
        skip_because("a file has no routes");
    queue = open_queue(0, 0);
    publish(queue, "");
    raw_broker_unbind(url);
    uuid_make(&message.job);
    assert_int_equal(queue_publish(queue, &message, 1, &failure), FAIL_UNAVAILABLE);
    assert_non_null(strstr(failure.message, "unroutable"));
    close_queue(queue);
}

static void a_url_that_names_nothing_is_refused(void **state)
{
    static const char *const urls[] = {"sqlite:", "amqp://", "amqp://host:0/", "amqps://h/?unknown=1", "mqtt://h"};
    struct queue_options options = {0};
    struct queue *queue = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
        assert_int_equal(queue_open(urls[i], &options, &queue, NULL), FAIL_INVALID);
    queue_close(NULL);
}

static void to_publish_nothing_succeeds(void **state)
{
    struct queue *queue = open_queue(0, 0);

    (void)state;
    assert_int_equal(queue_publish(queue, NULL, 0, NULL), 0);
    close_queue(queue);
}

static bool is_full;

/* In the place of SQLite's: a disk that may be full. */
static ssize_t write_to_disk(int fd, const void *data, size_t length, off_t offset)
{
    if (!is_full)
        return pwrite(fd, data, length, offset);
    errno = ENOSPC;
    return -1;
}

static void a_ping_of_a_full_disk_says_so_until_it_is_not_full_any_more(void **state)
{
    static const char *const calls[] = {"pwrite", "pwrite64"};
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    struct queue_message message = {0};
    struct failure failure = {0};
    struct delivery delivery;
    struct queue *queue;

    (void)state;
    if (is_broker())
        skip_because("a broker has its own disk");
    for (int i = 0; i < 2; i++)
        vfs->xSetSystemCall(vfs, calls[i], (sqlite3_syscall_ptr)write_to_disk);
    queue = open_queue(1, 0);
    is_full = true;
    assert_done(queue_ping(queue, &failure), &failure);
    assert_int_equal(queue_publish(queue, &message, 1, NULL), FAIL_UNAVAILABLE);
    assert_int_equal(queue_ping(queue, &failure), FAIL_UNAVAILABLE);
    assert_non_null(strstr(failure.message, "full"));
    is_full = false;
    assert_done(queue_ping(queue, &failure), &failure);
    /* Takers and who settles find it out, too. */
    publish(queue, "");
    is_full = true;
    assert_done(queue_ping(queue, &failure), &failure);
    assert_int_equal(queue_take(queue, 0, &delivery, NULL), FAIL_UNAVAILABLE);
    assert_int_equal(queue_ping(queue, NULL), FAIL_UNAVAILABLE);
    is_full = false;
    assert_done(queue_ping(queue, &failure), &failure);
    delivery = take(queue);
    is_full = true;
    assert_int_equal(queue_settle(queue, &delivery, QUEUE_DONE, NULL, NULL), FAIL_UNAVAILABLE);
    assert_int_equal(queue_ping(queue, NULL), FAIL_UNAVAILABLE);
    is_full = false;
    settle(queue, &delivery, QUEUE_DONE, NULL);
    assert_done(queue_ping(queue, &failure), &failure);
    close_queue(queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fresh_test(a_message_is_delivered_as_it_was_published),
        fresh_test(what_is_done_never_comes_again),
        fresh_test(what_is_given_back_comes_again_and_says_so),
        fresh_test(messages_come_in_the_order_of_their_publication),
        fresh_test(depth_counts_what_waits_and_what_is_dead),
        fresh_test(a_delivery_is_settled_once),
        fresh_test(what_is_no_message_of_ours_is_marked),
        fresh_test(what_no_queue_gets_is_not_confirmed),
        cmocka_unit_test(a_url_that_names_nothing_is_refused),
        fresh_test(to_publish_nothing_succeeds),
        fresh_test(a_ping_of_a_full_disk_says_so_until_it_is_not_full_any_more),
    };

    return run_suite("delivery", tests);
}
