/* SPDX-License-Identifier: MIT */
/* Conformance of the queues: many threads, several processes, and the end of one of them. */
#include "queue_suite.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

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

int main(void)
{
    /* Those that fork come first: no thread of ours, or of a sanitizer's making, is in the way of the child. */
    const struct CMUnitTest tests[] = {
        fresh_test(what_a_killed_taker_had_is_delivered_again),
        fresh_test(what_kills_its_taker_too_often_is_a_dead_letter),
        fresh_test(the_file_of_a_killed_taker_counts_what_it_had_as_ready),
        fresh_test(what_another_process_publishes_is_seen_by_who_waits),
        fresh_test(many_threads_lose_nothing_and_settle_nothing_twice),
    };

    return run_suite("crowd", tests);
}
