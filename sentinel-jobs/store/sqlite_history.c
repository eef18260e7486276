/* SPDX-License-Identifier: MIT */
#include "store/sqlite.h"

#include "base/buffer.h"

/* One more than asked for tells that there are more. */
static bool is_beyond(const struct sn__buffer *rows, size_t size, size_t max, struct job_history *history)
{
    if (rows->length / size < max)
        return false;
    history->is_cut = true;
    return true;
}

/* Ids are keys, and have the time in them. */
static int read_accepted(struct lite_connection *connection, int64_t since, int64_t until, size_t max,
                         struct job_history *history, struct failure *failure)
{
    cleanup_query struct lite_query query =
        lite_query(connection, "SELECT id FROM jobs WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT ?");
    cleanup_buffer struct sn__buffer rows = {0};
    struct uuid from = uuid_of_time(since);
    struct uuid to = uuid_of_time(until);
    int found;

    lite_bind_id(&query, &from);
    lite_bind_id(&query, &to);
    lite_bind_int(&query, (int64_t)max + 1);
    while ((found = lite_step(&query, failure)) == 1 && !is_beyond(&rows, sizeof(int64_t), max, history)) {
        struct uuid id;
        int64_t at;
        int error = lite_id(&query, 0, &id, failure);

        if (error < 0)
            return error;
        at = uuid_time_us(&id);
        sn__buffer_add(&rows, &at, sizeof(at));
        if (rows.failed)
            return fail_nomem(failure);
    }
    if (found < 0)
        return found;
    history->accepted_count = rows.length / sizeof(int64_t);
    history->accepted = (int64_t *)steal_ptr(&rows.data);
    return 0;
}

static int read_ended(struct lite_connection *connection, int64_t since, int64_t until, size_t max,
                      struct job_history *history, struct failure *failure)
{
    cleanup_query struct lite_query query =
        lite_query(connection, "SELECT status, language, created, claimed, compiling, running, finished FROM jobs "
                               "WHERE status >= 10 AND finished >= ? AND finished < ? ORDER BY finished DESC LIMIT ?");
    cleanup_buffer struct sn__buffer rows = {0};
    int found;

    lite_bind_int(&query, since);
    lite_bind_int(&query, until);
    lite_bind_int(&query, (int64_t)max + 1);
    while ((found = lite_step(&query, failure)) == 1 && !is_beyond(&rows, sizeof(struct job_end), max, history)) {
        struct job_end end = {.status = (enum job_status)lite_int(&query, 0),
                              .times = {.created = lite_int(&query, 2),
                                        .claimed = lite_int(&query, 3),
                                        .compiling = lite_int(&query, 4),
                                        .running = lite_int(&query, 5),
                                        .finished = lite_int(&query, 6)}};

        lite_text_into(&query, 1, end.language, sizeof(end.language));
        sn__buffer_add(&rows, &end, sizeof(end));
        if (rows.failed)
            return fail_nomem(failure);
    }
    if (found < 0)
        return found;
    history->ended_count = rows.length / sizeof(struct job_end);
    history->ended = (struct job_end *)steal_ptr(&rows.data);
    return 0;
}

int lite_history(void *self, int64_t since, int64_t until, size_t max, struct job_history *ret_history,
                 struct failure *failure)
{
    struct lite_connection *connection = lite_borrow(self);
    struct job_history history = {0};
    int error = read_accepted(connection, since, until, max, &history, failure);

    if (error == 0)
        error = read_ended(connection, since, until, max, &history, failure);
    lite_give_back(self, connection);
    if (error < 0) {
        job_history_free(&history);
        return error;
    }
    *ret_history = history;
    return 0;
}
