/* SPDX-License-Identifier: MIT */
/*
 * A user of a queue that does what its standard input says, a line at a time, and answers each with a line: so a test
 * can do something to the broker in between. The URL is TEST_QUEUE_URL's.
 *   open PREFETCH, close, ping, depth, publish, take MS, settle done|again, stop
 *   load       publishers and takers begin: every job that was confirmed is noted, and every one that was done
 *   status     confirmed, refused, done
 *   finish     the publishers end; answers when every confirmed job is done, or not within a minute
 */
#include "queue/queue.h"

#include "base/clock.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PUBLISHERS 4
#define TAKERS 4
#define GROUP 10
#define JOBS_MAX 2000000

/* A job of the load: its number is in the last bytes of its id. */
struct load {
    pthread_mutex_t mutex;
    unsigned char is_confirmed[JOBS_MAX];
    unsigned char is_done[JOBS_MAX];
    uint32_t next;
    uint64_t confirmed;
    uint64_t refused;
    uint64_t done; /* different ones */
    bool is_started;
    bool publishers_end;
    bool takers_end;
    pthread_t publishers[PUBLISHERS];
    pthread_t takers[TAKERS];
};

static struct load load = {.mutex = PTHREAD_MUTEX_INITIALIZER};
static struct queue *queue;
static struct delivery delivery;

static void answer(const char *command, int code, const struct failure *failure)
{
    printf("%s %d %s\n", command, code, code < 0 ? failure->message : "");
    fflush(stdout);
}

static bool load_flag(const bool *flag)
{
    bool value;

    pthread_mutex_lock(&load.mutex);
    value = *flag;
    pthread_mutex_unlock(&load.mutex);
    return value;
}

static void *publish_on(void *arg)
{
    while (!load_flag(&load.publishers_end)) {
        struct queue_message messages[GROUP] = {0};
        uint32_t first;
        int code;

        pthread_mutex_lock(&load.mutex);
        first = load.next;
        if (first + GROUP <= JOBS_MAX)
            load.next += GROUP;
        pthread_mutex_unlock(&load.mutex);
        if (first + GROUP > JOBS_MAX)
            break;
        for (uint32_t i = 0; i < GROUP; i++) {
            uint32_t number = first + i;

            uuid_make(&messages[i].job);
            memcpy(messages[i].job.bytes + 12, &number, sizeof(number));
        }
        code = queue_publish(queue, messages, GROUP, NULL);
        pthread_mutex_lock(&load.mutex);
        if (code == 0)
            load.confirmed += GROUP;
        else
            load.refused += GROUP;
        for (uint32_t i = 0; code == 0 && i < GROUP; i++)
            load.is_confirmed[first + i] = 1;
        pthread_mutex_unlock(&load.mutex);
    }
    return arg;
}

static void *take_on(void *arg)
{
    while (!load_flag(&load.takers_end)) {
        struct delivery taken;
        uint32_t number;
        int code = queue_take(queue, 200, &taken, NULL);

        if (code != 1)
            continue;
        code = queue_settle(queue, &taken, QUEUE_DONE, NULL, NULL);
        memcpy(&number, taken.message.job.bytes + 12, sizeof(number));
        /* A conflict is delivered again, and counts then. */
        pthread_mutex_lock(&load.mutex);
        if (code == 0 && number < JOBS_MAX && !load.is_done[number]) {
            load.is_done[number] = 1;
            load.done++;
        }
        pthread_mutex_unlock(&load.mutex);
    }
    return arg;
}

static uint64_t count_missing(void)
{
    uint64_t missing = 0;

    pthread_mutex_lock(&load.mutex);
    for (uint32_t i = 0; i < load.next; i++)
        missing += load.is_confirmed[i] && !load.is_done[i];
    pthread_mutex_unlock(&load.mutex);
    return missing;
}

static void start_load(void)
{
    pthread_mutex_lock(&load.mutex);
    load.is_started = true;
    pthread_mutex_unlock(&load.mutex);
    for (int i = 0; i < PUBLISHERS; i++)
        pthread_create(&load.publishers[i], NULL, publish_on, NULL);
    for (int i = 0; i < TAKERS; i++)
        pthread_create(&load.takers[i], NULL, take_on, NULL);
    answer("load", 0, NULL);
}

static void show_status(void)
{
    pthread_mutex_lock(&load.mutex);
    printf("status %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", load.confirmed, load.refused, load.done);
    pthread_mutex_unlock(&load.mutex);
    fflush(stdout);
}

static void finish_load(void)
{
    uint64_t until = sn__now_ns() + UINT64_C(60000000000);
    struct failure failure;
    uint64_t missing;

    pthread_mutex_lock(&load.mutex);
    load.publishers_end = true;
    pthread_mutex_unlock(&load.mutex);
    for (int i = 0; i < PUBLISHERS; i++)
        pthread_join(load.publishers[i], NULL);
    while ((missing = count_missing()) > 0 && sn__now_ns() < until)
        usleep(100000);
    pthread_mutex_lock(&load.mutex);
    load.takers_end = true;
    pthread_mutex_unlock(&load.mutex);
    for (int i = 0; i < TAKERS; i++)
        pthread_join(load.takers[i], NULL);
    snprintf(failure.message, sizeof(failure.message), "%" PRIu64 " confirmed jobs were never delivered", missing);
    answer("finish", missing ? -1 : 0, &failure);
}

static void do_publish(void)
{
    struct queue_message message = {0};
    struct failure failure = {0};

    uuid_make(&message.job);
    answer("publish", queue_publish(queue, &message, 1, &failure), &failure);
}

static void do_depth(void)
{
    struct failure failure = {0};
    struct queue_depth depth = {0};
    int code = queue_depth(queue, &depth, &failure);

    printf("depth %d %" PRIu64 " %" PRIu64 " %s\n", code, depth.ready, depth.dead, failure.message);
    fflush(stdout);
}

static void do_open(unsigned prefetch)
{
    struct queue_options options = {.prefetch = prefetch, .delivery_limit = 1000};
    struct failure failure = {0};

    answer("open", queue_open(getenv("TEST_QUEUE_URL"), &options, &queue, &failure), &failure);
}

static bool obey(const char *command, const char *argument)
{
    struct failure failure = {0};

    if (strcmp(command, "open") == 0)
        do_open((unsigned)strtoul(argument, NULL, 10));
    else if (strcmp(command, "publish") == 0)
        do_publish();
    else if (strcmp(command, "depth") == 0)
        do_depth();
    else if (strcmp(command, "ping") == 0)
        answer("ping", queue_ping(queue, &failure), &failure);
    else if (strcmp(command, "take") == 0)
        answer("take", queue_take(queue, (unsigned)strtoul(argument, NULL, 10), &delivery, &failure), &failure);
    else if (strcmp(command, "settle") == 0)
        answer("settle",
               queue_settle(queue, &delivery, strcmp(argument, "done") == 0 ? QUEUE_DONE : QUEUE_AGAIN, NULL, &failure),
               &failure);
    else if (strcmp(command, "stop") == 0)
        queue_stop(queue), answer("stop", 0, NULL);
    else if (strcmp(command, "close") == 0)
        queue_close(queue), queue = NULL, answer("close", 0, NULL);
    else if (strcmp(command, "load") == 0)
        start_load();
    else if (strcmp(command, "status") == 0)
        show_status();
    else if (strcmp(command, "finish") == 0)
        finish_load();
    else
        return false;
    return true;
}

int main(void)
{
    char line[200];

    while (fgets(line, sizeof(line), stdin)) {
        char command[20] = "";
        char argument[40] = "";
        int words = sscanf(line, "%19s %39s", command, argument);

        if (words < 1 || !obey(command, argument)) {
            fprintf(stderr, "what is %s", line);
            return 2;
        }
    }
    /* A test that failed did not end the load, whose threads use the queue for ever. */
    if (load_flag(&load.is_started) && !load_flag(&load.takers_end))
        _exit(3);
    /* Nor did it get to this; threads must not run while libraries are torn down. */
    queue_close(queue);
    return 0;
}
