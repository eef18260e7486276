/* SPDX-License-Identifier: MIT */
#include "commands.h"

#include "base/cleanup.h"
#include "common/wallclock.h"
#include "process/parts.h"

#include <string.h>

enum { LIST_MAX = 1000 };

static int list(struct queue *queue)
{
    cleanup_free struct dead_letter *letters = calloc(LIST_MAX, sizeof(*letters));
    struct failure failure;
    size_t count = 0;

    if (!letters)
        return complain(1, "out of memory");
    if (queue_dead_list(queue, letters, LIST_MAX, &count, &failure) < 0)
        return complain(1, "%s", failure.message);
    for (size_t i = 0; i < count; i++) {
        char when[WALLCLOCK_TEXT_SIZE] = "-";
        char id[UUID_TEXT_SIZE];

        if (letters[i].at)
            wallclock_print(letters[i].at, when);
        uuid_print(&letters[i].job, id);
        printf("%s  %.20s  %s\n", uuid_is_zero(&letters[i].job) ? "(no message of ours)" : id, when, letters[i].reason);
    }
    fprintf(stderr, "%zu dead letters%s\n", count, count == LIST_MAX ? " and perhaps more" : "");
    return 0;
}

/* 0, 1: there was nothing; else the failure. The job first: a letter that stays behind does no harm. */
static int retry(struct store *store, struct queue *queue, const struct uuid *id, struct failure *failure)
{
    struct dead_letter letter;
    int error;

    if (id) {
        error = store_revive(store, id, failure);
        if (error < 0)
            return error;
        error = queue_dead_take(queue, id, &letter, failure);
        return error < 0 ? error : 0;
    }
    error = queue_dead_take(queue, NULL, &letter, failure);
    if (error <= 0)
        return error < 0 ? error : 1;
    return uuid_is_zero(&letter.job) ? 0 : store_revive(store, &letter.job, failure);
}

static int retry_all(struct store *store, struct queue *queue)
{
    struct failure failure;
    size_t count = 0;
    int error;

    while ((error = retry(store, queue, NULL, &failure)) != 1) {
        if (error == 0)
            count++;
        else if (error != FAIL_CONFLICT && error != FAIL_NOT_FOUND)
            return complain(1, "after %zu: %s", count, failure.message);
    }
    printf("%zu jobs are queued again\n", count);
    return 0;
}

static int purge(struct queue *queue)
{
    struct failure failure;
    uint64_t count = 0;

    if (queue_dead_purge(queue, &count, &failure) < 0)
        return complain(1, "%s", failure.message);
    printf("%llu dead letters are gone\n", (unsigned long long)count);
    return 0;
}

static int dispatch(struct store *store, struct queue *queue, int argc, char **argv)
{
    struct failure failure;
    struct uuid id;

    if (argc == 2 && strcmp(argv[1], "list") == 0)
        return list(queue);
    if (argc == 2 && strcmp(argv[1], "purge") == 0)
        return purge(queue);
    if (argc == 3 && strcmp(argv[1], "retry") == 0 && strcmp(argv[2], "--all") == 0)
        return retry_all(store, queue);
    if (argc == 3 && strcmp(argv[1], "retry") == 0 && uuid_parse(argv[2], &id)) {
        if (retry(store, queue, &id, &failure) < 0)
            return complain(1, "%s", failure.message);
        printf("%s is queued again\n", argv[2]);
        return 0;
    }
    return complain_usage("dlq wants list, retry ID, retry --all, or purge");
}

int cmd_dlq(const struct config *config, int argc, char **argv)
{
    cleanup_free char *store_url = parts_store_url(config);
    cleanup_free char *queue_url = parts_queue_url(config);
    struct store_options store_options = {.connections = 1};
    struct queue_options queue_options = {0};
    struct store *store = NULL;
    struct queue *queue = NULL;
    struct failure failure;
    int status;

    if (!store_url || !queue_url)
        return complain(1, "out of memory");
    if (store_open(store_url, &store_options, &store, &failure) < 0)
        return complain(1, "%s", failure.message);
    if (queue_open(queue_url, &queue_options, &queue, &failure) < 0)
        status = complain(1, "%s", failure.message);
    else
        status = dispatch(store, queue, argc, argv);
    if (queue)
        queue_close(queue);
    store_close(store);
    return status;
}
