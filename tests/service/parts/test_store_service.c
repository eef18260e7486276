/* SPDX-License-Identifier: MIT */
/* Conformance of the stores: webhooks, API keys, workers, the schema. */
#include "store_suite.h"

/* ---- webhooks ---------------------------------------------------------------------------------------------------- */

#define HOOKS_MOST 1000

/* Takes all that is due; what it says of this job, or attempt 0. Others' are put off, so that they do not disturb. */
static uint32_t take_hook(const struct uuid *job, int64_t now, int64_t lease_until, const char *url)
{
    struct webhook *hooks = calloc(HOOKS_MOST, sizeof(*hooks));
    uint32_t attempt = 0;
    size_t count = 0;

    assert_non_null(hooks);
    assert_done(store_webhook_take(store, now, lease_until, hooks, HOOKS_MOST, &count, WHY));
    assert_true(count < HOOKS_MOST);
    for (size_t i = 0; i < count; i++) {
        if (uuid_compare(&hooks[i].job, job) == 0) {
            assert_int_equal(attempt, 0);
            assert_string_equal(hooks[i].url, url);
            attempt = hooks[i].attempt;
        } else {
            assert_done(store_webhook_done(store, &hooks[i].job, "a leftover of another test", WHY));
        }
        free(hooks[i].url);
    }
    free(hooks);
    return attempt;
}

static void a_webhook_is_due_when_its_job_ends_and_not_before(void **state)
{
    struct uuid id = submit_with_callback("https://example.org/a");
    int64_t now;

    (void)state;
    now = wallclock_us() + SECOND;
    assert_int_equal(take_hook(&id, now, now + HOUR, ""), 0);
    end(&id);
    now = wallclock_us() + SECOND;
    assert_int_equal(take_hook(&id, now, now + HOUR, "https://example.org/a"), 1);
    assert_done(store_webhook_done(store, &id, NULL, WHY));
}

static void a_job_without_a_callback_has_no_webhook(void **state)
{
    struct uuid finished = submit();
    struct uuid cancelled = submit();
    int64_t now = wallclock_us() + SECOND;

    (void)state;
    end(&finished);
    assert_int_equal(take_hook(&finished, now, now + HOUR, ""), 0);
    assert_done(store_cancel(store, &cancelled, "{}", now - SECOND, WHY));
    assert_int_equal(take_hook(&cancelled, now, now + HOUR, ""), 0);
}

static void a_webhook_is_one_couriers_until_its_lease_ends(void **state)
{
    struct uuid id = submit_with_callback("https://example.org/b");
    int64_t now;

    (void)state;
    end(&id);
    now = wallclock_us() + SECOND;
    assert_int_equal(take_hook(&id, now, now + 1000, "https://example.org/b"), 1);
    assert_int_equal(take_hook(&id, now + 900, now + 2000, ""), 0);
    assert_int_equal(take_hook(&id, now + 1100, now + 2000, "https://example.org/b"), 2);
    assert_done(store_webhook_done(store, &id, NULL, WHY));
    assert_int_equal(take_hook(&id, now + HOUR, now + 2 * HOUR, ""), 0);
}

static void a_webhook_that_failed_is_due_again_when_it_was_put_off_to(void **state)
{
    struct uuid id = submit_with_callback("https://example.org/c");
    int64_t now;

    (void)state;
    end(&id);
    now = wallclock_us() + SECOND;
    assert_int_equal(take_hook(&id, now, now + 1000, "https://example.org/c"), 1);
    assert_done(store_webhook_later(store, &id, now + HOUR, "connection refused", WHY));
    assert_int_equal(take_hook(&id, now + HOUR - 1000, now + 2 * HOUR, ""), 0);
    assert_int_equal(take_hook(&id, now + HOUR + 1000, now + 2 * HOUR, "https://example.org/c"), 2);
    assert_done(store_webhook_done(store, &id, "given up", WHY));
    assert_int_equal(take_hook(&id, now + DAY, now + 2 * DAY, ""), 0);
}

static void no_more_webhooks_are_taken_than_asked_for(void **state)
{
    struct uuid ids[3];
    struct webhook hooks[3];
    size_t count = 0;
    int64_t now;

    (void)state;
    for (int i = 0; i < 3; i++) {
        ids[i] = submit_with_callback("https://example.org/d");
        end(&ids[i]);
    }
    now = wallclock_us() + SECOND;
    assert_done(store_webhook_take(store, now, now + 1000, hooks, 2, &count, WHY));
    assert_int_equal(count, 2);
    for (size_t i = 0; i < count; i++)
        free(hooks[i].url);
    for (int i = 0; i < 3; i++)
        assert_done(store_webhook_done(store, &ids[i], NULL, WHY));
    assert_int_equal(take_hook(&ids[2], now + HOUR, now + 2 * HOUR, ""), 0);
}

static void a_job_cancelled_in_the_queue_calls_back_as_well(void **state)
{
    struct uuid id = submit_with_callback("https://example.org/e");
    int64_t now = wallclock_us();

    (void)state;
    assert_done(store_cancel(store, &id, "{}", now, WHY));
    assert_int_equal(take_hook(&id, now + SECOND, now + HOUR, "https://example.org/e"), 1);
    assert_done(store_webhook_done(store, &id, NULL, WHY));
}

static void a_revived_job_calls_back_with_its_new_end(void **state)
{
    struct uuid id = submit_with_callback("https://example.org/f");
    int64_t now;

    (void)state;
    claim(&id, "a", false);
    assert_int_equal(finish(&id, 1, JOB_INTERNAL_ERROR, "{}"), 0);
    now = wallclock_us() + SECOND;
    assert_int_equal(take_hook(&id, now, now + 1000, "https://example.org/f"), 1);
    assert_done(store_webhook_done(store, &id, NULL, WHY));
    assert_done(store_revive(store, &id, WHY));
    assert_int_equal(take_hook(&id, now + HOUR, now + 2 * HOUR, ""), 0);
    end(&id);
    assert_int_equal(take_hook(&id, now + HOUR, now + 2 * HOUR, "https://example.org/f"), 1);
    assert_done(store_webhook_done(store, &id, NULL, WHY));
}

/* ---- API keys ---------------------------------------------------------------------------------------------------- */

static struct api_key new_key(int64_t created)
{
    struct api_key key = {.scopes = SCOPE_SUBMIT | SCOPE_READ, .per_minute = 60, .created = created};
    struct uuid low = new_id();
    struct uuid high = new_id();

    new_name("", key.id, sizeof(key.id));
    new_name("M\xc3\xbcller's ", key.name, sizeof(key.name));
    memcpy(key.hash, low.bytes, 16);
    memcpy(key.hash + 16, high.bytes, 16);
    return key;
}

static void a_key_is_found_by_its_hash(void **state)
{
    struct api_key given = new_key(wallclock_us());
    struct api_key found = {.scopes = 77};
    uint8_t other[32] = {1, 2, 3};

    (void)state;
    assert_int_equal(store_key_find(store, other, &found, NULL), FAIL_NOT_FOUND);
    assert_int_equal(found.scopes, 77);
    assert_done(store_key_add(store, &given, WHY));
    assert_done(store_key_find(store, given.hash, &found, WHY));
    assert_string_equal(found.id, given.id);
    assert_string_equal(found.name, given.name);
    assert_memory_equal(found.hash, given.hash, 32);
    assert_int_equal(found.scopes, given.scopes);
    assert_int_equal(found.per_minute, given.per_minute);
    assert_true(found.created == given.created);
    assert_int_equal(found.revoked, 0);
}

static void two_keys_share_neither_id_nor_hash(void **state)
{
    struct api_key first = new_key(wallclock_us());
    struct api_key second = new_key(wallclock_us());
    struct api_key found;

    (void)state;
    assert_done(store_key_add(store, &first, WHY));
    memcpy(second.hash, first.hash, 32);
    assert_int_equal(store_key_add(store, &second, NULL), FAIL_CONFLICT);
    second = new_key(wallclock_us());
    memcpy(second.id, first.id, sizeof(first.id));
    assert_int_equal(store_key_add(store, &second, NULL), FAIL_CONFLICT);
    assert_int_equal(store_key_find(store, second.hash, &found, NULL), FAIL_NOT_FOUND);
}

static void a_revoked_key_is_found_with_the_time_of_its_revocation(void **state)
{
    struct api_key key = new_key(wallclock_us());
    struct api_key found;

    (void)state;
    assert_int_equal(store_key_revoke(store, key.id, 5, NULL), FAIL_NOT_FOUND);
    assert_done(store_key_add(store, &key, WHY));
    assert_done(store_key_revoke(store, key.id, 1234567, WHY));
    assert_done(store_key_revoke(store, key.id, 7654321, WHY));
    assert_done(store_key_find(store, key.hash, &found, WHY));
    assert_int_equal(found.revoked, 1234567);
}

static void keys_are_listed_oldest_first(void **state)
{
    int64_t now = wallclock_us();
    struct api_key newer = new_key(now + 1);
    struct api_key older = new_key(now);
    struct api_key *keys = NULL;
    size_t count = 0;
    size_t at_older = SIZE_MAX;
    size_t at_newer = SIZE_MAX;

    (void)state;
    assert_done(store_key_add(store, &newer, WHY));
    assert_done(store_key_add(store, &older, WHY));
    assert_done(store_key_list(store, &keys, &count, WHY));
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            assert_true(keys[i - 1].created <= keys[i].created);
        if (strcmp(keys[i].id, older.id) == 0)
            at_older = i;
        if (strcmp(keys[i].id, newer.id) == 0)
            at_newer = i;
    }
    assert_true(at_older < at_newer && at_newer < count);
    free(keys);
}

/* ---- workers ----------------------------------------------------------------------------------------------------- */

static void beat(const char *name, int64_t when, uint32_t active)
{
    char report[] = "{\"languages\":[\"c\"]}";
    struct worker_record record = {.beat = when, .slots = 4, .active = active, .report = report};

    snprintf(record.name, sizeof(record.name), "%s", name);
    assert_done(store_worker_beat(store, &record, WHY));
}

/* How often it is listed; its record, without the report, if it is. */
static int find_worker(const char *name, int64_t since, struct worker_record *ret_record)
{
    struct worker_record *workers = NULL;
    size_t count = 0;
    int times = 0;

    assert_done(store_worker_list(store, since, &workers, &count, WHY));
    for (size_t i = 0; i < count; i++) {
        assert_true(workers[i].beat >= since);
        if (strcmp(workers[i].name, name) != 0)
            continue;
        assert_string_equal(workers[i].report, "{\"languages\":[\"c\"]}");
        *ret_record = workers[i];
        ret_record->report = NULL;
        times++;
    }
    store_workers_free(workers, count);
    return times;
}

static void a_worker_has_one_record_with_what_it_said_last(void **state)
{
    struct worker_record record;
    int64_t now = wallclock_us();
    char name[80];

    (void)state;
    new_name("w", name, sizeof(name));
    beat(name, now, 1);
    beat(name, now + 5, 3);
    assert_int_equal(find_worker(name, now, &record), 1);
    assert_true(record.beat == now + 5);
    assert_int_equal(record.slots, 4);
    assert_int_equal(record.active, 3);
    assert_int_equal(find_worker(name, now + 6, &record), 0);
    assert_done(store_worker_gone(store, name, WHY));
    assert_done(store_worker_gone(store, name, WHY));
    assert_int_equal(find_worker(name, 0, &record), 0);
}

static void a_worker_that_was_not_heard_of_for_an_hour_is_forgotten(void **state)
{
    struct worker_record record;
    int64_t now = wallclock_us();
    char dead[80];
    char alive[80];

    (void)state;
    new_name("dead", dead, sizeof(dead));
    new_name("alive", alive, sizeof(alive));
    beat(dead, now - 2 * HOUR, 1);
    beat(alive, now, 1);
    assert_int_equal(find_worker(alive, now - 60 * SECOND, &record), 1);
    assert_int_equal(find_worker(dead, 0, &record), 0);
    assert_done(store_worker_gone(store, alive, WHY));
}

/* ---- the store itself -------------------------------------------------------------------------------------------- */

static void it_answers(void **state)
{
    (void)state;
    assert_done(store_ping(store, WHY));
}

static void an_open_store_has_the_newest_schema(void **state)
{
    unsigned known = 0;
    unsigned present = 0;

    (void)state;
    assert_done(store_schema(store, &known, &present, WHY));
    assert_true(known > 0);
    assert_int_equal(known, present);
    assert_done(store_migrate(store_url, STORE_NEWEST, WHY));
    assert_done(store_migrate(store_url, known, WHY));
    assert_int_equal(store_migrate(store_url, known + 1, NULL), FAIL_INVALID);
}

static void two_stores_of_one_database_see_each_others_jobs(void **state)
{
    const struct store_options options = {.may_migrate = false};
    struct uuid id = submit();
    cleanup_job struct job *job = NULL;
    struct store *other = NULL;

    (void)state;
    assert_done(store_open(store_url, &options, &other, WHY));
    assert_done(store_get(other, &id, 0, &job, WHY));
    end(&id);
    job_free(job);
    job = NULL;
    assert_done(store_get(other, &id, 0, &job, WHY));
    assert_int_equal(job->status, JOB_SUCCESS);
    store_close(other);
    assert_done(store_ping(store, WHY));
}

static void a_url_of_no_known_kind_is_refused(void **state)
{
    const struct store_options options = {.may_migrate = true};
    struct failure failure;
    struct store *none = NULL;

    (void)state;
    assert_int_equal(store_open("mysql://me:secret@host/db", &options, &none, &failure), FAIL_INVALID);
    assert_null(strstr(failure.message, "secret"));
    assert_null(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_webhook_is_due_when_its_job_ends_and_not_before),
        cmocka_unit_test(a_job_without_a_callback_has_no_webhook),
        cmocka_unit_test(a_webhook_is_one_couriers_until_its_lease_ends),
        cmocka_unit_test(a_webhook_that_failed_is_due_again_when_it_was_put_off_to),
        cmocka_unit_test(no_more_webhooks_are_taken_than_asked_for),
        cmocka_unit_test(a_job_cancelled_in_the_queue_calls_back_as_well),
        cmocka_unit_test(a_revived_job_calls_back_with_its_new_end),
        cmocka_unit_test(a_key_is_found_by_its_hash),
        cmocka_unit_test(two_keys_share_neither_id_nor_hash),
        cmocka_unit_test(a_revoked_key_is_found_with_the_time_of_its_revocation),
        cmocka_unit_test(keys_are_listed_oldest_first),
        cmocka_unit_test(a_worker_has_one_record_with_what_it_said_last),
        cmocka_unit_test(a_worker_that_was_not_heard_of_for_an_hour_is_forgotten),
        cmocka_unit_test(it_answers),
        cmocka_unit_test(an_open_store_has_the_newest_schema),
        cmocka_unit_test(two_stores_of_one_database_see_each_others_jobs),
        cmocka_unit_test(a_url_of_no_known_kind_is_refused),
    };

    return cmocka_run_group_tests_name("store: service", tests, suite_setup, suite_teardown);
}
