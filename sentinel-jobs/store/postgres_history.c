/* SPDX-License-Identifier: MIT */
#include "store/postgres.h"

/* As many rows as there are, but for the one that tells that there are more than `max`. */
static size_t count_rows(const PGresult *result, size_t max, struct job_history *history)
{
    size_t count = (size_t)PQntuples(result);

    if (count <= max)
        return count;
    history->is_cut = true;
    return max;
}

/* Ids are keys, and have the time in them: the partitions of these days are read, and of them the key's index. */
static int read_accepted(struct postgres_store *store, int64_t since, int64_t until, size_t max,
                         struct job_history *history, struct failure *failure)
{
    static const struct postgres_statement statement = {
        "history_accepted", "SELECT id FROM jobs WHERE id >= $1 AND id < $2 ORDER BY id DESC LIMIT $3", true};
    struct postgres_params params = {0};
    cleanup_result PGresult *result = NULL;
    struct uuid from = uuid_of_time(since);
    struct uuid to = uuid_of_time(until);
    size_t count;
    int error;

    postgres_put_uuid(&params, &from);
    postgres_put_uuid(&params, &to);
    postgres_put_i64(&params, (int64_t)max + 1);
    error = postgres_query(store->pool, &statement, &params, &result, NULL, failure);
    if (error < 0)
        return error;
    count = count_rows(result, max, history);
    history->accepted = calloc(count + 1, sizeof(*history->accepted));
    if (!history->accepted)
        return fail_nomem(failure);
    for (size_t i = 0; i < count; i++) {
        struct uuid id = postgres_uuid(result, (int)i, 0);

        history->accepted[i] = uuid_time_us(&id);
    }
    history->accepted_count = count;
    return 0;
}

static int read_ended(struct postgres_store *store, int64_t since, int64_t until, size_t max,
                      struct job_history *history, struct failure *failure)
{
    static const struct postgres_statement statement = {
        "history_ended",
        "SELECT status, language, created, claimed, compiling, running, finished FROM jobs"
        " WHERE status >= 10 AND finished >= $1 AND finished < $2 ORDER BY finished DESC LIMIT $3",
        true};
    struct postgres_params params = {0};
    cleanup_result PGresult *result = NULL;
    size_t count;
    int error;

    postgres_put_i64(&params, since);
    postgres_put_i64(&params, until);
    postgres_put_i64(&params, (int64_t)max + 1);
    error = postgres_query(store->pool, &statement, &params, &result, NULL, failure);
    if (error < 0)
        return error;
    count = count_rows(result, max, history);
    history->ended = calloc(count + 1, sizeof(*history->ended));
    if (!history->ended)
        return fail_nomem(failure);
    for (size_t i = 0; i < count; i++) {
        struct job_end *end = &history->ended[i];

        end->status = (enum job_status)postgres_i64(result, (int)i, 0);
        postgres_copy_text(result, (int)i, 1, end->language, sizeof(end->language));
        end->times.created = postgres_i64(result, (int)i, 2);
        end->times.claimed = postgres_i64(result, (int)i, 3);
        end->times.compiling = postgres_i64(result, (int)i, 4);
        end->times.running = postgres_i64(result, (int)i, 5);
        end->times.finished = postgres_i64(result, (int)i, 6);
    }
    history->ended_count = count;
    return 0;
}

int postgres_history(void *self, int64_t since, int64_t until, size_t max, struct job_history *ret_history,
                     struct failure *failure)
{
    struct job_history history = {0};
    int error = read_accepted(self, since, until, max, &history, failure);

    if (error == 0)
        error = read_ended(self, since, until, max, &history, failure);
    if (error < 0) {
        job_history_free(&history);
        return error;
    }
    *ret_history = history;
    return 0;
}
