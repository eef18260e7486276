/* SPDX-License-Identifier: MIT */
#include "events/postgres.h"

#include "base/clock.h"
#include "common/log.h"
#include "common/wallclock.h"

#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>

#define BACKOFF_FIRST_MS 50
#define BACKOFF_MOST_MS 2000
/* A connection that lasted so long was a good one: the next attempt need not wait. */
#define GOOD_NS 1000000000ULL
/* One query asks for so many followers, and so many rows of each. */
#define FETCH_FOLLOWERS 16
#define FETCH_ROWS 64

#define SWEEP_EVERY_MS 30000
#define PASSING_US (60LL * 1000000)
#define CONTROL_US (600LL * 1000000)
#define FORGOTTEN_US (7LL * 24 * 3600 * 1000000)

/* A database that was given for events alone has no schema of a store, so nobody migrates it. */
static int make_tables(struct postgres_connection *connection, struct failure *failure)
{
    static const struct postgres_statement statement = {
        NULL, "SELECT to_regclass('events') IS NOT NULL AND to_regclass('controls') IS NOT NULL", true};
    cleanup_result PGresult *result = NULL;
    cleanup_buffer struct sn__buffer sql = {0};
    int error = postgres_run(connection, &statement, NULL, &result, failure);

    if (error < 0 || postgres_bool(result, 0, 0))
        return error;
    /* The rows may be lost in a crash, but not the tables. */
    sn__buffer_addf(&sql,
                    "BEGIN; SET LOCAL synchronous_commit = on; SELECT pg_advisory_xact_lock(" POSTGRES_LOCK_MIGRATE
                    ");\n%s\nCOMMIT",
                    postgres_migrations[POSTGRES_MIGRATION_EVENTS - 1].up);
    return sql.failed ? fail_nomem(failure) : postgres_script(connection, sql.data, failure);
}

int postgres_listen_connect(struct postgres_events *events, struct failure *failure)
{
    int error = postgres_connect(events->target, events->stop, &events->listening, failure);

    if (error < 0)
        return error;
    error = make_tables(&events->listening, failure);
    if (error == 0)
        error = postgres_script(&events->listening,
                                "LISTEN " POSTGRES_CHANNEL_EVENTS "; LISTEN " POSTGRES_CHANNEL_CONTROLS, failure);
    if (error < 0) {
        postgres_disconnect(&events->listening);
        return error;
    }
    postgres_follow_connected(events);
    return 0;
}

/* ---- rows -------------------------------------------------------------------------------------------------------- */

#define FETCH_FROM                                                                                                     \
    "SELECT f.n, r.sequence, r.kind, r.kept, r.at, r.data FROM"                                                        \
    " unnest($1::uuid[], $2::bigint[]) WITH ORDINALITY AS f(job, last, n) CROSS JOIN LATERAL"

static const struct postgres_statement fetches[] = {
    [FOLLOW_EVENTS] = {"events_fetch",
                       FETCH_FROM " (SELECT sequence, kind, kept, at, data FROM events WHERE job = f.job"
                                  " AND sequence > f.last ORDER BY sequence LIMIT 64) AS r ORDER BY f.n, r.sequence",
                       true},
    [FOLLOW_CONTROLS] = {"controls_fetch",
                         FETCH_FROM " (SELECT sequence, kind, true AS kept, at, data FROM controls WHERE job = f.job"
                                    " AND sequence > f.last ORDER BY sequence LIMIT 64) AS r ORDER BY f.n, r.sequence",
                         true},
};

static void tell_row(struct postgres_events *events, struct subscription *follower, const PGresult *result, int row)
{
    struct event event = {
        .job = follower->job,
        .sequence = (uint64_t)postgres_i64(result, row, 1),
        .kind = (enum event_kind)postgres_i64(result, row, 2),
        .data = PQgetvalue(result, row, 5),
        .length = (size_t)PQgetlength(result, row, 5),
    };
    bool is_kept = postgres_bool(result, row, 3);
    int64_t at = postgres_i64(result, row, 4);

    follower->last = (int64_t)event.sequence;
    if (!is_kept && follower->is_catching_up && at < follower->since)
        return;
    postgres_follow_tell(events, follower, &event);
}

static int fetch(struct postgres_events *events, enum followed what, struct subscription *const *followers,
                 size_t count, int *ret_rows, struct failure *failure)
{
    cleanup_postgres_array struct postgres_array jobs = {0};
    cleanup_postgres_array struct postgres_array lasts = {0};
    struct postgres_params params = {0};
    cleanup_result PGresult *result = NULL;
    int error;

    postgres_array_begin(&jobs, POSTGRES_UUID, count);
    postgres_array_begin(&lasts, POSTGRES_I64, count);
    for (size_t i = 0; i < count; i++) {
        postgres_array_uuid(&jobs, &followers[i]->job);
        postgres_array_i64(&lasts, followers[i]->last);
    }
    postgres_put_array(&params, &jobs);
    postgres_put_array(&params, &lasts);
    error = postgres_run(&events->listening, &fetches[what], &params, &result, failure);
    if (error < 0)
        return error;
    for (int row = 0; row < PQntuples(result); row++) {
        size_t n = (size_t)postgres_i64(result, row, 0) - 1;

        if (n >= count)
            return fail(failure, FAIL_INTERNAL, "the database answers for somebody who was not asked for");
        ret_rows[n]++;
        tell_row(events, followers[n], result, row);
    }
    return 0;
}

/* 1: there were followers to look for; 0: nobody is due. */
static int serve_due(struct postgres_events *events, enum followed what, struct failure *failure)
{
    struct subscription *followers[FETCH_FOLLOWERS];
    int rows[FETCH_FOLLOWERS] = {0};
    size_t count = postgres_follow_take(events, what, followers, FETCH_FOLLOWERS);
    int error = 0;

    if (count == 0)
        return 0;
    error = fetch(events, what, followers, count, rows, failure);
    for (size_t i = 0; i < count; i++) {
        /* What was not fetched is due still. */
        bool again = error < 0 || rows[i] == FETCH_ROWS;

        if (!again)
            followers[i]->is_catching_up = false;
        postgres_follow_leave(events, followers[i], again);
    }
    return error < 0 ? error : 1;
}

/* ---- notifications ----------------------------------------------------------------------------------------------- */

/* The payload is the texts of ids, one after the other. */
static void take_notification(struct postgres_events *events, const PGnotify *notification)
{
    enum followed what = strcmp(notification->relname, POSTGRES_CHANNEL_EVENTS) == 0 ? FOLLOW_EVENTS : FOLLOW_CONTROLS;
    const char *at = notification->extra;

    while (strlen(at) >= UUID_TEXT_SIZE - 1) {
        char text[UUID_TEXT_SIZE] = {0};
        struct uuid job;

        memcpy(text, at, UUID_TEXT_SIZE - 1);
        if (uuid_parse(text, &job))
            postgres_follow_due(events, what, &job);
        at += UUID_TEXT_SIZE - 1;
    }
}

static bool take_notifications(struct postgres_events *events)
{
    PGnotify *notification;

    if (!PQconsumeInput(events->listening.pg))
        return false;
    while ((notification = PQnotifies(events->listening.pg))) {
        take_notification(events, notification);
        PQfreemem(notification);
    }
    return true;
}

/* ---- sweeping ---------------------------------------------------------------------------------------------------- */

/*
 * What nobody can wait for any more. The first event that is not kept stays as long as its job's others: it carries the
 * count by which the ones after it are not kept either. Also what a server that died never forgot: by the job's id,
 * which is its age, and by the row's. Shows a dead connection, too.
 */
static int sweep(struct postgres_events *events, struct failure *failure)
{
    static const struct postgres_statement statement = {
        "events_sweep",
        "WITH passing AS (DELETE FROM events WHERE NOT kept AND at < $1 AND EXISTS (SELECT 1 FROM events AS e"
        " WHERE e.job = events.job AND NOT e.kept AND e.sequence < events.sequence)),"
        " told AS (DELETE FROM controls WHERE at < $2)"
        " DELETE FROM events WHERE job < $3 AND at < $4",
        true};
    int64_t now = wallclock_us();
    struct uuid oldest = uuid_of_time(now - FORGOTTEN_US);
    struct postgres_params params = {0};

    postgres_put_i64(&params, now - PASSING_US);
    postgres_put_i64(&params, now - CONTROL_US);
    postgres_put_uuid(&params, &oldest);
    postgres_put_i64(&params, now - FORGOTTEN_US);
    return postgres_run(&events->listening, &statement, &params, NULL, failure);
}

/* ---- the thread -------------------------------------------------------------------------------------------------- */

static bool is_stopped(struct postgres_events *events)
{
    struct pollfd polled = {.fd = events->stop, .events = POLLIN};

    return poll(&polled, 1, 0) > 0;
}

static void drain(int fd)
{
    eventfd_t count;

    eventfd_read(fd, &count);
}

/* Until something is to be done, or for so long. `socket` may be -1. */
static void rest(struct postgres_events *events, int socket, uint64_t until_ns)
{
    struct pollfd polled[] = {
        {.fd = events->wake, .events = POLLIN},
        {.fd = events->stop, .events = POLLIN},
        {.fd = socket, .events = POLLIN},
    };
    uint64_t now = sn__now_ns();

    if (now < until_ns)
        poll(polled, SN_ARRAY_SIZE(polled), (int)((until_ns - now) / 1000000 + 1));
}

/* With a connection: until it is lost, or we are stopped. */
static void serve(struct postgres_events *events, struct failure *failure)
{
    uint64_t next_sweep_ns = sn__now_ns() + SWEEP_EVERY_MS * 1000000ULL;

    while (!is_stopped(events)) {
        int events_due;
        int controls_due;

        drain(events->wake);
        postgres_follow_tell_losses(events);
        if (!take_notifications(events)) {
            fail(failure, FAIL_UNAVAILABLE, "the connection was closed");
            return;
        }
        controls_due = serve_due(events, FOLLOW_CONTROLS, failure);
        events_due = controls_due < 0 ? 0 : serve_due(events, FOLLOW_EVENTS, failure);
        if (controls_due < 0 || events_due < 0)
            return;
        if (controls_due || events_due)
            continue;
        if (sn__now_ns() >= next_sweep_ns) {
            next_sweep_ns = sn__now_ns() + SWEEP_EVERY_MS * 1000000ULL;
            if (sweep(events, failure) < 0 && events->listening.is_broken)
                return;
            continue; /* notifications may have come with the answer */
        }
        rest(events, PQsocket(events->listening.pg), next_sweep_ns);
    }
}

/* Waits, and tells those who come meanwhile. */
static void back_off(struct postgres_events *events, unsigned ms)
{
    uint64_t until_ns = sn__now_ns() + ms * 1000000ULL;

    while (!is_stopped(events) && sn__now_ns() < until_ns) {
        drain(events->wake);
        postgres_follow_tell_losses(events);
        rest(events, -1, until_ns);
    }
}

static unsigned longer(unsigned backoff_ms)
{
    return backoff_ms * 2 < BACKOFF_MOST_MS ? backoff_ms * 2 : BACKOFF_MOST_MS;
}

void *postgres_listen(void *arg)
{
    struct postgres_events *events = arg;
    unsigned backoff_ms = BACKOFF_FIRST_MS;

    while (!is_stopped(events)) {
        struct failure why = {0};
        uint64_t began_ns;

        if (!events->listening.pg && postgres_listen_connect(events, &why) < 0) {
            back_off(events, backoff_ms);
            backoff_ms = longer(backoff_ms);
            continue;
        }
        began_ns = sn__now_ns();
        serve(events, &why);
        postgres_disconnect(&events->listening);
        if (is_stopped(events))
            break;
        log_warn("events are not heard of for now: %s", why.message);
        postgres_follow_lost(events);
        if (sn__now_ns() - began_ns > GOOD_NS)
            backoff_ms = BACKOFF_FIRST_MS;
        back_off(events, backoff_ms);
        backoff_ms = longer(backoff_ms);
    }
    return NULL;
}
