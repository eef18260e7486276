/* SPDX-License-Identifier: MIT */
#include "store/sqlite.h"

#include "base/buffer.h"

#include <string.h>

static int unpublished_from(struct lite_connection *connection, int64_t before, size_t max, struct sn__buffer *ids,
                            struct failure *failure)
{
    cleanup_query struct lite_query query =
        lite_query(connection, "SELECT id FROM jobs WHERE published = 0 AND status < 10 AND created < ? "
                               "ORDER BY id LIMIT ?");
    int found;

    lite_bind_int(&query, before);
    lite_bind_int(&query, (int64_t)max);
    while ((found = lite_step(&query, failure)) == 1) {
        struct uuid id;
        int error = lite_id(&query, 0, &id, failure);

        if (error < 0)
            return error;
        sn__buffer_add(ids, &id, sizeof(id));
    }
    return found == 0 && ids->failed ? fail_nomem(failure) : found;
}

int lite_unpublished(void *self, int64_t before, struct uuid *ret_ids, size_t max, size_t *ret_count,
                     struct failure *failure)
{
    struct lite_connection *connection = lite_borrow(self);
    cleanup_buffer struct sn__buffer ids = {0};
    int error = unpublished_from(connection, before, max, &ids, failure);

    lite_give_back(self, connection);
    if (error < 0)
        return error;
    if (ids.length > 0)
        memcpy(ret_ids, ids.data, ids.length);
    *ret_count = ids.length / sizeof(*ret_ids);
    return 0;
}

struct mark {
    struct lite_operation operation;
    const struct uuid *ids;
    size_t count;
    int64_t now;
};

static int mark_one(struct lite_connection *connection, const struct uuid *id, int64_t now, struct failure *failure)
{
    cleanup_query struct lite_query query =
        lite_query(connection, "UPDATE jobs SET published = ? WHERE id = ? AND published = 0 AND status < 10");

    lite_bind_int(&query, now);
    lite_bind_id(&query, id);
    return lite_run(&query, failure);
}

static int run_mark(struct lite_connection *connection, struct lite_operation *operation, struct failure *failure)
{
    struct mark *mark = (struct mark *)operation;
    int error = 0;

    for (size_t i = 0; error == 0 && i < mark->count; i++)
        error = mark_one(connection, &mark->ids[i], mark->now, failure);
    return error;
}

int lite_mark_published(void *self, const struct uuid *ids, size_t count, int64_t now, struct failure *failure)
{
    /* Not durable: what is forgotten is published twice, which is no harm. */
    struct mark mark = {.operation = {.run = run_mark}, .ids = ids, .count = count, .now = now};

    return lite_write(self, &mark.operation, failure);
}

struct expire {
    struct lite_operation operation;
    int64_t now;
    size_t count;
};

static int run_expire(struct lite_connection *connection, struct lite_operation *operation, struct failure *failure)
{
    struct expire *expire = (struct expire *)operation;
    cleanup_query struct lite_query query =
        lite_query(connection, "UPDATE jobs SET published = 0, lease_until = 0 "
                               "WHERE lease_until > 0 AND lease_until <= ? AND status < 10");
    int error;

    lite_bind_int(&query, expire->now);
    error = lite_run(&query, failure);
    if (error == 0)
        expire->count = (size_t)lite_changes(&query);
    return error;
}

int lite_expire(void *self, int64_t now, size_t *ret_count, struct failure *failure)
{
    struct expire expire = {.operation = {.run = run_expire}, .now = now};
    int error = lite_write(self, &expire.operation, failure);

    if (error == 0)
        *ret_count = expire.count;
    return error;
}

static int run_recall(struct lite_connection *connection, struct lite_operation *operation, struct failure *failure)
{
    cleanup_query struct lite_query query =
        lite_query(connection, "UPDATE jobs SET published = 0 WHERE status < 10 AND lease_until = 0");

    (void)operation;
    return lite_run(&query, failure);
}

int lite_recall(void *self, struct failure *failure)
{
    struct lite_operation recall = {.run = run_recall};

    return lite_write(self, &recall, failure);
}
