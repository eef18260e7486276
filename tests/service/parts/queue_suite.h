/* SPDX-License-Identifier: MIT */
#ifndef TESTS_QUEUE_SUITE_H
#define TESTS_QUEUE_SUITE_H

/*
 * What the programs of the queues' conformance suite share. They run against the URL in TEST_QUEUE_URL (without one, a
 * file in a directory of their own), and every test begins with empty queues: the file is removed; of a broker, the two
 * queues are deleted (tests/service/with-rabbitmq starts one).
 */
#include "queue/queue.h"

#include "base/clock.h"
#include "raw_broker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 30000

static char directory[] = "/tmp/sentinel-test-queue-XXXXXX";
static char url[300];

static inline bool is_broker(void)
{
    return strncmp(url, "sqlite:", 7) != 0;
}

/* The test cannot be of this implementation. */
static inline void skip_because(const char *why)
{
    print_message("SKIP: %s\n", why);
    skip();
}

static inline void remove_file(void)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".taker"};
    char path[320];

    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        snprintf(path, sizeof(path), "%s%s", url + 7, suffixes[i]);
        unlink(path);
    }
}

/* Those that are open: a test that failed leaves its own behind, which must not take what the next one publishes. */
static struct queue *open_queues[4];

static inline void close_queue(struct queue *queue)
{
    for (size_t i = 0; i < 4; i++)
        if (open_queues[i] == queue)
            open_queues[i] = NULL;
    queue_close(queue);
}

static inline int close_all(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++)
        if (open_queues[i])
            close_queue(open_queues[i]);
    return 0;
}

static inline int fresh(void **state)
{
    (void)state;
    if (is_broker())
        raw_broker_reset(url);
    else
        remove_file();
    return 0;
}

static inline struct queue *open_queue(unsigned prefetch, unsigned delivery_limit)
{
    struct queue_options options = {.prefetch = prefetch, .delivery_limit = delivery_limit};
    struct failure failure = {0};
    struct queue *queue = NULL;

    if (queue_open(url, &options, &queue, &failure) < 0)
        fail_msg("queue_open: %s", failure.message);
    for (size_t i = 0; i < 4; i++) {
        if (!open_queues[i]) {
            open_queues[i] = queue;
            break;
        }
    }
    return queue;
}

static inline void assert_done(int result, const struct failure *failure)
{
    if (result < 0)
        fail_msg("%d: %s", result, failure->message);
}

static inline struct queue_message publish(struct queue *queue, const char *traceparent)
{
    struct queue_message message = {0};
    struct failure failure = {0};

    assert_int_equal(uuid_make(&message.job), 0);
    snprintf(message.traceparent, sizeof(message.traceparent), "%s", traceparent);
    assert_done(queue_publish(queue, &message, 1, &failure), &failure);
    return message;
}

static inline struct delivery take(struct queue *queue)
{
    struct delivery delivery = {0};
    struct failure failure = {0};
    int got = queue_take(queue, PATIENCE_MS, &delivery, &failure);

    assert_done(got, &failure);
    assert_int_equal(got, 1);
    return delivery;
}

static inline void assert_nothing_to_take(struct queue *queue, unsigned timeout_ms)
{
    struct delivery delivery;

    assert_int_equal(queue_take(queue, timeout_ms, &delivery, NULL), 0);
}

static inline void settle(struct queue *queue, const struct delivery *delivery, enum queue_settlement settlement,
                          const char *reason)
{
    struct failure failure = {0};

    assert_done(queue_settle(queue, delivery, settlement, reason, &failure), &failure);
}

static inline void assert_job(const struct uuid *a, const struct uuid *b)
{
    assert_memory_equal(a, b, sizeof(*a));
}

/* A broker counts with some delay. */
static inline void wait_for_depth(struct queue *queue, uint64_t ready, uint64_t dead)
{
    uint64_t until = sn__now_ns() + PATIENCE_MS * UINT64_C(1000000);
    struct queue_depth depth = {0};
    struct failure failure = {0};

    do {
        assert_done(queue_depth(queue, &depth, &failure), &failure);
        if (depth.ready == ready && depth.dead == dead)
            return;
        usleep(20000);
    } while (sn__now_ns() < until);
    fail_msg("%lu ready and %lu dead instead of %lu and %lu", (unsigned long)depth.ready, (unsigned long)depth.dead,
             (unsigned long)ready, (unsigned long)dead);
}

static inline int suite_setup(void **state)
{
    const char *given = getenv("TEST_QUEUE_URL");

    (void)state;
    if (given && *given)
        snprintf(url, sizeof(url), "%s", given);
    else if (mkdtemp(directory))
        snprintf(url, sizeof(url), "sqlite:%s/queue", directory);
    else
        return -1;
    return 0;
}

static inline int suite_teardown(void **state)
{
    const char *given = getenv("TEST_QUEUE_URL");

    (void)state;
    if (!is_broker()) {
        remove_file();
        if (!given || !*given)
            rmdir(directory);
    }
    return 0;
}

#define fresh_test(f) cmocka_unit_test_setup_teardown(f, fresh, close_all)
#define run_suite(name, tests) cmocka_run_group_tests_name("queue: " name, tests, suite_setup, suite_teardown)

#endif
