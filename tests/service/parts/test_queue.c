/* SPDX-License-Identifier: MIT */
/*
 * What both implementations of queue.h promise. TEST_QUEUE_URL says which: by default a file in a directory of its own;
 * of a broker, the two queues are deleted before each test (tests/service/with-rabbitmq starts one).
 */
#include "queue/queue.h"

#include "base/clock.h"
#include "raw_broker.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 30000

static char directory[] = "/tmp/sentinel-test-queue-XXXXXX";
static char url[300];

static bool is_broker(void)
{
    return strncmp(url, "sqlite:", 7) != 0;
}

static void remove_file(void)
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

static void close_queue(struct queue *queue)
{
    for (size_t i = 0; i < 4; i++)
        if (open_queues[i] == queue)
            open_queues[i] = NULL;
    queue_close(queue);
}

static int close_all(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++)
        if (open_queues[i])
            close_queue(open_queues[i]);
    return 0;
}

static int fresh(void **state)
{
    (void)state;
    if (is_broker())
        raw_broker_reset(url);
    else
        remove_file();
    return 0;
}

static struct queue *open_queue(unsigned prefetch, unsigned delivery_limit)
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

static void assert_done(int result, const struct failure *failure)
{
    if (result < 0)
        fail_msg("%d: %s", result, failure->message);
}

static struct queue_message publish(struct queue *queue, const char *traceparent)
{
    struct queue_message message = {0};
    struct failure failure = {0};

    assert_int_equal(uuid_make(&message.job), 0);
    snprintf(message.traceparent, sizeof(message.traceparent), "%s", traceparent);
    assert_done(queue_publish(queue, &message, 1, &failure), &failure);
    return message;
}

static struct delivery take(struct queue *queue)
{
    struct delivery delivery = {0};
    struct failure failure = {0};
    int got = queue_take(queue, PATIENCE_MS, &delivery, &failure);

    assert_done(got, &failure);
    assert_int_equal(got, 1);
    return delivery;
}

static void assert_nothing_to_take(struct queue *queue, unsigned timeout_ms)
{
    struct delivery delivery;

    assert_int_equal(queue_take(queue, timeout_ms, &delivery, NULL), 0);
}

static void settle(struct queue *queue, const struct delivery *delivery, enum queue_settlement settlement,
                   const char *reason)
{
    struct failure failure = {0};

    assert_done(queue_settle(queue, delivery, settlement, reason, &failure), &failure);
}

static void assert_job(const struct uuid *a, const struct uuid *b)
{
    assert_memory_equal(a, b, sizeof(*a));
}

/* A broker counts with some delay. */
static void wait_for_depth(struct queue *queue, uint64_t ready, uint64_t dead)
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
    if (is_broker()) {
        print_message("SKIP: a broker serves many takers\n");
        skip();
    }
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
    if (is_broker()) {
        print_message("SKIP: a broker serves many takers\n");
        skip();
    }
    queue = open_queue(1, 0);
    assert_int_equal(queue_open(url, &alone, &second, NULL), FAIL_CONFLICT);
    close_queue(queue);
    assert_int_equal(queue_open(url, &alone, &queue, NULL), 0);
    assert_int_equal(queue_open(url, &taking, &second, NULL), FAIL_CONFLICT);
    queue_close(queue);
    close_queue(open_queue(1, 0));
}

/* A process that takes all there is, and then waits to be killed. */
static pid_t start_taker(unsigned count, unsigned delivery_limit, int *ret_ready)
{
    int ready[2];
    pid_t pid;

    assert_int_equal(pipe(ready), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct queue_options options = {.prefetch = count, .delivery_limit = delivery_limit};
        struct queue *queue = NULL;
        struct delivery delivery;

        if (queue_open(url, &options, &queue, NULL) < 0)
            _exit(1);
        for (unsigned i = 0; i < count; i++)
            if (queue_take(queue, PATIENCE_MS, &delivery, NULL) != 1)
                _exit(2);
        if (write(ready[1], "x", 1) != 1)
            _exit(3);
        for (;;)
            pause();
    }
    close(ready[1]);
    *ret_ready = ready[0];
    return pid;
}

static void kill_taker(pid_t pid, int ready)
{
    char byte;
    int status;

    assert_int_equal(read(ready, &byte, 1), 1);
    close(ready);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
}

static void what_a_killed_taker_had_is_delivered_again(void **state)
{
    struct queue_message messages[3] = {0};
    struct queue *queue = open_queue(0, 0);
    struct failure failure = {0};
    int ready;
    pid_t pid;

    (void)state;
    for (int i = 0; i < 3; i++)
        uuid_make(&messages[i].job);
    assert_done(queue_publish(queue, messages, 3, &failure), &failure);
    close_queue(queue);
    pid = start_taker(2, 0, &ready);
    kill_taker(pid, ready);
    queue = open_queue(3, 0);
    for (int seen = 0; seen < 3; seen++) {
        struct delivery delivery = take(queue);
        int which = 0;

        while (which < 3 && uuid_compare(&delivery.message.job, &messages[which].job) != 0)
            which++;
        assert_true(which < 3);
        assert_int_equal(delivery.is_redelivered, which < 2);
        messages[which].job = (struct uuid){0};
        settle(queue, &delivery, QUEUE_DONE, NULL);
    }
    close_queue(queue);
}

static void what_kills_its_taker_too_often_is_a_dead_letter(void **state)
{
    struct queue *queue = open_queue(0, 2);
    struct queue_message message = publish(queue, "");
    struct dead_letter letter = {0};
    int ready;
    pid_t pid;

    (void)state;
    close_queue(queue);
    for (int i = 0; i < 2; i++) {
        pid = start_taker(1, 2, &ready);
        kill_taker(pid, ready);
    }
    queue = open_queue(1, 2);
    wait_for_depth(queue, 0, 1);
    assert_nothing_to_take(queue, 100);
    assert_int_equal(queue_dead_take(queue, NULL, &letter, NULL), 1);
    assert_job(&letter.job, &message.job);
    assert_string_equal(letter.reason, "delivery_limit");
    close_queue(queue);
}

static void the_file_of_a_killed_taker_counts_what_it_had_as_ready(void **state)
{
    struct queue *queue = open_queue(0, 0);
    struct queue_depth depth = {0};
    int ready;
    pid_t pid;

    (void)state;
    publish(queue, "");
    close_queue(queue);
    pid = start_taker(1, 0, &ready);
    kill_taker(pid, ready);
    queue = open_queue(0, 0);
    wait_for_depth(queue, 1, 0);
    assert_int_equal(queue_depth(queue, &depth, NULL), 0);
    assert_int_equal(depth.unsettled, 0);
    close_queue(queue);
}

static void what_another_process_publishes_is_seen_by_who_waits(void **state)
{
    struct queue *queue;
    struct delivery delivery;
    int status;
    pid_t pid = fork();

    (void)state;
    assert_true(pid >= 0);
    if (pid == 0) {
        struct queue_options options = {0};
        struct queue_message message = {0};

        usleep(300000);
        uuid_make(&message.job);
        if (queue_open(url, &options, &queue, NULL) < 0 || queue_publish(queue, &message, 1, NULL) < 0)
            _exit(1);
        queue_close(queue);
        _exit(0);
    }
    queue = open_queue(1, 0);
    delivery = take(queue);
    settle(queue, &delivery, QUEUE_DONE, NULL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
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
    if (!is_broker()) {
        print_message("SKIP: nobody else writes into the file\n");
        skip();
    }
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
    if (!is_broker()) {
        print_message("SKIP: a file has no routes\n");
        skip();
    }
    queue = open_queue(0, 0);
    publish(queue, "");
    raw_broker_unbind(url);
    uuid_make(&message.job);
    assert_int_equal(queue_publish(queue, &message, 1, &failure), FAIL_UNAVAILABLE);
    assert_non_null(strstr(failure.message, "unroutable"));
    close_queue(queue);
}

/* Many threads at once: each job is settled as done exactly once, whoever else gave it back before. */
#define LOAD_THREADS 8
#define LOAD_EACH 250

struct load {
    struct queue *queue;
    pthread_mutex_t mutex;
    struct uuid published[LOAD_THREADS * LOAD_EACH];
    unsigned done[LOAD_THREADS * LOAD_EACH];
    atomic_uint published_count;
    atomic_uint finished;
    atomic_uint unsettled;
    atomic_uint failures;
};

static void load_check(struct load *load, int code, const struct failure *failure)
{
    if (code >= 0)
        return;
    atomic_fetch_add(&load->failures, 1);
    fprintf(stderr, "%d: %s\n", code, failure->message);
}

static void *load_publisher(void *arg)
{
    struct load *load = arg;

    for (unsigned i = 0; i < LOAD_EACH;) {
        struct queue_message messages[5] = {0};
        struct failure failure = {0};
        unsigned at = atomic_fetch_add(&load->published_count, 5);

        for (unsigned k = 0; k < 5; k++)
            uuid_make(&messages[k].job);
        pthread_mutex_lock(&load->mutex);
        for (unsigned k = 0; k < 5; k++)
            load->published[at + k] = messages[k].job;
        pthread_mutex_unlock(&load->mutex);
        load_check(load, queue_publish(load->queue, messages, 5, &failure), &failure);
        i += 5;
    }
    return NULL;
}

static void load_note(struct load *load, const struct uuid *job)
{
    pthread_mutex_lock(&load->mutex);
    for (unsigned i = 0; i < LOAD_THREADS * LOAD_EACH; i++)
        if (uuid_compare(&load->published[i], job) == 0)
            load->done[i]++;
    pthread_mutex_unlock(&load->mutex);
}

static void *load_taker(void *arg)
{
    struct load *load = arg;
    unsigned turn = 0;

    while (atomic_load(&load->finished) < LOAD_THREADS * LOAD_EACH) {
        struct delivery delivery;
        struct failure failure = {0};
        int got = queue_take(load->queue, 200, &delivery, &failure);
        bool again;

        load_check(load, got, &failure);
        if (got != 1)
            continue;
        again = turn++ % 7 == 0 && !delivery.is_redelivered;
        if (atomic_fetch_add(&load->unsettled, 1) + 1 > 6)
            atomic_fetch_add(&load->failures, 1);
        if (!again) {
            load_note(load, &delivery.message.job);
            atomic_fetch_add(&load->finished, 1);
        }
        atomic_fetch_sub(&load->unsettled, 1);
        got = queue_settle(load->queue, &delivery, again ? QUEUE_AGAIN : QUEUE_DONE, NULL, &failure);
        load_check(load, got, &failure);
    }
    return NULL;
}

static void many_threads_lose_nothing_and_settle_nothing_twice(void **state)
{
    struct load *load = calloc(1, sizeof(*load));
    pthread_t publishers[LOAD_THREADS];
    pthread_t takers[LOAD_THREADS];

    (void)state;
    assert_non_null(load);
    load->queue = open_queue(6, 100);
    pthread_mutex_init(&load->mutex, NULL);
    for (int i = 0; i < LOAD_THREADS; i++) {
        assert_int_equal(pthread_create(&takers[i], NULL, load_taker, load), 0);
        assert_int_equal(pthread_create(&publishers[i], NULL, load_publisher, load), 0);
    }
    for (int i = 0; i < LOAD_THREADS; i++) {
        pthread_join(publishers[i], NULL);
        pthread_join(takers[i], NULL);
    }
    assert_int_equal(load->failures, 0);
    for (int i = 0; i < LOAD_THREADS * LOAD_EACH; i++)
        assert_int_equal(load->done[i], 1);
    wait_for_depth(load->queue, 0, 0);
    close_queue(load->queue);
    pthread_mutex_destroy(&load->mutex);
    free(load);
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

#define fresh_test(f) cmocka_unit_test_setup_teardown(f, fresh, close_all)

int main(void)
{
    /* Those that fork come first: no thread of ours, or of a sanitizer's making, is in the way of the child. */
    const struct CMUnitTest tests[] = {
        fresh_test(what_a_killed_taker_had_is_delivered_again),
        fresh_test(what_kills_its_taker_too_often_is_a_dead_letter),
        fresh_test(the_file_of_a_killed_taker_counts_what_it_had_as_ready),
        fresh_test(what_another_process_publishes_is_seen_by_who_waits),
        fresh_test(a_message_is_delivered_as_it_was_published),
        fresh_test(what_is_done_never_comes_again),
        fresh_test(what_is_given_back_comes_again_and_says_so),
        fresh_test(a_dead_letter_keeps_its_job_its_reason_and_its_time),
        fresh_test(messages_come_in_the_order_of_their_publication),
        fresh_test(no_more_than_the_prefetch_is_unsettled),
        fresh_test(depth_counts_what_waits_and_what_is_dead),
        fresh_test(after_so_many_deliveries_a_message_is_a_dead_letter),
        fresh_test(a_delivery_limit_of_one_forgives_nothing),
        fresh_test(dead_letters_are_listed_taken_and_purged),
        fresh_test(a_long_reason_is_cut),
        fresh_test(a_delivery_is_settled_once),
        fresh_test(stop_wakes_takers_and_lets_them_settle),
        fresh_test(who_has_no_prefetch_takes_nothing),
        fresh_test(an_observer_leaves_a_taker_what_it_has),
        fresh_test(a_second_taker_of_a_file_is_refused),
        fresh_test(who_wants_a_file_alone_is_refused_by_a_taker_and_refuses_one),
        fresh_test(what_is_no_message_of_ours_is_marked),
        fresh_test(what_no_queue_gets_is_not_confirmed),
        fresh_test(many_threads_lose_nothing_and_settle_nothing_twice),
        cmocka_unit_test(a_url_that_names_nothing_is_refused),
        fresh_test(to_publish_nothing_succeeds),
    };
    const char *given = getenv("TEST_QUEUE_URL");
    int failed;

    if (given && *given)
        snprintf(url, sizeof(url), "%s", given);
    else if (mkdtemp(directory))
        snprintf(url, sizeof(url), "sqlite:%s/queue", directory);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (!is_broker()) {
        remove_file();
        if (!given || !*given)
            rmdir(directory);
    }
    return failed;
}
