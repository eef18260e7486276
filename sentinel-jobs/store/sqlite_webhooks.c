/* SPDX-License-Identifier: MIT */
#include "store/sqlite.h"

#include "base/cleanup.h"

#include <string.h>

struct take {
    struct lite_operation operation;
    int64_t now;
    int64_t lease_until;
    struct webhook *hooks; /* room for `max` */
    size_t max;
    size_t count;
};

static void forget_hooks(struct lite_operation *operation)
{
    struct take *take = (struct take *)operation;

    while (take->count > 0)
        free(take->hooks[--take->count].url);
}

static int read_due(struct lite_connection *connection, struct take *take, struct failure *failure)
{
    cleanup_query struct lite_query query =
        lite_query(connection, "SELECT job, attempt + 1, url FROM webhooks WHERE is_done = 0 AND due <= ? "
                               "ORDER BY due, job LIMIT ?");
    int found;

    lite_bind_int(&query, take->now);
    lite_bind_int(&query, (int64_t)take->max);
    while ((found = lite_step(&query, failure)) == 1) {
        struct webhook hook = {.attempt = (uint32_t)lite_int(&query, 1)};
        int error = lite_id(&query, 0, &hook.job, failure);

        if (error < 0)
            return error;
        hook.url = lite_text(&query, 2);
        if (!hook.url)
            return fail_nomem(failure);
        take->hooks[take->count++] = hook;
    }
    return found;
}

static int lease(struct lite_connection *connection, const struct webhook *hook, int64_t until, struct failure *failure)
{
    cleanup_query struct lite_query query =
        lite_query(connection, "UPDATE webhooks SET due = ?, attempt = ? WHERE job = ?");

    lite_bind_int(&query, until);
    lite_bind_int(&query, hook->attempt);
    lite_bind_id(&query, &hook->job);
    return lite_run(&query, failure);
}

static int run_take(struct lite_connection *connection, struct lite_operation *operation, struct failure *failure)
{
    struct take *take = (struct take *)operation;
    int error = read_due(connection, take, failure);

    for (size_t i = 0; error == 0 && i < take->count; i++)
        error = lease(connection, &take->hooks[i], take->lease_until, failure);
    if (error < 0)
        forget_hooks(operation);
    return error;
}

int lite_webhook_take(void *self, int64_t now, int64_t lease_until, struct webhook *ret_hooks, size_t max,
                      size_t *ret_count, struct failure *failure)
{
    cleanup_free struct webhook *hooks = calloc(max + 1, sizeof(*hooks));
    struct take take = {.operation = {.run = run_take, .undo = forget_hooks},
                        .now = now,
                        .lease_until = lease_until,
                        .hooks = hooks,
                        .max = max};
    int error;

    if (!hooks)
        return fail_nomem(failure);
    error = lite_write(self, &take.operation, failure);
    if (error < 0)
        return error;
    memcpy(ret_hooks, hooks, take.count * sizeof(*hooks));
    *ret_count = take.count;
    return 0;
}

struct settle {
    struct lite_operation operation;
    const struct uuid *job;
    bool is_done;
    int64_t due;
    const char *error;
};

static int run_settle(struct lite_connection *connection, struct lite_operation *operation, struct failure *failure)
{
    struct settle *settle = (struct settle *)operation;
    cleanup_query struct lite_query query =
        lite_query(connection, "UPDATE webhooks SET is_done = ?, due = ?, error = ? WHERE job = ? AND is_done = 0");

    lite_bind_int(&query, settle->is_done);
    lite_bind_int(&query, settle->due);
    lite_bind_text(&query, settle->error);
    lite_bind_id(&query, settle->job);
    /* One that is done already, or whose job was removed, stays as it is. */
    return lite_run(&query, failure);
}

int lite_webhook_done(void *self, const struct uuid *job, const char *error, struct failure *failure)
{
    struct settle settle = {
        .operation = {.run = run_settle, .is_durable = true}, .job = job, .is_done = true, .error = error};

    return lite_write(self, &settle.operation, failure);
}

int lite_webhook_later(void *self, const struct uuid *job, int64_t due, const char *error, struct failure *failure)
{
    struct settle settle = {.operation = {.run = run_settle}, .job = job, .due = due, .error = error};

    return lite_write(self, &settle.operation, failure);
}
