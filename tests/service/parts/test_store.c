/* SPDX-License-Identifier: MIT */
/* Conformance of the stores: jobs, from insertion to the end of keeping. */
#include "store_suite.h"

/* ---- insert, get ------------------------------------------------------------------------------------------------- */

static void a_stored_job_is_read_as_it_was_given(void **state)
{
    cleanup_job struct job *given = draft("c++17");
    cleanup_job struct job *read = NULL;
    size_t length = 300000;

    (void)state;
    replace(&given->user_id, "J\xc3\xbcrgen 'or' \"1\"=\"1\" -- \\");
    replace(&given->callback_url, "https://example.org/hook?a=b");
    replace(&given->traceparent, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    free(given->spec);
    given->spec = calloc(1, length + 3);
    assert_non_null(given->spec);
    given->spec[0] = '"';
    memset(given->spec + 1, 'x', length);
    given->spec[length + 1] = '"';
    store_draft(given);
    read = get(&given->id, STORE_WITH_SPEC | STORE_WITH_RESULT);
    assert_int_equal(uuid_compare(&read->id, &given->id), 0);
    assert_int_equal(read->status, JOB_QUEUED);
    assert_int_equal(read->attempt, 0);
    assert_false(read->cancel_requested);
    assert_string_equal(read->key_id, given->key_id);
    assert_string_equal(read->user_id, given->user_id);
    assert_string_equal(read->language, given->language);
    assert_string_equal(read->worker, "");
    assert_string_equal(read->callback_url, given->callback_url);
    assert_string_equal(read->traceparent, given->traceparent);
    assert_string_equal(read->spec, given->spec);
    assert_null(read->result);
    assert_int_equal(read->times.created, given->times.created);
    assert_int_equal(read->times.published, 0);
    assert_int_equal(read->times.claimed, 0);
    assert_int_equal(read->times.finished, 0);
    end(&given->id);
}

static void a_spec_and_a_result_are_read_only_where_asked_for(void **state)
{
    struct uuid id = submit();

    (void)state;
    assert_int_equal(finish(&id, claim(&id, "w", false), JOB_SUCCESS, "{\"a\":1}"), 0);
    for (unsigned with = 0; with < 4; with++) {
        cleanup_job struct job *job = get(&id, with);

        assert_int_equal(job->spec != NULL, (with & STORE_WITH_SPEC) != 0);
        assert_int_equal(job->result != NULL, (with & STORE_WITH_RESULT) != 0);
        if (job->result)
            assert_string_equal(job->result, "{\"a\":1}");
    }
}

static void a_job_that_nobody_stored_is_not_found(void **state)
{
    struct store_outcome outcome = {.status = JOB_SUCCESS, .result = "{}"};
    struct store_lease lease = {.id = new_id(), .attempt = 1};
    struct uuid id = lease.id;
    struct job *job = NULL;

    (void)state;
    assert_int_equal(store_get(store, &id, 0, &job, NULL), FAIL_NOT_FOUND);
    assert_int_equal(store_claim(store, &id, "w", 1, 2, true, &job, NULL), FAIL_NOT_FOUND);
    assert_int_equal(store_finish(store, &id, 1, &outcome, NULL), FAIL_NOT_FOUND);
    assert_int_equal(store_cancel(store, &id, "{}", 1, NULL), FAIL_NOT_FOUND);
    assert_true(store_advance(store, &id, 1, JOB_RUNNING, 1, NULL) < 0);
    assert_true(store_release(store, &id, 1, NULL) < 0);
    assert_true(store_revive(store, &id, NULL) < 0);
    assert_done(store_mark_published(store, &id, 1, 1, WHY));
    assert_done(store_renew(store, &lease, 1, 5, WHY));
    assert_true(lease.is_lost);
    assert_null(job);
}

static void of_several_jobs_all_or_none_are_stored(void **state)
{
    struct uuid taken = submit();
    struct job *jobs[3] = {draft("c"), draft("c"), draft("c")};
    struct uuid twin = jobs[2]->id;
    struct job *read = NULL;

    (void)state;
    jobs[2]->id = taken;
    assert_true(store_insert(store, (const struct job *const *)jobs, 3, NULL, NULL, NULL) < 0);
    assert_int_equal(store_get(store, &jobs[0]->id, 0, &read, NULL), FAIL_NOT_FOUND);
    assert_int_equal(store_get(store, &jobs[1]->id, 0, &read, NULL), FAIL_NOT_FOUND);
    jobs[2]->id = twin;
    assert_done(store_insert(store, (const struct job *const *)jobs, 3, NULL, NULL, WHY));
    for (int i = 0; i < 3; i++) {
        end(&jobs[i]->id);
        job_free(jobs[i]);
    }
    end(&taken);
}

/* ---- idempotency ------------------------------------------------------------------------------------------------- */

static void a_repeated_request_is_answered_as_the_first_one_was(void **state)
{
    cleanup_job struct job *first = draft("c");
    cleanup_job struct job *second = draft("c");
    const struct job *first_jobs[] = {first};
    const struct job *second_jobs[] = {second};
    char key[80];
    struct store_idempotency idempotency = {
        .key_id = "", .key = new_name("k", key, sizeof(key)), .digest = "d1", .response = "the first"};
    struct job *read = NULL;
    char *response = NULL;

    (void)state;
    assert_done(store_insert(store, first_jobs, 1, &idempotency, &response, WHY));
    assert_null(response);
    idempotency.response = "the second";
    assert_int_equal(store_insert(store, second_jobs, 1, &idempotency, &response, NULL), 1);
    assert_string_equal(response, "the first");
    free(response);
    assert_int_equal(store_get(store, &second->id, 0, &read, NULL), FAIL_NOT_FOUND);
    /* Another owner's key of the same text is another key. */
    idempotency.key_id = "somebody";
    assert_done(store_insert(store, second_jobs, 1, &idempotency, &response, WHY));
    end(&first->id);
    end(&second->id);
}

static void an_idempotency_key_with_another_request_is_a_conflict(void **state)
{
    cleanup_job struct job *first = draft("c");
    cleanup_job struct job *second = draft("c");
    const struct job *first_jobs[] = {first};
    const struct job *second_jobs[] = {second};
    char key[80];
    struct store_idempotency idempotency = {
        .key_id = "x", .key = new_name("k", key, sizeof(key)), .digest = "d1", .response = "r"};
    struct job *read = NULL;
    char *response = NULL;

    (void)state;
    assert_done(store_insert(store, first_jobs, 1, &idempotency, &response, WHY));
    idempotency.digest = "d2";
    assert_int_equal(store_insert(store, second_jobs, 1, &idempotency, &response, NULL), FAIL_CONFLICT);
    assert_null(response);
    assert_int_equal(store_get(store, &second->id, 0, &read, NULL), FAIL_NOT_FOUND);
    end(&first->id);
}

static void of_an_insertion_that_failed_no_answer_is_kept(void **state)
{
    struct uuid taken = submit();
    cleanup_job struct job *job = draft("c");
    const struct job *jobs[] = {job};
    struct uuid id = job->id;
    char key[80];
    struct store_idempotency idempotency = {
        .key_id = "x", .key = new_name("k", key, sizeof(key)), .digest = "d", .response = "r"};
    char *response = NULL;

    (void)state;
    job->id = taken;
    assert_true(store_insert(store, jobs, 1, &idempotency, &response, NULL) < 0);
    job->id = id;
    assert_done(store_insert(store, jobs, 1, &idempotency, &response, WHY));
    end(&taken);
    end(&id);
}

/* ---- outbox ------------------------------------------------------------------------------------------------------ */

static void a_new_job_is_in_the_outbox_until_the_queue_has_it(void **state)
{
    cleanup_job struct job *job = draft("c");
    cleanup_job struct job *read = NULL;
    int64_t created = job->times.created;

    (void)state;
    store_draft(job);
    assert_true(is_in_outbox(&job->id, created + 1));
    assert_false(is_in_outbox(&job->id, created));
    assert_done(store_mark_published(store, &job->id, 1, created + 7, WHY));
    assert_false(is_in_outbox(&job->id, created + DAY));
    read = get(&job->id, 0);
    assert_int_equal(read->times.published, created + 7);
    end(&job->id);
}

static void the_outbox_has_the_oldest_first_and_no_more_than_asked_for(void **state)
{
    struct uuid *ids = calloc(OUTBOX_MOST, sizeof(*ids));
    struct uuid mine[3] = {submit(), submit(), submit()};
    size_t count = 0;
    size_t seen = 0;

    (void)state;
    assert_non_null(ids);
    assert_done(store_unpublished(store, wallclock_us() + 1, ids, OUTBOX_MOST, &count, WHY));
    for (size_t i = 0; i < count; i++)
        if (seen < 3 && uuid_compare(&ids[i], &mine[seen]) == 0)
            seen++;
    assert_int_equal(seen, 3);
    assert_done(store_unpublished(store, wallclock_us() + 1, ids, 2, &count, WHY));
    assert_int_equal(count, 2);
    for (int i = 0; i < 3; i++)
        end(&mine[i]);
    free(ids);
}

static void a_job_that_is_over_is_in_no_outbox_and_is_not_marked(void **state)
{
    struct uuid id = submit();
    cleanup_job struct job *job = NULL;

    (void)state;
    end(&id);
    assert_false(is_in_outbox(&id, wallclock_us() + DAY));
    assert_done(store_mark_published(store, &id, 1, 5, WHY));
    job = get(&id, 0);
    assert_int_equal(job->times.published, 0);
    assert_int_equal(job->status, JOB_SUCCESS);
}

/* ---- list, load -------------------------------------------------------------------------------------------------- */

#define LISTED 23

/* Jobs of one key, all created at the same microsecond; every third another user's, every fourth another language's. */
static void submit_listed(const char *key, struct uuid *ids)
{
    int64_t created = wallclock_us();

    for (int i = 0; i < LISTED; i++) {
        cleanup_job struct job *job = draft(i % 4 == 0 ? "python" : "c");

        replace(&job->key_id, key);
        replace(&job->user_id, i % 3 == 0 ? "ann" : "bob");
        job->times.created = created;
        store_draft(job);
        ids[i] = job->id;
        if (i % 2 == 0)
            end(&ids[i]);
    }
}

static bool is_listed(int i, const struct store_filter *filter)
{
    if (filter->user_id && strcmp(filter->user_id, i % 3 == 0 ? "ann" : "bob") != 0)
        return false;
    if (filter->language && strcmp(filter->language, i % 4 == 0 ? "python" : "c") != 0)
        return false;
    return !filter->status || *filter->status == (i % 2 == 0 ? JOB_SUCCESS : JOB_QUEUED);
}

/* Reads page by page and compares with what there should be. */
static void check_pages(struct store_filter filter, size_t page, const struct uuid *ids)
{
    int next = LISTED - 1;

    filter.limit = page;
    for (;;) {
        struct job **jobs = NULL;
        size_t count = 0;

        assert_done(store_list(store, &filter, &jobs, &count, WHY));
        assert_true(count <= page);
        for (size_t i = 0; i < count; i++) {
            while (next >= 0 && !is_listed(next, &filter))
                next--;
            assert_true(next >= 0);
            assert_int_equal(uuid_compare(&jobs[i]->id, &ids[next]), 0);
            assert_null(jobs[i]->spec);
            assert_null(jobs[i]->result);
            next--;
            filter.after = jobs[i]->id;
        }
        store_jobs_free(jobs, count);
        if (count == 0)
            break;
    }
    while (next >= 0 && !is_listed(next, &filter))
        next--;
    assert_int_equal(next, -1);
}

static void lists_are_newest_first_in_pages_by_every_filter(void **state)
{
    static const enum job_status success = JOB_SUCCESS;
    static const enum job_status queued = JOB_QUEUED;
    struct uuid ids[LISTED];
    char key[80];

    (void)state;
    submit_listed(new_name("key", key, sizeof(key)), ids);
    for (unsigned fields = 0; fields < 16; fields++) {
        struct store_filter filter = {.key_id = key,
                                      .user_id = fields & 1 ? "ann" : NULL,
                                      .language = fields & 2 ? "python" : NULL,
                                      .status = fields & 4 ? (fields & 8 ? &queued : &success) : NULL};

        check_pages(filter, 1000, ids);
        check_pages(filter, 5, ids);
        check_pages(filter, 1, ids);
    }
    for (int i = 1; i < LISTED; i += 2)
        end(&ids[i]);
}

static void a_list_of_a_user_needs_no_key(void **state)
{
    cleanup_job struct job *job = draft("c");
    char user[80];
    struct store_filter filter = {.user_id = new_name("u", user, sizeof(user)), .limit = 10};
    struct job **jobs = NULL;
    size_t count = 99;

    (void)state;
    assert_done(store_list(store, &filter, &jobs, &count, WHY));
    assert_int_equal(count, 0);
    store_jobs_free(jobs, count);
    replace(&job->user_id, user);
    store_draft(job);
    assert_done(store_list(store, &filter, &jobs, &count, WHY));
    assert_int_equal(count, 1);
    assert_int_equal(uuid_compare(&jobs[0]->id, &job->id), 0);
    store_jobs_free(jobs, count);
    end(&job->id);
}

static struct store_load load_of(const char *language)
{
    struct store_load found = {0};
    struct store_load *loads = NULL;
    size_t count = 0;

    assert_done(store_load(store, &loads, &count, WHY));
    for (size_t i = 0; i < count; i++)
        if (strcmp(loads[i].language, language) == 0)
            found = loads[i];
    free(loads);
    return found;
}

static void the_load_counts_what_is_not_over_by_language(void **state)
{
    struct uuid ids[4];
    struct store_load load;
    char language[32];

    (void)state;
    new_name("l", language, sizeof(language));
    for (int i = 0; i < 4; i++) {
        cleanup_job struct job *job = draft(language);

        store_draft(job);
        ids[i] = job->id;
    }
    claim(&ids[0], "a", false);
    claim(&ids[1], "a", false);
    assert_done(store_advance(store, &ids[1], 1, JOB_COMPILING, 1, WHY));
    claim(&ids[2], "a", false);
    assert_done(store_advance(store, &ids[2], 1, JOB_RUNNING, 1, WHY));
    end(&ids[3]);
    load = load_of(language);
    assert_int_equal(load.waiting, 1);
    assert_int_equal(load.active, 2);
    for (int i = 0; i < 3; i++)
        end(&ids[i]);
    load = load_of(language);
    assert_int_equal(load.waiting + load.active, 0);
}

/* ---- history ----------------------------------------------------------------------------------------------------- */

/* A job as old as it says, its id too. */
static struct job *old_draft(int64_t created)
{
    struct job *job = draft("c");
    struct uuid old = uuid_of_time(created);

    memcpy(job->id.bytes, old.bytes, 6);
    job->times.created = created;
    return job;
}

/* A time that no other test, and no earlier run, has jobs of. */
static int64_t new_past(void)
{
    static int64_t days = 400;
    int64_t past = wallclock_us() - (days += 10) * DAY;

    return past - past % 1000;
}

static struct uuid submit_old(int64_t created)
{
    cleanup_job struct job *job = old_draft(created);

    store_draft(job);
    return job->id;
}

static void end_at(const struct uuid *id, enum job_status status, struct job_times times)
{
    struct store_outcome outcome = {.status = status, .result = "{}", .times = times};
    cleanup_job struct job *job = NULL;

    assert_done(store_claim(store, id, "w", times.claimed, times.claimed + HOUR, true, &job, WHY));
    assert_done(store_finish(store, id, job->attempt, &outcome, WHY));
}

static void a_history_has_what_was_accepted_and_what_ended_in_its_time(void **state)
{
    int64_t since = new_past();
    int64_t until = since + SECOND;
    struct uuid waits = submit_old(since);
    struct uuid both = submit_old(since + 999000);
    struct uuid backlog = submit_old(since - 2 * DAY);
    struct uuid before = submit_old(since - 1000);
    struct uuid after = submit_old(until);
    struct job_history history = {0};

    (void)state;
    end_at(&backlog, JOB_TIMEOUT, (struct job_times){.claimed = since - 9, .running = since - 8, .finished = since});
    end_at(
        &both, JOB_WRONG_ANSWER,
        (struct job_times){.claimed = since + 1, .compiling = since + 2, .running = since + 3, .finished = until - 1});
    end_at(&before, JOB_SUCCESS, (struct job_times){.claimed = since - 9, .finished = since - 1});
    end_at(&after, JOB_SUCCESS, (struct job_times){.claimed = until, .finished = until});
    assert_done(store_history(store, since, until, 100, &history, WHY));
    assert_false(history.is_cut);
    assert_int_equal(history.accepted_count, 2);
    assert_int_equal(history.accepted[0] + history.accepted[1], 2 * since + 999000);
    assert_int_equal(history.ended_count, 2);
    assert_int_equal(history.ended[0].status, JOB_WRONG_ANSWER);
    assert_string_equal(history.ended[0].language, "c");
    assert_int_equal(history.ended[0].times.created, since + 999000);
    assert_int_equal(history.ended[0].times.claimed, since + 1);
    assert_int_equal(history.ended[0].times.compiling, since + 2);
    assert_int_equal(history.ended[0].times.running, since + 3);
    assert_int_equal(history.ended[0].times.finished, until - 1);
    assert_int_equal(history.ended[1].status, JOB_TIMEOUT);
    assert_int_equal(history.ended[1].times.created, since - 2 * DAY);
    assert_int_equal(history.ended[1].times.compiling, 0);
    assert_int_equal(history.ended[1].times.finished, since);
    job_history_free(&history);
    end(&waits);
}

static void of_a_long_history_the_newest_are_told(void **state)
{
    int64_t since = new_past();
    struct job_history history = {0};
    struct uuid ids[5];

    (void)state;
    for (int i = 0; i < 5; i++) {
        ids[i] = submit_old(since + i * 1000);
        if (i > 0)
            end_at(&ids[i], JOB_SUCCESS, (struct job_times){.claimed = since, .finished = since + i});
    }
    assert_done(store_history(store, since, since + SECOND, 5, &history, WHY));
    assert_int_equal(history.accepted_count, 5);
    assert_int_equal(history.ended_count, 4);
    assert_false(history.is_cut);
    job_history_free(&history);
    assert_done(store_history(store, since, since + SECOND, 4, &history, WHY));
    assert_int_equal(history.accepted_count, 4);
    assert_int_equal(history.ended_count, 4);
    assert_true(history.is_cut);
    job_history_free(&history);
    assert_done(store_history(store, since, since + SECOND, 2, &history, WHY));
    assert_int_equal(history.accepted_count, 2);
    assert_int_equal(history.accepted[0] + history.accepted[1], 2 * since + 7000);
    assert_int_equal(history.ended_count, 2);
    assert_int_equal(history.ended[0].times.finished + history.ended[1].times.finished, 2 * since + 7);
    assert_true(history.is_cut);
    job_history_free(&history);
    end(&ids[0]);
}

static void what_an_operator_revived_has_not_ended(void **state)
{
    int64_t since = new_past();
    struct uuid id = submit_old(since);
    struct job_history history = {0};

    (void)state;
    end_at(&id, JOB_INTERNAL_ERROR, (struct job_times){.claimed = since, .finished = since});
    assert_done(store_history(store, since, since + SECOND, 4, &history, WHY));
    assert_int_equal(history.ended_count, 1);
    job_history_free(&history);
    assert_done(store_revive(store, &id, WHY));
    assert_done(store_history(store, since, since + SECOND, 4, &history, WHY));
    assert_int_equal(history.accepted_count, 1);
    assert_int_equal(history.ended_count, 0);
    job_history_free(&history);
    end(&id);
}

/* ---- retire ------------------------------------------------------------------------------------------------------ */

static size_t retire_all(int64_t before)
{
    size_t total = 0;
    size_t count = 0;

    do {
        assert_done(store_retire(store, before, wallclock_us(), &count, WHY));
        total += count;
    } while (count > 0);
    return total;
}

static void what_ended_long_ago_is_removed_and_nothing_else(void **state)
{
    int64_t then = wallclock_us() - 40 * DAY;
    cleanup_job struct job *old = old_draft(then);
    cleanup_job struct job *unfinished = old_draft(then + 1000);
    cleanup_job struct job *kept = NULL;
    struct store_outcome outcome = {.status = JOB_SUCCESS, .result = "{}", .times = {.finished = then + SECOND}};
    struct uuid recent = submit();
    char key[80];
    struct store_idempotency idempotency = {
        .key_id = "", .key = new_name("k", key, sizeof(key)), .digest = "d", .response = "r"};
    const struct job *jobs[] = {old};
    struct job *read = NULL;
    char *response = NULL;

    (void)state;
    replace(&old->callback_url, "http://127.0.0.1/never");
    assert_done(store_insert(store, jobs, 1, &idempotency, &response, WHY));
    store_draft(unfinished);
    assert_int_equal(claim(&old->id, "a", false), 1);
    assert_done(store_finish(store, &old->id, 1, &outcome, WHY));
    end(&recent);
    assert_true(retire_all(wallclock_us() - 30 * DAY) >= 1);
    assert_int_equal(store_get(store, &old->id, 0, &read, NULL), FAIL_NOT_FOUND);
    kept = get(&recent, STORE_WITH_RESULT);
    assert_non_null(kept->result);
    job_free(kept);
    kept = get(&unfinished->id, STORE_WITH_SPEC);
    assert_non_null(kept->spec);
    /* The key's answer went with the job: it may be used for another request. */
    idempotency.digest = "another";
    old->id = new_id();
    old->times.created = wallclock_us();
    assert_done(store_insert(store, jobs, 1, &idempotency, &response, WHY));
    end(&old->id);
    end(&unfinished->id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stored_job_is_read_as_it_was_given),
        cmocka_unit_test(a_spec_and_a_result_are_read_only_where_asked_for),
        cmocka_unit_test(a_job_that_nobody_stored_is_not_found),
        cmocka_unit_test(of_several_jobs_all_or_none_are_stored),
        cmocka_unit_test(a_repeated_request_is_answered_as_the_first_one_was),
        cmocka_unit_test(an_idempotency_key_with_another_request_is_a_conflict),
        cmocka_unit_test(of_an_insertion_that_failed_no_answer_is_kept),
        cmocka_unit_test(a_new_job_is_in_the_outbox_until_the_queue_has_it),
        cmocka_unit_test(the_outbox_has_the_oldest_first_and_no_more_than_asked_for),
        cmocka_unit_test(a_job_that_is_over_is_in_no_outbox_and_is_not_marked),
        cmocka_unit_test(lists_are_newest_first_in_pages_by_every_filter),
        cmocka_unit_test(a_list_of_a_user_needs_no_key),
        cmocka_unit_test(the_load_counts_what_is_not_over_by_language),
        cmocka_unit_test(a_history_has_what_was_accepted_and_what_ended_in_its_time),
        cmocka_unit_test(of_a_long_history_the_newest_are_told),
        cmocka_unit_test(what_an_operator_revived_has_not_ended),
        cmocka_unit_test(what_ended_long_ago_is_removed_and_nothing_else),
    };

    return cmocka_run_group_tests_name("store: jobs", tests, suite_setup, suite_teardown);
}
