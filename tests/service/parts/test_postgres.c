/* SPDX-License-Identifier: MIT */
/* What is special to the store in PostgreSQL: its schema, its partitions, its connections. */
#include "postgres_fixture.h"

#include <pthread.h>
#include <stdatomic.h>

static struct store *open_with(unsigned connections)
{
    const struct store_options options = {.may_migrate = true, .connections = connections};
    struct store *store = NULL;

    assert_done(store_open(url, &options, &store, WHY));
    return store;
}

static struct uuid insert_of(struct store *store, int64_t created)
{
    struct uuid old = uuid_of_time(created);
    struct job job = {.key_id = (char *)"",
                      .user_id = (char *)"u",
                      .language = (char *)"c",
                      .times.created = created,
                      .callback_url = (char *)"",
                      .traceparent = (char *)"",
                      .spec = (char *)"{}"};
    const struct job *jobs[] = {&job};

    assert_int_equal(uuid_make(&job.id), 0);
    memcpy(job.id.bytes, old.bytes, 6);
    assert_done(store_insert(store, jobs, 1, NULL, NULL, WHY));
    return job.id;
}

static void end_at(struct store *store, const struct uuid *id, int64_t finished)
{
    struct store_outcome outcome = {.status = JOB_SUCCESS, .result = "{}", .times.finished = finished};
    struct job *job = NULL;

    assert_done(store_claim(store, id, "w", finished - 1, finished, true, &job, WHY));
    assert_done(store_finish(store, id, job->attempt, &outcome, WHY));
    job_free(job);
}

static bool is_there(struct store *store, const struct uuid *id)
{
    struct job *job = NULL;
    int error = store_get(store, id, 0, &job, NULL);

    job_free(job);
    assert_true(error == 0 || error == FAIL_NOT_FOUND);
    return error == 0;
}

static size_t retire(struct store *store, int64_t before, int64_t now)
{
    size_t count = 12345;

    assert_done(store_retire(store, before, now, &count, WHY));
    return count;
}

static long days(void)
{
    return sql("SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname ~ '^jobs_[0-9]{8}$'");
}

/* ---- partitions -------------------------------------------------------------------------------------------------- */

static void days_are_made_ahead_and_dropped_when_they_are_over(void **state)
{
    struct store *store;
    int64_t now = wallclock_us();
    struct uuid first;
    struct uuid second;

    (void)state;
    NEEDS_SERVER;
    store = open_with(0);
    assert_int_equal(days(), 4);
    first = insert_of(store, now);
    second = insert_of(store, now + DAY);
    assert_int_equal(sql("SELECT count(*) FROM jobs_default"), 0);
    end_at(store, &first, now + SECOND);
    end_at(store, &second, now + DAY);
    /* Two days later, when the first day is to be kept no longer, and the second still is. */
    assert_int_equal(retire(store, now + DAY, now + 2 * DAY), 1);
    assert_false(is_there(store, &first));
    assert_true(is_there(store, &second));
    assert_int_equal(days(), 5);
    assert_int_equal(retire(store, now + DAY, now + 2 * DAY), 0);
    assert_int_equal(days(), 5);
    store_close(store);
}

static void a_job_whose_day_has_no_partition_lands_in_the_default_one(void **state)
{
    struct store *store;
    int64_t now = wallclock_us();
    struct uuid late;
    struct uuid old;

    (void)state;
    NEEDS_SERVER;
    store = open_with(0);
    late = insert_of(store, now + 9 * DAY);
    old = insert_of(store, now - 9 * DAY);
    assert_int_equal(sql("SELECT count(*) FROM jobs_default"), 2);
    end_at(store, &old, now - 8 * DAY);
    /* Its day cannot be made any more, the others can; and what ended is removed from there too. */
    assert_int_equal(retire(store, now - DAY, now + 8 * DAY), 1);
    assert_int_equal(days(), 4 + 3);
    assert_false(is_there(store, &old));
    assert_true(is_there(store, &late));
    end_at(store, &late, now + 9 * DAY);
    assert_int_equal(retire(store, now + 10 * DAY, now + 8 * DAY), 1);
    assert_false(is_there(store, &late));
    store_close(store);
}

static void a_day_with_a_job_that_is_not_over_is_kept_for_that_job(void **state)
{
    struct store *store;
    int64_t now = wallclock_us();
    struct uuid over;
    struct uuid waiting;

    (void)state;
    NEEDS_SERVER;
    store = open_with(0);
    over = insert_of(store, now);
    waiting = insert_of(store, now);
    end_at(store, &over, now);
    assert_int_equal(retire(store, now + 3 * DAY, now), 1);
    assert_false(is_there(store, &over));
    assert_true(is_there(store, &waiting));
    end_at(store, &waiting, now);
    assert_int_equal(retire(store, now + 3 * DAY, now), 1);
    assert_false(is_there(store, &waiting));
    store_close(store);
}

static void retiring_does_not_wait_for_whoever_reads(void **state)
{
    struct store *store;
    int64_t now = wallclock_us();
    struct uuid id;
    PGconn *reader;

    (void)state;
    NEEDS_SERVER;
    store = open_with(0);
    id = insert_of(store, now);
    end_at(store, &id, now);
    reader = PQconnectdb(url);
    PQclear(PQexec(reader, "BEGIN; SELECT * FROM jobs"));
    assert_int_equal(retire(store, now + 3 * DAY, now), 0);
    assert_true(is_there(store, &id));
    PQfinish(reader);
    wait_for(retire(store, now + 3 * DAY, now) == 1);
    store_close(store);
}

/* ---- schema ------------------------------------------------------------------------------------------------------ */

static void the_schema_goes_down_and_up_again(void **state)
{
    struct store *store;
    unsigned known = 0;
    unsigned present = 0;
    struct uuid id;

    (void)state;
    NEEDS_SERVER;
    assert_done(store_migrate(url, STORE_NEWEST, WHY));
    store = open_with(0);
    assert_done(store_schema(store, &known, &present, WHY));
    assert_true(known >= 2);
    assert_int_equal(present, known);
    insert_of(store, wallclock_us());
    for (unsigned version = known; version-- > 0;)
        assert_done(store_migrate(url, version, WHY));
    assert_done(store_schema(store, &known, &present, WHY));
    assert_int_equal(present, 0);
    assert_int_equal(sql("SELECT count(*) FROM pg_class JOIN pg_namespace AS n ON n.oid = relnamespace"
                         " WHERE nspname = 'public' AND relname NOT LIKE 'schema_version%'"),
                     0);
    assert_done(store_migrate(url, STORE_NEWEST, WHY));
    assert_done(store_migrate(url, STORE_NEWEST, WHY));
    assert_int_equal(store_migrate(url, known + 1, NULL), FAIL_INVALID);
    id = insert_of(store, wallclock_us());
    assert_true(is_there(store, &id));
    store_close(store);
}

static void *migrate(void *arg)
{
    return (void *)(intptr_t)store_migrate(url, STORE_NEWEST, arg);
}

static void of_several_who_migrate_at_once_one_does(void **state)
{
    enum { MIGRATORS = 4 };
    pthread_t threads[MIGRATORS];
    struct failure failures[MIGRATORS] = {0};

    (void)state;
    NEEDS_SERVER;
    for (int i = 0; i < MIGRATORS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, migrate, &failures[i]), 0);
    for (int i = 0; i < MIGRATORS; i++) {
        void *error;

        pthread_join(threads[i], &error);
        if (error)
            fail_msg("%s", failures[i].message);
    }
    assert_int_equal(sql("SELECT count(*) FROM schema_version"), sql("SELECT max(version) FROM schema_version"));
}

static void a_newer_schema_is_refused_by_both_versions_names(void **state)
{
    const struct store_options may = {.may_migrate = true};
    struct failure failure = {0};
    struct store *store = NULL;
    char known[20];

    (void)state;
    NEEDS_SERVER;
    assert_done(store_migrate(url, STORE_NEWEST, WHY));
    snprintf(known, sizeof(known), "version %ld:", sql("SELECT max(version) FROM schema_version"));
    sql("INSERT INTO schema_version (version, name) VALUES (907, 'of the future')");
    assert_int_equal(store_open(url, &may, &store, &failure), FAIL_CONFLICT);
    assert_non_null(strstr(failure.message, "version 907"));
    assert_non_null(strstr(failure.message, known));
    assert_int_equal(store_migrate(url, STORE_NEWEST, &failure), FAIL_CONFLICT);
    assert_int_equal(store_migrate(url, 1, &failure), FAIL_CONFLICT);
    assert_int_equal(sql("SELECT max(version) FROM schema_version"), 907);
    assert_null(store);
}

static void an_older_schema_is_left_alone_unless_it_may_be_migrated(void **state)
{
    const struct store_options may_not = {0};
    struct failure failure = {0};
    struct store *store = NULL;

    (void)state;
    NEEDS_SERVER;
    assert_int_equal(store_open(url, &may_not, &store, &failure), FAIL_CONFLICT);
    assert_non_null(strstr(failure.message, "sentinel-server migrate"));
    assert_done(store_migrate(url, 1, WHY));
    assert_int_equal(store_open(url, &may_not, &store, &failure), FAIL_CONFLICT);
    assert_int_equal(sql("SELECT max(version) FROM schema_version"), 1);
    store_close(open_with(0));
    assert_done(store_open(url, &may_not, &store, WHY));
    store_close(store);
}

/* ---- connections ------------------------------------------------------------------------------------------------- */

static void no_message_has_the_password(void **state)
{
    static const char *const urls[] = {
        "postgresql://u:pa%73sword@/x?host=/nonexistent",   "postgresql://u:password/1@localhost/x",
        "postgresql://u:1password/@localhost:1/x",          "postgresql://u:p@password@localhost:1/x",
        "postgresql://u:password@127.0.0.1:1/x?connect=pa", "postgresql://u:password@[::1/x",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        struct failure failure = {0};
        struct store *store = NULL;

        assert_true(store_open(urls[i], NULL, &store, &failure) < 0);
        if (strstr(failure.message, "password") && !strstr(failure.message, "PASSWORD") &&
            !strstr(failure.message, "of its password"))
            fail_msg("%s", failure.message);
    }
}

static void of_several_addresses_the_last_ones_failure_is_told_whole(void **state)
{
    struct failure failure = {0};
    struct store *store = NULL;

    (void)state;
    assert_int_equal(store_open("postgresql://u@127.0.0.1:1,127.0.0.1:2,127.0.0.1:3/x", NULL, &store, &failure),
                     FAIL_UNAVAILABLE);
    assert_non_null(strstr(failure.message, "port 3 failed: Connection refused"));
    assert_null(strstr(failure.message, "port 1 "));
    assert_null(strpbrk(failure.message, "\n\t"));
}

static void a_connection_that_ended_while_nobody_used_it_is_not_noticed(void **state)
{
    struct store *store;
    struct uuid id;

    (void)state;
    NEEDS_SERVER;
    store = open_with(3);
    for (int i = 0; i < 5; i++) {
        end_connections();
        id = insert_of(store, wallclock_us());
        end_connections();
        assert_true(is_there(store, &id));
    }
    store_close(store);
}

/* What a thread of the tests below does, and how it fared. */
struct hand {
    pthread_t thread;
    struct store *store;
    atomic_bool *is_over;
    unsigned done;
    unsigned unavailable;
    unsigned wrong;
    char message[340];
};

static int wrong(struct failure *failure, const char *what)
{
    snprintf(failure->message, sizeof(failure->message), "%s", what);
    return FAIL_INTERNAL;
}

/* A job's whole life; any failure but of the connection is wrong. */
static int live(struct hand *hand, struct failure *failure)
{
    struct store_outcome outcome = {.status = JOB_SUCCESS, .result = "{}"};
    struct job job = {.key_id = (char *)"",
                      .user_id = (char *)"u",
                      .language = (char *)"c",
                      .callback_url = (char *)"",
                      .traceparent = (char *)"",
                      .spec = (char *)"{}"};
    const struct job *jobs[] = {&job};
    struct job *claimed = NULL;
    uint32_t attempt;
    int error;

    uuid_make(&job.id);
    job.times.created = wallclock_us();
    outcome.times.finished = job.times.created + 3;
    error = store_insert(hand->store, jobs, 1, NULL, NULL, failure);
    if (error == 0)
        error = store_claim(hand->store, &job.id, "w", job.times.created + 1, job.times.created + HOUR, false, &claimed,
                            failure);
    if (error != 0)
        return error;
    attempt = claimed->attempt;
    job_free(claimed);
    /* However often its connection broke, it is one claim. */
    if (attempt != 1)
        return wrong(failure, "the first claim is not attempt 1");
    error = store_release(hand->store, &job.id, 1, failure);
    if (error == 0)
        error = store_claim(hand->store, &job.id, "v", job.times.created + 2, job.times.created + HOUR, false, &claimed,
                            failure);
    if (error != 0)
        return error;
    attempt = claimed->attempt;
    job_free(claimed);
    error = store_finish(hand->store, &job.id, attempt, &outcome, failure);
    return error;
}

static void *live_on(void *arg)
{
    struct hand *hand = arg;

    while (!atomic_load(hand->is_over)) {
        struct failure failure = {0};
        int error = live(hand, &failure);

        if (error == 0) {
            hand->done++;
        } else if (error == FAIL_UNAVAILABLE) {
            hand->unavailable++;
        } else {
            hand->wrong++;
            snprintf(hand->message, sizeof(hand->message), "%d: %s", error, failure.message);
        }
    }
    return NULL;
}

static void whatever_breaks_under_an_operation_it_is_done_once(void **state)
{
    enum { HANDS = 6, BREAKS = 60 };
    struct hand hands[HANDS] = {0};
    atomic_bool is_over = false;
    struct store *store;
    unsigned done = 0;

    (void)state;
    NEEDS_SERVER;
    store = open_with(4);
    for (int i = 0; i < HANDS; i++) {
        hands[i].store = store;
        hands[i].is_over = &is_over;
        assert_int_equal(pthread_create(&hands[i].thread, NULL, live_on, &hands[i]), 0);
    }
    for (int i = 0; i < BREAKS; i++) {
        end_connections();
        usleep(20000);
    }
    atomic_store(&is_over, true);
    for (int i = 0; i < HANDS; i++) {
        pthread_join(hands[i].thread, NULL);
        if (hands[i].wrong)
            fail_msg("%u times wrong, last: %s", hands[i].wrong, hands[i].message);
        done += hands[i].done;
    }
    assert_true(done > 0);
    store_close(store);
}

static void who_finds_no_connection_free_waits_for_one(void **state)
{
    enum { HANDS = 16 };
    struct hand hands[HANDS] = {0};
    atomic_bool is_over = false;
    struct store *store;

    (void)state;
    NEEDS_SERVER;
    store = open_with(1);
    for (int i = 0; i < HANDS; i++) {
        hands[i].store = store;
        hands[i].is_over = &is_over;
        assert_int_equal(pthread_create(&hands[i].thread, NULL, live_on, &hands[i]), 0);
    }
    wait_for(sql("SELECT count(*) FROM jobs WHERE status = 10") > 100);
    atomic_store(&is_over, true);
    for (int i = 0; i < HANDS; i++) {
        pthread_join(hands[i].thread, NULL);
        if (hands[i].wrong || hands[i].unavailable)
            fail_msg("%s", hands[i].message);
        /* In turn: nobody was kept waiting while the others went on. */
        assert_true(hands[i].done > 0);
    }
    assert_int_equal(sql("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                         " AND application_name = 'sentinel'"),
                     1);
    store_close(store);
}

static void what_was_acknowledged_outlasts_a_crash_and_the_store_comes_back(void **state)
{
    struct store *store;
    struct uuid ids[20];
    struct uuid late;

    (void)state;
    NEEDS_SERVER;
    store = open_with(0);
    for (int i = 0; i < 20; i++)
        ids[i] = insert_of(store, wallclock_us());
    tell_server("kill");
    assert_int_equal(store_ping(store, NULL), FAIL_UNAVAILABLE);
    assert_int_equal(store_ping(store, NULL), FAIL_UNAVAILABLE);
    tell_server("start");
    wait_for(store_ping(store, NULL) == 0);
    for (int i = 0; i < 20; i++)
        assert_true(is_there(store, &ids[i]));
    late = insert_of(store, wallclock_us());
    assert_true(is_there(store, &late));
    store_close(store);
}

static void a_database_that_does_not_answer_is_not_waited_for_without_end(void **state)
{
    struct store *store;
    struct failure failure = {0};

    (void)state;
    NEEDS_SERVER;
    store = open_with(2);
    tell_server("pause");
    assert_int_equal(store_ping(store, &failure), FAIL_UNAVAILABLE);
    tell_server("resume");
    wait_for(store_ping(store, NULL) == 0);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(days_are_made_ahead_and_dropped_when_they_are_over, make_database),
        cmocka_unit_test_setup(a_job_whose_day_has_no_partition_lands_in_the_default_one, make_database),
        cmocka_unit_test_setup(a_day_with_a_job_that_is_not_over_is_kept_for_that_job, make_database),
        cmocka_unit_test_setup(retiring_does_not_wait_for_whoever_reads, make_database),
        cmocka_unit_test_setup(the_schema_goes_down_and_up_again, make_database),
        cmocka_unit_test_setup(of_several_who_migrate_at_once_one_does, make_database),
        cmocka_unit_test_setup(a_newer_schema_is_refused_by_both_versions_names, make_database),
        cmocka_unit_test(of_several_addresses_the_last_ones_failure_is_told_whole),
        cmocka_unit_test_setup(an_older_schema_is_left_alone_unless_it_may_be_migrated, make_database),
        cmocka_unit_test(no_message_has_the_password),
        cmocka_unit_test_setup(a_connection_that_ended_while_nobody_used_it_is_not_noticed, make_database),
        cmocka_unit_test_setup(whatever_breaks_under_an_operation_it_is_done_once, make_database),
        cmocka_unit_test_setup(who_finds_no_connection_free_waits_for_one, make_database),
        cmocka_unit_test_setup(what_was_acknowledged_outlasts_a_crash_and_the_store_comes_back, make_database),
        cmocka_unit_test_setup(a_database_that_does_not_answer_is_not_waited_for_without_end, make_database),
    };

    return cmocka_run_group_tests_name("store: PostgreSQL", tests, NULL, NULL);
}
