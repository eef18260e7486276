/* SPDX-License-Identifier: MIT */
#include "store/sqlite.h"

#include "base/buffer.h"

/* After so long a worker that is not heard of any more is forgotten. */
#define FORGET_US (3600 * INT64_C(1000000))

struct beat {
    struct lite_operation operation;
    const struct worker_record *worker;
};

static int write_record(struct lite_connection *connection, const struct worker_record *worker, struct failure *failure)
{
    cleanup_query struct lite_query query = lite_query(
        connection, "INSERT OR REPLACE INTO workers (name, beat, slots, active, report) VALUES (?, ?, ?, ?, ?)");

    lite_bind_text(&query, worker->name);
    lite_bind_int(&query, worker->beat);
    lite_bind_int(&query, worker->slots);
    lite_bind_int(&query, worker->active);
    lite_bind_text(&query, worker->report);
    return lite_run(&query, failure);
}

static int forget_old(struct lite_connection *connection, int64_t now, struct failure *failure)
{
    cleanup_query struct lite_query query = lite_query(connection, "DELETE FROM workers WHERE beat < ?");

    lite_bind_int(&query, now - FORGET_US);
    return lite_run(&query, failure);
}

/* There are few records, so every beat looks for those that ended without a word. */
static int run_beat(struct lite_connection *connection, struct lite_operation *operation, struct failure *failure)
{
    const struct worker_record *worker = ((struct beat *)operation)->worker;
    int error = write_record(connection, worker, failure);

    return error == 0 ? forget_old(connection, worker->beat, failure) : error;
}

int lite_worker_beat(void *self, const struct worker_record *worker, struct failure *failure)
{
    struct beat beat = {.operation = {.run = run_beat}, .worker = worker};

    return lite_write(self, &beat.operation, failure);
}

struct gone {
    struct lite_operation operation;
    const char *name;
};

static int run_gone(struct lite_connection *connection, struct lite_operation *operation, struct failure *failure)
{
    cleanup_query struct lite_query query = lite_query(connection, "DELETE FROM workers WHERE name = ?");

    lite_bind_text(&query, ((struct gone *)operation)->name);
    return lite_run(&query, failure);
}

int lite_worker_gone(void *self, const char *name, struct failure *failure)
{
    struct gone gone = {.operation = {.run = run_gone}, .name = name};

    return lite_write(self, &gone.operation, failure);
}

static int list_from(struct lite_connection *connection, int64_t since, struct sn__buffer *workers,
                     struct failure *failure)
{
    cleanup_query struct lite_query query =
        lite_query(connection, "SELECT name, beat, slots, active, report FROM workers WHERE beat >= ? ORDER BY name");
    int found;

    lite_bind_int(&query, since);
    while ((found = lite_step(&query, failure)) == 1) {
        struct worker_record worker = {.beat = lite_int(&query, 1),
                                       .slots = (uint32_t)lite_int(&query, 2),
                                       .active = (uint32_t)lite_int(&query, 3),
                                       .report = lite_text(&query, 4)};

        lite_text_into(&query, 0, worker.name, sizeof(worker.name));
        if (worker.report)
            sn__buffer_add(workers, &worker, sizeof(worker));
        if (!worker.report || workers->failed) {
            free(worker.report);
            return fail_nomem(failure);
        }
    }
    return found;
}

int lite_worker_list(void *self, int64_t since, struct worker_record **ret_workers, size_t *ret_count,
                     struct failure *failure)
{
    struct lite_connection *connection = lite_borrow(self);
    struct sn__buffer workers = {0};
    int error = list_from(connection, since, &workers, failure);
    size_t count = workers.length / sizeof(struct worker_record);

    lite_give_back(self, connection);
    if (error < 0) {
        store_workers_free((struct worker_record *)workers.data, count);
        return error;
    }
    *ret_count = count;
    *ret_workers = (struct worker_record *)workers.data;
    return 0;
}
