/* SPDX-License-Identifier: MIT */
/* Conformance of the stores: who executes a job, and how it ends. */
#include "store_suite.h"

/* ---- claim, advance, release ------------------------------------------------------------------------------------- */

static void a_claim_counts_an_attempt_and_names_the_worker(void **state)
{
    struct uuid id = submit();
    cleanup_job struct job *claimed = NULL;
    cleanup_job struct job *read = NULL;
    int64_t now = wallclock_us();

    (void)state;
    assert_done(store_claim(store, &id, "worker-1", now, now + HOUR, false, &claimed, WHY));
    assert_int_equal(claimed->attempt, 1);
    assert_string_equal(claimed->worker, "worker-1");
    assert_int_equal(claimed->status, JOB_QUEUED);
    assert_int_equal(claimed->times.claimed, now);
    assert_string_equal(claimed->spec, "{\"language\":\"c\"}");
    read = get(&id, 0);
    assert_int_equal(read->attempt, 1);
    assert_string_equal(read->worker, "worker-1");
    assert_int_equal(read->times.claimed, now);
    end(&id);
}

static void a_job_is_one_workers_until_its_lease_ends(void **state)
{
    struct uuid id = submit();
    struct job *job = NULL;
    int64_t now = wallclock_us();

    (void)state;
    assert_done(store_claim(store, &id, "a", now, now + 100, false, &job, WHY));
    job_free(job);
    job = NULL;
    assert_int_equal(store_claim(store, &id, "b", now + 99, now + 500, false, &job, NULL), FAIL_CONFLICT);
    assert_null(job);
    assert_done(store_claim(store, &id, "b", now + 101, now + 500, false, &job, WHY));
    assert_int_equal(job->attempt, 2);
    job_free(job);
    end(&id);
}

static void a_takeover_does_not_wait_for_the_lease(void **state)
{
    struct uuid id = submit();

    (void)state;
    assert_int_equal(claim(&id, "a", false), 1);
    assert_int_equal(claim(&id, "b", true), 2);
    end(&id);
}

static void a_workers_own_lease_does_not_keep_it_from_claiming_again(void **state)
{
    struct uuid id = submit();

    (void)state;
    assert_int_equal(claim(&id, "a", false), 1);
    assert_int_equal(claim(&id, "a", false), 2);
    end(&id);
}

static void a_claim_of_a_job_that_is_over_says_so(void **state)
{
    struct uuid id = submit();
    cleanup_job struct job *job = NULL;

    (void)state;
    end(&id);
    assert_int_equal(store_claim(store, &id, "w", 1, 2, true, &job, NULL), 1);
    assert_non_null(job);
    assert_int_equal(job->status, JOB_SUCCESS);
    assert_int_equal(job->attempt, 1);
    assert_null(job->spec);
}

static void a_worker_that_lost_its_job_changes_nothing_any_more(void **state)
{
    struct uuid id = submit();
    struct store_lease lease = {.id = id, .attempt = 1};
    cleanup_job struct job *job = NULL;

    (void)state;
    assert_int_equal(claim(&id, "a", false), 1);
    assert_int_equal(claim(&id, "b", true), 2);
    assert_int_equal(finish(&id, 1, JOB_RUNTIME_ERROR, "\"late\""), FAIL_CONFLICT);
    assert_int_equal(store_advance(store, &id, 1, JOB_RUNNING, 9, NULL), FAIL_CONFLICT);
    assert_int_equal(store_release(store, &id, 1, NULL), FAIL_CONFLICT);
    assert_done(store_renew(store, &lease, 1, wallclock_us() + DAY, WHY));
    assert_true(lease.is_lost);
    job = get(&id, STORE_WITH_RESULT);
    assert_int_equal(job->status, JOB_QUEUED);
    assert_int_equal(job->attempt, 2);
    assert_string_equal(job->worker, "b");
    assert_null(job->result);
    assert_int_equal(finish(&id, 2, JOB_SUCCESS, "\"in time\""), 0);
}

static void giving_a_job_up_is_no_attempt_at_it(void **state)
{
    struct store_outcome outcome = {
        .status = JOB_INTERNAL_ERROR, .result = "{}", .times.finished = wallclock_us(), .is_given_up = true};
    cleanup_job struct job *job = NULL;
    struct uuid id = submit();

    (void)state;
    assert_int_equal(claim(&id, "a", false), 1);
    assert_int_equal(claim(&id, "b", true), 2);
    assert_done(store_finish(store, &id, 2, &outcome, WHY));
    job = get(&id, 0);
    assert_int_equal(job->status, JOB_INTERNAL_ERROR);
    assert_int_equal(job->attempt, 1);
    /* Who was only slow does not fit again. */
    assert_int_equal(finish(&id, 1, JOB_SUCCESS, "{}"), FAIL_CONFLICT);
}

static void stages_are_dated_and_never_go_back(void **state)
{
    struct uuid id = submit();
    cleanup_job struct job *running = NULL;
    cleanup_job struct job *again = NULL;
    uint32_t attempt = claim(&id, "a", false);

    (void)state;
    assert_done(store_advance(store, &id, attempt, JOB_COMPILING, 1001, WHY));
    assert_done(store_advance(store, &id, attempt, JOB_RUNNING, 1002, WHY));
    assert_done(store_advance(store, &id, attempt, JOB_COMPILING, 1003, WHY));
    running = get(&id, 0);
    assert_int_equal(running->status, JOB_RUNNING);
    assert_int_equal(running->times.compiling, 1003);
    assert_int_equal(running->times.running, 1002);
    /* The next attempt begins again, but whoever watches does not see it go back. */
    attempt = claim(&id, "b", true);
    assert_done(store_advance(store, &id, attempt, JOB_COMPILING, 2001, WHY));
    again = get(&id, 0);
    assert_int_equal(again->status, JOB_RUNNING);
    assert_int_equal(again->times.compiling, 2001);
    assert_int_equal(again->times.running, 0);
    end(&id);
    assert_int_equal(store_advance(store, &id, attempt + 1, JOB_RUNNING, 3001, NULL), FAIL_CONFLICT);
}

static void a_job_given_back_is_anybodys_and_the_attempt_is_not_counted(void **state)
{
    struct uuid id = submit();
    cleanup_job struct job *job = NULL;
    uint32_t attempt = claim(&id, "a", false);

    (void)state;
    assert_done(store_release(store, &id, attempt, WHY));
    job = get(&id, 0);
    assert_int_equal(job->attempt, 0);
    assert_int_equal(finish(&id, attempt, JOB_SUCCESS, "{}"), FAIL_CONFLICT);
    assert_int_equal(store_release(store, &id, attempt, NULL), FAIL_CONFLICT);
    assert_int_equal(claim(&id, "b", false), 1);
    end(&id);
    assert_int_equal(store_release(store, &id, 2, NULL), FAIL_CONFLICT);
}

static void giving_a_job_back_revives_no_earlier_worker(void **state)
{
    struct uuid id = submit();

    (void)state;
    assert_int_equal(claim(&id, "a", false), 1);
    assert_int_equal(claim(&id, "b", true), 2);
    assert_done(store_release(store, &id, 2, WHY));
    assert_int_equal(finish(&id, 1, JOB_SUCCESS, "{}"), FAIL_CONFLICT);
    assert_int_equal(store_advance(store, &id, 1, JOB_RUNNING, 5, NULL), FAIL_CONFLICT);
    end(&id);
}

/* ---- leases ------------------------------------------------------------------------------------------------------ */

static int64_t claim_until(const struct uuid *id, const char *worker, int64_t lease)
{
    cleanup_job struct job *job = NULL;
    int64_t now = wallclock_us();

    assert_done(store_claim(store, id, worker, now, now + lease, false, &job, WHY));
    return now;
}

static void a_job_whose_lease_ended_is_in_the_outbox_again(void **state)
{
    struct uuid lost = submit();
    struct uuid kept = submit();
    struct uuid over = submit();
    struct uuid all[] = {lost, kept, over};
    int64_t now;
    size_t count = 0;

    (void)state;
    assert_done(store_mark_published(store, all, 3, wallclock_us(), WHY));
    now = claim_until(&lost, "a", 1000);
    claim_until(&kept, "a", HOUR);
    claim_until(&over, "a", 1000);
    assert_int_equal(finish(&over, 1, JOB_SUCCESS, "{}"), 0);
    assert_false(is_in_outbox(&lost, now + HOUR));
    assert_done(store_expire(store, now + 2000000, &count, WHY));
    assert_true(count >= 1);
    assert_true(is_in_outbox(&lost, now + HOUR));
    assert_false(is_in_outbox(&kept, now + HOUR));
    assert_false(is_in_outbox(&over, now + HOUR));
    assert_done(store_mark_published(store, &lost, 1, wallclock_us(), WHY));
    assert_int_equal(claim(&lost, "b", false), 2);
    assert_int_equal(finish(&lost, 1, JOB_SUCCESS, "{}"), FAIL_CONFLICT);
    assert_int_equal(finish(&lost, 2, JOB_SUCCESS, "{}"), 0);
    end(&kept);
}

static void a_worker_that_was_only_late_may_finish_if_nobody_else_has_the_job(void **state)
{
    struct uuid id = submit();
    int64_t now = claim_until(&id, "a", 1000);
    size_t count;

    (void)state;
    assert_done(store_expire(store, now + 2000, &count, WHY));
    assert_int_equal(finish(&id, 1, JOB_SUCCESS, "{}"), 0);
    assert_false(is_in_outbox(&id, now + HOUR));
}

static void a_renewed_lease_keeps_others_out(void **state)
{
    struct uuid first = submit();
    struct uuid second = submit();
    struct uuid over = submit();
    int64_t now = claim_until(&first, "a", 1000);
    struct store_lease leases[3] = {{.id = first, .attempt = 1, .is_lost = true, .cancel_requested = true},
                                    {.id = second, .attempt = 1},
                                    {.id = over, .attempt = 1}};
    struct job *job = NULL;

    (void)state;
    claim_until(&second, "a", 1000);
    assert_done(store_advance(store, &second, 1, JOB_RUNNING, now, WHY));
    assert_int_equal(store_cancel(store, &second, "{}", now, NULL), 1);
    end(&over);
    assert_done(store_renew(store, leases, 3, now + HOUR, WHY));
    assert_false(leases[0].is_lost);
    assert_false(leases[0].cancel_requested);
    assert_false(leases[1].is_lost);
    assert_true(leases[1].cancel_requested);
    assert_true(leases[2].is_lost);
    assert_int_equal(store_claim(store, &first, "b", now + 30 * SECOND, now + HOUR, false, &job, NULL), FAIL_CONFLICT);
    end(&first);
    end(&second);
}

/* ---- finish, cancel, revive -------------------------------------------------------------------------------------- */

static void a_finished_job_has_its_result_and_ends_once(void **state)
{
    struct uuid id = submit();
    struct store_outcome outcome = {.status = JOB_WRONG_ANSWER,
                                    .result = "{\"cases\":[1,2]}",
                                    .time_used_ms = 77,
                                    .memory_used_kb = UINT64_C(5000000000),
                                    .times = {.compiling = 11, .running = 12, .finished = 13}};
    cleanup_job struct job *job = NULL;

    (void)state;
    assert_done(store_mark_published(store, &id, 1, 5, WHY));
    assert_int_equal(claim(&id, "a", false), 1);
    outcome.times.finished = wallclock_us();
    assert_done(store_finish(store, &id, 1, &outcome, WHY));
    job = get(&id, STORE_WITH_RESULT | STORE_WITH_SPEC);
    assert_int_equal(job->status, JOB_WRONG_ANSWER);
    assert_string_equal(job->result, outcome.result);
    assert_int_equal(job->time_used_ms, 77);
    assert_true(job->memory_used_kb == UINT64_C(5000000000));
    assert_int_equal(job->times.published, 5);
    assert_int_equal(job->times.compiling, 11);
    assert_int_equal(job->times.running, 12);
    assert_true(job->times.finished == outcome.times.finished);
    assert_string_equal(job->worker, "a");
    assert_int_equal(finish(&id, 1, JOB_SUCCESS, "{}"), FAIL_CONFLICT);
    assert_int_equal(finish(&id, 2, JOB_SUCCESS, "{}"), FAIL_CONFLICT);
}

static void a_job_that_waits_is_cancelled_at_once(void **state)
{
    struct uuid id = submit();
    cleanup_job struct job *job = NULL;
    int64_t now = wallclock_us();

    (void)state;
    assert_done(store_cancel(store, &id, "\"cancelled\"", now, WHY));
    job = get(&id, STORE_WITH_RESULT);
    assert_int_equal(job->status, JOB_CANCELLED);
    assert_string_equal(job->result, "\"cancelled\"");
    assert_true(job->times.finished == now);
    assert_false(is_in_outbox(&id, now + HOUR));
    assert_int_equal(store_cancel(store, &id, "{}", now, NULL), FAIL_CONFLICT);
}

static void a_job_that_was_claimed_but_is_still_queued_is_cancelled_under_its_worker(void **state)
{
    struct uuid id = submit();
    struct store_lease lease = {.id = id, .attempt = claim(&id, "a", false)};

    (void)state;
    assert_done(store_cancel(store, &id, "{}", wallclock_us(), WHY));
    assert_int_equal(store_advance(store, &id, 1, JOB_RUNNING, 5, NULL), FAIL_CONFLICT);
    assert_int_equal(finish(&id, 1, JOB_SUCCESS, "{}"), FAIL_CONFLICT);
    assert_done(store_renew(store, &lease, 1, wallclock_us() + HOUR, WHY));
    assert_true(lease.is_lost);
}

static void a_job_that_is_executed_is_marked_for_whoever_executes_it(void **state)
{
    static const enum job_status stages[] = {JOB_COMPILING, JOB_RUNNING};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct uuid id = submit();
        cleanup_job struct job *job = NULL;
        cleanup_job struct job *next = NULL;
        int64_t now = wallclock_us();

        claim(&id, "a", false);
        assert_done(store_advance(store, &id, 1, stages[i], now, WHY));
        assert_int_equal(store_cancel(store, &id, "{}", now, NULL), 1);
        assert_int_equal(store_cancel(store, &id, "{}", now, NULL), 1);
        job = get(&id, STORE_WITH_RESULT);
        assert_int_equal(job->status, stages[i]);
        assert_true(job->cancel_requested);
        assert_null(job->result);
        /* If that one dies the next one learns of it. */
        assert_done(store_claim(store, &id, "b", now, now + HOUR, true, &next, WHY));
        assert_true(next->cancel_requested);
        assert_int_equal(finish(&id, 2, JOB_CANCELLED, "{}"), 0);
        assert_int_equal(store_cancel(store, &id, "{}", now, NULL), FAIL_CONFLICT);
    }
}

static void no_job_that_is_over_can_be_cancelled(void **state)
{
    (void)state;
    for (const int *status = job_statuses; *status >= 0; status++) {
        struct uuid id;
        cleanup_job struct job *job = NULL;

        if (!job_status_is_over((enum job_status) * status))
            continue;
        id = submit();
        assert_int_equal(finish(&id, claim(&id, "a", false), (enum job_status) * status, "{}"), 0);
        assert_int_equal(store_cancel(store, &id, "{}", 1, NULL), FAIL_CONFLICT);
        job = get(&id, 0);
        assert_int_equal(job->status, *status);
    }
}

static void an_operator_may_have_an_internal_error_tried_again(void **state)
{
    struct uuid id = submit();
    struct uuid good = submit();
    cleanup_job struct job *job = NULL;

    (void)state;
    assert_done(store_mark_published(store, &id, 1, 5, WHY));
    assert_int_equal(store_revive(store, &id, NULL), FAIL_CONFLICT);
    claim(&id, "a", false);
    assert_int_equal(finish(&id, claim(&id, "b", true), JOB_INTERNAL_ERROR, "\"broken\""), 0);
    assert_done(store_revive(store, &id, WHY));
    job = get(&id, STORE_WITH_RESULT | STORE_WITH_SPEC);
    assert_int_equal(job->status, JOB_QUEUED);
    assert_int_equal(job->attempt, 0);
    assert_null(job->result);
    assert_non_null(job->spec);
    assert_int_equal(job->time_used_ms, 0);
    assert_int_equal(job->times.finished, 0);
    assert_true(is_in_outbox(&id, wallclock_us() + HOUR));
    assert_int_equal(claim(&id, "c", false), 1);
    assert_int_equal(finish(&id, 1, JOB_SUCCESS, "{}"), 0);
    assert_int_equal(store_revive(store, &id, NULL), FAIL_CONFLICT);
    end(&good);
    assert_int_equal(store_revive(store, &good, NULL), FAIL_CONFLICT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_claim_counts_an_attempt_and_names_the_worker),
        cmocka_unit_test(a_job_is_one_workers_until_its_lease_ends),
        cmocka_unit_test(a_takeover_does_not_wait_for_the_lease),
        cmocka_unit_test(a_workers_own_lease_does_not_keep_it_from_claiming_again),
        cmocka_unit_test(a_claim_of_a_job_that_is_over_says_so),
        cmocka_unit_test(a_worker_that_lost_its_job_changes_nothing_any_more),
        cmocka_unit_test(giving_a_job_up_is_no_attempt_at_it),
        cmocka_unit_test(stages_are_dated_and_never_go_back),
        cmocka_unit_test(a_job_given_back_is_anybodys_and_the_attempt_is_not_counted),
        cmocka_unit_test(giving_a_job_back_revives_no_earlier_worker),
        cmocka_unit_test(a_job_whose_lease_ended_is_in_the_outbox_again),
        cmocka_unit_test(a_worker_that_was_only_late_may_finish_if_nobody_else_has_the_job),
        cmocka_unit_test(a_renewed_lease_keeps_others_out),
        cmocka_unit_test(a_finished_job_has_its_result_and_ends_once),
        cmocka_unit_test(a_job_that_waits_is_cancelled_at_once),
        cmocka_unit_test(a_job_that_was_claimed_but_is_still_queued_is_cancelled_under_its_worker),
        cmocka_unit_test(a_job_that_is_executed_is_marked_for_whoever_executes_it),
        cmocka_unit_test(no_job_that_is_over_can_be_cancelled),
        cmocka_unit_test(an_operator_may_have_an_internal_error_tried_again),
    };

    return cmocka_run_group_tests_name("store: attempts", tests, suite_setup, suite_teardown);
}
