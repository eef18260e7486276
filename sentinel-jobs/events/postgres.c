/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation. An event is a row of an unlogged table, by its job and its sequence. The transaction that stores
 * it notifies a channel of the job's id and no more: a payload is at most 8 kB. In each process one thread has a
 * connection that listens; a notification makes the followers of that job due, and for those it asks for the rows
 * greater than the last one that each was told of. So it does not matter how many notifications there are, nor whether
 * one is missed: after a lost connection everybody is due, and what was published meanwhile is found as anything else
 * is. LISTEN comes before the first look, so nothing falls in between. (A crash of the database empties the table. What
 * was not told before is lost then, and that is what the call without an event says.)
 *
 * Looking for rows greater than the last one is right only if those of one job become visible in their order. For
 * events that is up to who publishes, which is one process, one call after the other. What is told to an executor
 * comes from anywhere and is numbered here: under a lock of the job's, held until the commit.
 *
 * `preceding` of a row is how many bytes of its job came before; output beyond the bound is stored as not kept,
 * delivered to those who follow already, and swept away. What is not output is little, and kept.
 */
#include "events/postgres.h"

#include "common/wallclock.h"
#include "events/backend.h"

#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Nobody waits for a disk for what may be lost. */
static const char setup[] = "SET synchronous_commit = off; SET statement_timeout = 10000; SET lock_timeout = 5000;"
                            "SET idle_in_transaction_session_timeout = 20000; SET client_min_messages = warning";

/* One statement publishes so much at most. */
#define PUBLISH_EVENTS 512
#define PUBLISH_BYTES (8U << 20)
/* So many ids' texts fit into a payload. */
#define NOTIFY_IDS 200

/* ---- open -------------------------------------------------------------------------------------------------------- */

static void free_events(struct postgres_events *events)
{
    postgres_disconnect(&events->listening);
    postgres_follow_fini(events);
    postgres_pool_free(events->pool);
    postgres_target_free(events->target);
    sn__close(events->wake);
    sn__close(events->stop);
    free(events);
}

static int open_parts(struct postgres_events *events, const char *url, struct failure *failure)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    struct postgres_target *target;
    int error;

    events->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    events->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (events->wake < 0 || events->stop < 0)
        return fail(failure, FAIL_UNAVAILABLE, "no descriptor for the events is to be had");
    error = postgres_target_make(url, setup, &events->target, failure);
    if (error == 0)
        error = postgres_target_make(url, setup, &target, failure);
    if (error == 0)
        error = postgres_pool_make(target, cpus > 2 ? (unsigned)cpus : 2, &events->pool, failure);
    if (error == 0)
        error = postgres_listen_connect(events, failure);
    return error;
}

static int open_events(const char *url, void **ret_self, struct failure *failure)
{
    struct postgres_events *events = calloc(1, sizeof(*events));
    int error;

    if (!events)
        return fail_nomem(failure);
    events->wake = -1;
    events->stop = -1;
    postgres_follow_init(events);
    error = open_parts(events, url, failure);
    if (error == 0 && pthread_create(&events->thread, NULL, postgres_listen, events) != 0)
        error = fail(failure, FAIL_UNAVAILABLE, "no thread for the events is to be had");
    if (error < 0) {
        free_events(events);
        return error;
    }
    *ret_self = events;
    return 0;
}

static void close_events(void *self)
{
    struct postgres_events *events = self;

    eventfd_write(events->stop, 1);
    pthread_join(events->thread, NULL);
    free_events(events);
}

static int ping(void *self, struct failure *failure)
{
    static const struct postgres_statement statement = {"events_ping", "SELECT 1", true};
    struct postgres_events *events = self;
    bool is_listening;
    int error = postgres_query(events->pool, &statement, NULL, NULL, NULL, failure);

    if (error < 0)
        return error;
    pthread_mutex_lock(&events->mutex);
    is_listening = events->is_listening;
    pthread_mutex_unlock(&events->mutex);
    return is_listening ? 0 : fail(failure, FAIL_UNAVAILABLE, "the connection that listens for events is lost");
}

/* ---- publish ----------------------------------------------------------------------------------------------------- */

/* The payloads: each id once if a job's events are together, as they are. */
static void add_payloads(struct postgres_array *array, const struct event *list, size_t count)
{
    cleanup_buffer struct sn__buffer ids = {0};
    size_t payloads;
    size_t distinct = 0;

    for (size_t i = 0; i < count; i++) {
        char id[UUID_TEXT_SIZE];

        if (i > 0 && uuid_compare(&list[i].job, &list[i - 1].job) == 0)
            continue;
        uuid_print(&list[i].job, id);
        sn__buffer_add_string(&ids, id);
        distinct++;
    }
    payloads = (distinct + NOTIFY_IDS - 1) / NOTIFY_IDS;
    postgres_array_begin(array, POSTGRES_TEXT, payloads);
    for (size_t i = 0; i < payloads && !ids.failed; i++) {
        size_t from = i * NOTIFY_IDS * (UUID_TEXT_SIZE - 1);
        size_t most = (size_t)NOTIFY_IDS * (UUID_TEXT_SIZE - 1);

        postgres_array_bytes(array, ids.data + from, ids.length - from < most ? ids.length - from : most);
    }
    if (ids.failed)
        array->buffer.failed = true;
}

static int publish_some(struct postgres_events *events, const struct event *list, size_t count, struct failure *failure)
{
    static const struct postgres_statement statement = {
        "publish",
        "WITH given AS (SELECT g.* FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bytea[])"
        " AS g(job, sequence, kind, data) WHERE NOT EXISTS (SELECT 1 FROM events AS e WHERE e.job = g.job"
        " AND e.sequence = g.sequence)),"
        " placed AS (SELECT job, sequence, kind, data,"
        " coalesce((SELECT e.preceding + length(e.data) FROM events AS e WHERE e.job = given.job"
        " AND e.sequence < given.sequence ORDER BY e.sequence DESC LIMIT 1), 0)"
        " + coalesce(sum(length(data)) OVER (PARTITION BY job ORDER BY sequence"
        " ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS preceding FROM given),"
        " stored AS (INSERT INTO events (job, sequence, kind, kept, preceding, at, data)"
        " SELECT job, sequence, kind, kind NOT BETWEEN $7 AND $8 OR preceding + length(data) <= $9, preceding, $5, "
        "data FROM placed"
        " ORDER BY job, sequence ON CONFLICT DO NOTHING)"
        " SELECT pg_notify('" POSTGRES_CHANNEL_EVENTS "', payload) FROM unnest($6::text[]) AS payload",
        true};
    cleanup_postgres_array struct postgres_array jobs = {0};
    cleanup_postgres_array struct postgres_array sequences = {0};
    cleanup_postgres_array struct postgres_array kinds = {0};
    cleanup_postgres_array struct postgres_array data = {0};
    cleanup_postgres_array struct postgres_array payloads = {0};
    struct postgres_params params = {0};

    postgres_array_begin(&jobs, POSTGRES_UUID, count);
    postgres_array_begin(&sequences, POSTGRES_I64, count);
    postgres_array_begin(&kinds, POSTGRES_I64, count);
    postgres_array_begin(&data, POSTGRES_BYTES, count);
    for (size_t i = 0; i < count; i++) {
        postgres_array_uuid(&jobs, &list[i].job);
        postgres_array_i64(&sequences, (int64_t)list[i].sequence);
        postgres_array_i64(&kinds, list[i].kind);
        postgres_array_bytes(&data, list[i].data, list[i].length);
    }
    add_payloads(&payloads, list, count);
    postgres_put_array(&params, &jobs);
    postgres_put_array(&params, &sequences);
    postgres_put_array(&params, &kinds);
    postgres_put_array(&params, &data);
    postgres_put_i64(&params, wallclock_us());
    postgres_put_array(&params, &payloads);
    postgres_put_i64(&params, EVENT_COMPILE);
    postgres_put_i64(&params, EVENT_STDERR);
    postgres_put_i64(&params, EVENTS_JOB_BYTES);
    return postgres_query(events->pool, &statement, &params, NULL, NULL, failure);
}

static int publish(void *self, const struct event *list, size_t count, struct failure *failure)
{
    struct postgres_events *events = self;

    for (size_t i = 0; i < count; i++)
        if (list[i].sequence > INT64_MAX)
            return fail(failure, FAIL_INVALID, "an event's sequence is beyond the last one's");
    while (count > 0) {
        size_t some = 1;
        size_t bytes = list[0].length;
        int error;

        while (some < count && some < PUBLISH_EVENTS && bytes + list[some].length <= PUBLISH_BYTES)
            bytes += list[some++].length;
        error = publish_some(events, list, some, failure);
        if (error < 0)
            return error;
        list += some;
        count -= some;
    }
    return 0;
}

static int forget(void *self, const struct uuid *job, struct failure *failure)
{
    static const struct postgres_statement statement = {"forget", "DELETE FROM events WHERE job = $1", true};
    struct postgres_events *events = self;
    struct postgres_params params = {0};

    postgres_put_uuid(&params, job);
    return postgres_query(events->pool, &statement, &params, NULL, NULL, failure);
}

/* ---- follow ------------------------------------------------------------------------------------------------------ */

static struct subscription *make_follower(enum followed what, const struct uuid *job, int64_t last)
{
    struct subscription *follower = calloc(1, sizeof(*follower));

    if (!follower)
        return NULL;
    follower->what = what;
    follower->job = *job;
    follower->last = last;
    follower->since = wallclock_us();
    follower->is_catching_up = true;
    return follower;
}

static int subscribe(void *self, const struct uuid *job, uint64_t after, event_function function, void *arg,
                     struct subscription **ret_subscription, struct failure *failure)
{
    struct subscription *follower = make_follower(FOLLOW_EVENTS, job, after > INT64_MAX ? INT64_MAX : (int64_t)after);

    if (!follower)
        return fail_nomem(failure);
    follower->function = function;
    follower->arg = arg;
    *ret_subscription = follower;
    postgres_follow(self, follower);
    return 0;
}

static void unsubscribe(void *self, struct subscription *subscription)
{
    if (subscription)
        postgres_unfollow(self, subscription);
}

static void on_control(void *self, control_function function, void *arg)
{
    struct postgres_events *events = self;

    pthread_mutex_lock(&events->mutex);
    events->on_control = function;
    events->control_arg = arg;
    pthread_mutex_unlock(&events->mutex);
}

/* From what is there now on: what was sent before is lost. */
static int watch(void *self, const struct uuid *job, struct failure *failure)
{
    static const struct postgres_statement statement = {
        "watch", "SELECT coalesce(max(sequence), 0) FROM controls WHERE job = $1", true};
    struct postgres_events *events = self;
    struct postgres_params params = {0};
    cleanup_result PGresult *result = NULL;
    struct subscription *follower;
    int error;

    if (postgres_follower_of(events, FOLLOW_CONTROLS, job))
        return 0;
    postgres_put_uuid(&params, job);
    error = postgres_query(events->pool, &statement, &params, &result, NULL, failure);
    if (error < 0)
        return error;
    follower = make_follower(FOLLOW_CONTROLS, job, postgres_i64(result, 0, 0));
    if (!follower)
        return fail_nomem(failure);
    postgres_follow(events, follower);
    return 0;
}

static void unwatch(void *self, const struct uuid *job)
{
    struct subscription *follower = postgres_follower_of(self, FOLLOW_CONTROLS, job);

    if (follower)
        postgres_unfollow(self, follower);
}

/* ---- control ----------------------------------------------------------------------------------------------------- */

static int control(void *self, const struct uuid *job, enum control_kind kind, const void *data, size_t length,
                   struct failure *failure)
{
    /*
     * The number comes from a sequence, which is in the log: what of it is not on the disk by the time of a crash
     * counts again afterwards, and receivers take no number twice. So this waits for the disk, once a number is used.
     */
    static const struct postgres_statement lock = {
        "control_lock",
        "SELECT pg_advisory_xact_lock(1397638739, $1::bigint::integer), set_config('synchronous_commit', 'on', true)",
        false};
    static const struct postgres_statement send = {
        "control",
        "WITH sent AS (INSERT INTO controls (job, kind, at, data) VALUES ($1, $2, $3, $4))"
        " SELECT pg_notify('" POSTGRES_CHANNEL_CONTROLS "', $5)",
        false};
    struct postgres_events *events = self;
    struct postgres_params lock_params = {0};
    struct postgres_params params = {0};
    struct postgres_connection *connection;
    char id[UUID_TEXT_SIZE];
    int32_t hash;
    int error;

    if (length > CONTROL_DATA_MAX)
        return fail(failure, FAIL_LIMIT, "more than %u bytes for a job at once", CONTROL_DATA_MAX);
    memcpy(&hash, job->bytes + 12, sizeof(hash));
    postgres_put_i64(&lock_params, hash);
    uuid_print(job, id);
    postgres_put_uuid(&params, job);
    postgres_put_i64(&params, kind);
    postgres_put_i64(&params, wallclock_us());
    postgres_put_bytes(&params, data, length);
    postgres_put_text(&params, id);
    /* Not repeated after a broken connection: input must not come twice. */
    error = postgres_take(events->pool, &connection, failure);
    if (error < 0)
        return error;
    error = postgres_run_two(connection, &lock, &lock_params, &send, &params, failure);
    postgres_give(events->pool, connection);
    return error;
}

static const char *const prefixes[] = {"postgresql://", "postgres://", NULL};

const struct events_backend events_postgres = {
    .name = "postgresql",
    .prefixes = prefixes,
    .open = open_events,
    .close = close_events,
    .ping = ping,
    .publish = publish,
    .subscribe = subscribe,
    .unsubscribe = unsubscribe,
    .forget = forget,
    .control = control,
    .on_control = on_control,
    .watch = watch,
    .unwatch = unwatch,
};
