/* SPDX-License-Identifier: MIT */
#include "commands.h"

#include "base/cleanup.h"
#include "common/wallclock.h"
#include "process/parts.h"
#include "retry.h"

#include <string.h>

enum { LIST_MAX = 1000 };

struct dead_parts {
    struct queue *queue;
    struct store *store;
    struct events *events;
    struct uuid id; /* that is to be retried */
};

static int list(const struct dead_parts *parts)
{
    cleanup_free struct dead_letter *letters = calloc(LIST_MAX, sizeof(*letters));
    struct failure failure;
    size_t count = 0;

    if (!letters)
        return complain(1, "out of memory");
    if (queue_dead_list(parts->queue, letters, LIST_MAX, &count, &failure) < 0)
        return complain(1, "%s", failure.message);
    for (size_t i = 0; i < count; i++) {
        char when[WALLCLOCK_TEXT_SIZE] = "-";
        char id[UUID_TEXT_SIZE];

        if (letters[i].at) {
            wallclock_print(letters[i].at, when);
            memcpy(strchr(when, '.'), "Z", sizeof("Z")); /* to the second */
        }
        uuid_print(&letters[i].job, id);
        printf("%s  %-20s  %s\n", uuid_is_zero(&letters[i].job) ? "(no message of ours)" : id, when, letters[i].reason);
    }
    fprintf(stderr, "%zu dead letters%s\n", count, count == LIST_MAX ? " and perhaps more" : "");
    return 0;
}

/*
 * One of them all. That its job did not fail says that the letter stayed behind when the job was retried, or that the
 * job waits without a message: publishing it once more does no harm to the one and is needed by the other.
 */
static int retry_letter(const struct dead_parts *parts, const struct uuid *id, size_t *count, struct failure *failure)
{
    const struct queue_message message = {.job = *id};
    struct dead_letter letter;
    int error = retry_job(parts->store, parts->queue, parts->events, id, failure);

    if (error == 0)
        ++*count;
    if (error != FAIL_CONFLICT && error != FAIL_NOT_FOUND)
        return error;
    if (error == FAIL_CONFLICT && (error = queue_publish(parts->queue, &message, 1, failure)) < 0)
        return error;
    error = queue_dead_take(parts->queue, id, &letter, failure);
    return error < 0 ? error : 0;
}

static int retry_all(const struct dead_parts *parts)
{
    cleanup_free struct dead_letter *letters = calloc(LIST_MAX, sizeof(*letters));
    struct failure failure;
    size_t found = LIST_MAX, taken = 1, count = 0;

    if (!letters)
        return complain(1, "out of memory");
    /* what is no message of ours stays, so a list of nothing else is the last */
    while (found == LIST_MAX && taken) {
        if (queue_dead_list(parts->queue, letters, LIST_MAX, &found, &failure) < 0)
            return complain(1, "after %zu: %s", count, failure.message);
        taken = 0;
        for (size_t i = 0; i < found; i++) {
            if (uuid_is_zero(&letters[i].job))
                continue;
            if (retry_letter(parts, &letters[i].job, &count, &failure) < 0)
                return complain(1, "after %zu: %s", count, failure.message);
            taken++;
        }
    }
    printf("%zu jobs are queued again\n", count);
    return 0;
}

static int purge(const struct dead_parts *parts)
{
    struct failure failure;
    uint64_t count = 0;

    if (queue_dead_purge(parts->queue, &count, &failure) < 0)
        return complain(1, "%s", failure.message);
    printf("%llu dead letters are gone\n", (unsigned long long)count);
    return 0;
}

static int retry_one(const struct dead_parts *parts)
{
    char id[UUID_TEXT_SIZE];
    struct failure failure;

    if (retry_job(parts->store, parts->queue, parts->events, &parts->id, &failure) < 0)
        return complain(1, "%s", failure.message);
    uuid_print(&parts->id, id);
    printf("%s is queued again\n", id);
    return 0;
}

/* Two processes must not have the queue's file, so alone a server that runs is asked instead. */
static int open_queue(const struct config *config, struct queue **ret_queue)
{
    cleanup_free char *url = parts_queue_url(config);
    const struct queue_options options = {.is_alone = true};
    struct failure failure;
    int error = url ? queue_open(url, &options, ret_queue, &failure) : fail_nomem(&failure);

    if (error == FAIL_CONFLICT)
        complain(1, "%s: stop the server first, or ask it (/api/v1/dead-letters)", failure.message);
    else if (error < 0)
        complain(1, "%s", failure.message);
    return error;
}

static int open_events(const struct config *config, struct events **ret_events)
{
    cleanup_free char *url = parts_events_url(config);
    struct failure failure;
    int error = url ? events_open(url, ret_events, &failure) : fail_nomem(&failure);

    if (error < 0)
        complain(1, "%s", failure.message);
    return error;
}

int cmd_dlq(const struct config *config, int argc, char **argv)
{
    int (*command)(const struct dead_parts *parts) = NULL;
    struct dead_parts parts = {0};
    int status = 1;

    if (argc == 2 && strcmp(argv[1], "list") == 0)
        command = list;
    else if (argc == 2 && strcmp(argv[1], "purge") == 0)
        command = purge;
    else if (argc == 3 && strcmp(argv[1], "retry") == 0 && strcmp(argv[2], "--all") == 0)
        command = retry_all;
    else if (argc == 3 && strcmp(argv[1], "retry") == 0 && uuid_parse(argv[2], &parts.id))
        command = retry_one;
    else
        return complain_usage("dlq wants list, retry ID, retry --all, or purge");
    if (open_queue(config, &parts.queue) == 0 && (parts.store = open_store(config, false)) &&
        open_events(config, &parts.events) == 0)
        status = command(&parts);
    if (parts.events)
        events_close(parts.events);
    if (parts.store)
        store_close(parts.store);
    if (parts.queue)
        queue_close(parts.queue);
    return status;
}
