/* SPDX-License-Identifier: MIT */
/* The arithmetic of statistics: which bucket, how many, which percentile. */
#include "job/statistics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those four first */
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define MS INT64_C(1000)
#define SECOND (1000 * MS)
/* A multiple of every width here: 2026-11-27T00:00:00Z. */
#define DAY_BEGINS (INT64_C(1795737600) * SECOND)

static const struct statistics_span span = {.since = DAY_BEGINS, .width = 10 * SECOND, .count = 3};

static const json_t *at(const json_t *document, const char *path)
{
    char copy[100];
    char *rest = NULL;

    snprintf(copy, sizeof(copy), "%s", path);
    for (const char *step = strtok_r(copy, ".", &rest); step; step = strtok_r(NULL, ".", &rest)) {
        document = json_is_array(document) ? json_array_get(document, strtoul(step, NULL, 10))
                                           : json_object_get(document, step);
        if (!document)
            fail_msg("there is no %s of %s", step, path);
    }
    return document;
}

static void assert_number(const json_t *document, const char *path, double expected)
{
    const json_t *value = at(document, path);

    if (!json_is_number(value) || json_number_value(value) != expected)
        fail_msg("%s is %f, not %f", path, json_number_value(value), expected);
}

static struct job_end ended(const char *language, enum job_status status, int64_t after_ms, int64_t run_ms)
{
    int64_t finished = DAY_BEGINS + after_ms * MS;
    struct job_end end = {.status = status,
                          .times = {.created = finished - 2 * run_ms * MS,
                                    .claimed = finished - run_ms * MS - 2 * MS,
                                    .compiling = finished - run_ms * MS - 1 * MS,
                                    .running = finished - run_ms * MS,
                                    .finished = finished}};

    snprintf(end.language, sizeof(end.language), "%s", language);
    return end;
}

static void a_span_ends_with_the_bucket_that_now_is_in(void **state)
{
    int64_t now = DAY_BEGINS + 107 * SECOND + 1;
    struct statistics_span made = statistics_span(now, 900, 60);

    (void)state;
    assert_int_equal(made.width, 15 * SECOND);
    assert_int_equal(made.count, 60);
    assert_int_equal(statistics_span_end(&made), DAY_BEGINS + 120 * SECOND);
    assert_int_equal(made.since, DAY_BEGINS + 120 * SECOND - 900 * SECOND);
    /* Later in the same bucket: the same span. At its end: the next one. */
    assert_int_equal(statistics_span(DAY_BEGINS + 120 * SECOND - 1, 900, 60).since, made.since);
    assert_int_equal(statistics_span(DAY_BEGINS + 120 * SECOND, 900, 60).since, made.since + made.width);
    made = statistics_span(now, 10, 240);
    assert_true(now >= statistics_span_end(&made) - made.width && now < statistics_span_end(&made));
    made = statistics_span(now, 86400, 1);
    assert_int_equal(made.since, DAY_BEGINS);
    assert_int_equal(made.width, 86400 * SECOND);
}

static void every_bucket_is_there_the_empty_ones_too(void **state)
{
    struct job_history nothing = {0};
    cleanup_json json_t *document = statistics_document(&span, &nothing);

    (void)state;
    assert_non_null(document);
    assert_number(document, "bucket_seconds", 10);
    assert_int_equal(json_array_size(at(document, "buckets")), 3);
    for (int i = 0; i < 3; i++) {
        const json_t *bucket = json_array_get(at(document, "buckets"), (size_t)i);

        assert_number(bucket, "accepted", 0);
        assert_number(bucket, "finished", 0);
        assert_int_equal(json_object_size(at(bucket, "by_status")), 0);
        assert_true(json_is_null(at(bucket, "run_ms")));
    }
    assert_string_equal(json_string_value(at(document, "buckets.0.at")), "2026-11-27T00:00:00.000000Z");
    assert_string_equal(json_string_value(at(document, "buckets.2.at")), "2026-11-27T00:00:20.000000Z");
    assert_number(document, "totals.finished", 0);
    assert_int_equal(json_object_size(at(document, "totals.by_language")), 0);
    assert_true(json_is_null(at(document, "latency_ms.queue")));
    assert_true(json_is_null(at(document, "latency_ms.total")));
    assert_true(json_is_false(at(document, "is_sampled")));
}

static void a_job_counts_in_the_bucket_of_each_of_its_ends(void **state)
{
    int64_t accepted[] = {DAY_BEGINS - 1, DAY_BEGINS, DAY_BEGINS + 10 * SECOND - 1, DAY_BEGINS + 29 * SECOND,
                          DAY_BEGINS + 30 * SECOND};
    struct job_end ends[] = {ended("python", JOB_SUCCESS, 30000, 1), ended("python", JOB_SUCCESS, 29999, 1),
                             ended("c", JOB_TIMEOUT, 10000, 1),      ended("python", JOB_TIMEOUT, 10001, 1),
                             ended("c", JOB_SUCCESS, 9999, 1),       ended("c", JOB_SUCCESS, -1, 1)};
    struct job_history history = {
        .accepted = accepted, .accepted_count = 5, .ended = ends, .ended_count = 6, .is_cut = true};
    cleanup_json json_t *document = statistics_document(&span, &history);

    (void)state;
    assert_number(document, "buckets.0.accepted", 2);
    assert_number(document, "buckets.1.accepted", 0);
    assert_number(document, "buckets.2.accepted", 1);
    assert_number(document, "buckets.0.finished", 1);
    assert_number(document, "buckets.1.finished", 2);
    assert_number(document, "buckets.2.finished", 1);
    assert_number(document, "buckets.1.by_status.TIMEOUT", 2);
    assert_int_equal(json_object_size(at(document, "buckets.1.by_status")), 1);
    assert_number(document, "totals.accepted", 3);
    assert_number(document, "totals.finished", 4);
    assert_number(document, "totals.by_status.SUCCESS", 2);
    assert_number(document, "totals.by_status.TIMEOUT", 2);
    assert_number(document, "totals.by_language.python.finished", 2);
    assert_number(document, "totals.by_language.python.by_status.SUCCESS", 1);
    assert_number(document, "totals.by_language.c.by_status.TIMEOUT", 1);
    assert_true(json_is_true(at(document, "is_sampled")));
}

static void percentiles_are_values_that_occurred(void **state)
{
    struct job_end ends[100];
    struct job_history history = {.ended = ends, .ended_count = 100};
    cleanup_json json_t *document = NULL;

    (void)state;
    /* 1 ms to 100 ms, not in order. */
    for (int i = 0; i < 100; i++)
        ends[i] = ended("c", JOB_SUCCESS, 1000 + i, 1 + (i * 37) % 100);
    ends[0].times.compiling = 0;
    document = statistics_document(&span, &history);
    assert_number(document, "latency_ms.run.p50", 50);
    assert_number(document, "latency_ms.run.p90", 90);
    assert_number(document, "latency_ms.run.p95", 95);
    assert_number(document, "latency_ms.run.p99", 99);
    assert_number(document, "latency_ms.total.p99", 198);
    assert_number(document, "latency_ms.compile.p99", 1);
    assert_number(document, "latency_ms.queue.p99", 97);
    assert_number(document, "buckets.0.run_ms.p50", 50);
    assert_number(document, "buckets.0.run_ms.p95", 95);
    assert_true(json_is_null(at(document, "buckets.1.run_ms")));
}

static void one_value_is_each_of_its_percentiles(void **state)
{
    struct job_end end = ended("c", JOB_SUCCESS, 1, 7);
    struct job_history history = {.ended = &end, .ended_count = 1};
    cleanup_json json_t *document = statistics_document(&span, &history);

    (void)state;
    assert_number(document, "latency_ms.run.p50", 7);
    assert_number(document, "latency_ms.run.p99", 7);
}

static void a_stage_that_was_not_reached_has_no_time(void **state)
{
    /* Cancelled in the queue; and one that did not compile. */
    struct job_end ends[] = {ended("c", JOB_CANCELLED, 5, 4), ended("c", JOB_COMPILATION_ERROR, 5, 4)};
    struct job_history history = {.ended = ends, .ended_count = 2};
    cleanup_json json_t *document = NULL;

    (void)state;
    ends[0].times.claimed = ends[0].times.compiling = ends[0].times.running = 0;
    ends[1].times.running = 0;
    document = statistics_document(&span, &history);
    assert_number(document, "latency_ms.queue.p50", 2);
    assert_true(json_is_null(at(document, "latency_ms.compile")));
    assert_true(json_is_null(at(document, "latency_ms.run")));
    assert_number(document, "latency_ms.total.p50", 8);
    assert_true(json_is_null(at(document, "buckets.0.run_ms")));
}

static void clocks_that_disagree_make_no_time_negative(void **state)
{
    struct job_end end = ended("c", JOB_SUCCESS, 5, 4);
    struct job_history history = {.ended = &end, .ended_count = 1};
    cleanup_json json_t *document = NULL;

    (void)state;
    end.times.claimed = end.times.created - 3 * MS;
    document = statistics_document(&span, &history);
    assert_number(document, "latency_ms.queue.p50", 0);
}

static void languages_without_end_take_no_memory_without_end(void **state)
{
    enum { COUNT = 1000 };
    struct job_end *ends = calloc(COUNT, sizeof(*ends));
    struct job_history history = {.ended = ends, .ended_count = COUNT};
    cleanup_json json_t *document = NULL;

    (void)state;
    assert_non_null(ends);
    for (int i = 0; i < COUNT; i++) {
        char name[32];

        snprintf(name, sizeof(name), "language-%d", i == COUNT - 1 ? 0 : i);
        ends[i] = ended(name, JOB_SUCCESS, 5, 4);
    }
    document = statistics_document(&span, &history);
    assert_int_equal(json_object_size(at(document, "totals.by_language")), 256);
    assert_number(document, "totals.by_language.language-0.finished", 2);
    assert_number(document, "totals.by_language.other.finished", COUNT - 1 - 255);
    free(ends);
}

static void a_freed_history_is_empty(void **state)
{
    struct job_history history = {
        .accepted = calloc(1, 8), .accepted_count = 1, .ended = calloc(1, sizeof(struct job_end)), .ended_count = 1};

    (void)state;
    job_history_free(&history);
    assert_null(history.accepted);
    assert_int_equal(history.ended_count, 0);
    job_history_free(&history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_span_ends_with_the_bucket_that_now_is_in),
        cmocka_unit_test(every_bucket_is_there_the_empty_ones_too),
        cmocka_unit_test(a_job_counts_in_the_bucket_of_each_of_its_ends),
        cmocka_unit_test(percentiles_are_values_that_occurred),
        cmocka_unit_test(one_value_is_each_of_its_percentiles),
        cmocka_unit_test(a_stage_that_was_not_reached_has_no_time),
        cmocka_unit_test(clocks_that_disagree_make_no_time_negative),
        cmocka_unit_test(languages_without_end_take_no_memory_without_end),
        cmocka_unit_test(a_freed_history_is_empty),
    };

    return cmocka_run_group_tests_name("statistics", tests, NULL, NULL);
}
