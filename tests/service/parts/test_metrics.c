/* SPDX-License-Identifier: MIT */
#include "observe/metrics.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define THREADS 8
#define ROUNDS 5000

static const double quarters[] = {0.25, 0.5, 1, 0};
static const struct metric_family families[] = {
    {"test_jobs_total", "Jobs that ended.", METRIC_COUNTER, {"language", "status"}, NULL},
    {"test_waiting", "Jobs that wait.", METRIC_GAUGE, {"language"}, NULL},
    {"test_run_seconds", "How long runs took.", METRIC_HISTOGRAM, {"language"}, quarters},
    {"test_request_seconds", "How long requests took.", METRIC_HISTOGRAM, {NULL}, NULL},
    {"test_odd", "A help with \\ and\na second line.", METRIC_GAUGE, {"a", "b", "c"}, NULL},
    {"test_up", "Whether it is up.", METRIC_GAUGE, {NULL}, NULL},
    {NULL},
};

static struct metrics *metrics;

static int begin(void **state)
{
    (void)state;
    metrics = metrics_make(families);
    return metrics ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    metrics_free(metrics);
    return 0;
}

static void assert_printed(const char *line)
{
    size_t length;
    char *text = metrics_print(metrics, &length);
    char wanted[400];

    assert_non_null(text);
    assert_int_equal(strlen(text), length);
    snprintf(wanted, sizeof(wanted), "\n%s\n", line);
    if (!strstr(text, wanted) && strncmp(text, wanted + 1, strlen(wanted) - 1) != 0)
        fail_msg("there is no line\n%s\nin\n%s", line, text);
    free(text);
}

static size_t count_printed(const char *what)
{
    char *text = metrics_print(metrics, NULL);
    size_t count = 0;

    assert_non_null(text);
    for (const char *at = strstr(text, what); at; at = strstr(at + 1, what))
        count++;
    free(text);
    return count;
}

static void a_counter_adds_up_by_its_labels(void **state)
{
    const char *const c[] = {"c", "SUCCESS", NULL};
    const char *const python[] = {"python", "TIMEOUT", NULL};

    (void)state;
    metrics_add(metrics, "test_jobs_total", c, 1);
    metrics_add(metrics, "test_jobs_total", c, 2.5);
    metrics_add(metrics, "test_jobs_total", python, 1);
    assert_printed("# TYPE test_jobs_total counter");
    assert_printed("test_jobs_total{language=\"c\",status=\"SUCCESS\"} 3.5");
    assert_printed("test_jobs_total{language=\"python\",status=\"TIMEOUT\"} 1");
}

static void a_counter_never_falls(void **state)
{
    const char *const c[] = {"c", "SUCCESS", NULL};

    (void)state;
    metrics_add(metrics, "test_jobs_total", c, 4);
    metrics_add(metrics, "test_jobs_total", c, -1);
    metrics_add(metrics, "test_jobs_total", c, NAN);
    assert_printed("test_jobs_total{language=\"c\",status=\"SUCCESS\"} 4");
}

static void a_gauge_is_what_it_was_set_to_last(void **state)
{
    (void)state;
    metrics_set(metrics, "test_up", NULL, 7);
    metrics_set(metrics, "test_up", NULL, -0.125);
    assert_printed("test_up -0.125");
    metrics_set(metrics, "test_up", NULL, INFINITY);
    assert_printed("test_up +Inf");
    metrics_set(metrics, "test_up", NULL, NAN);
    assert_printed("test_up NaN");
    metrics_set(metrics, "test_up", NULL, 0.1);
    assert_printed("test_up 0.1");
    metrics_set(metrics, "test_up", NULL, 1.0 / 3);
    assert_printed("test_up 0.33333333333333331");
}

static void a_histogram_counts_what_is_at_most_a_bound(void **state)
{
    const char *const c[] = {"c", NULL};

    (void)state;
    metrics_observe(metrics, "test_run_seconds", c, 0.25);
    metrics_observe(metrics, "test_run_seconds", c, 0.375);
    metrics_observe(metrics, "test_run_seconds", c, 1);
    metrics_observe(metrics, "test_run_seconds", c, 20);
    metrics_observe(metrics, "test_run_seconds", c, NAN);
    assert_printed("# TYPE test_run_seconds histogram");
    assert_printed("test_run_seconds_bucket{language=\"c\",le=\"0.25\"} 1");
    assert_printed("test_run_seconds_bucket{language=\"c\",le=\"0.5\"} 2");
    assert_printed("test_run_seconds_bucket{language=\"c\",le=\"1\"} 3");
    assert_printed("test_run_seconds_bucket{language=\"c\",le=\"+Inf\"} 4");
    assert_printed("test_run_seconds_sum{language=\"c\"} 21.625");
    assert_printed("test_run_seconds_count{language=\"c\"} 4");
}

static void without_buckets_a_histogram_has_those_of_seconds(void **state)
{
    (void)state;
    metrics_observe(metrics, "test_request_seconds", NULL, 0.002);
    assert_printed("test_request_seconds_bucket{le=\"0.001\"} 0");
    assert_printed("test_request_seconds_bucket{le=\"0.0025\"} 1");
    assert_printed("test_request_seconds_bucket{le=\"60\"} 1");
    assert_printed("test_request_seconds_bucket{le=\"+Inf\"} 1");
    assert_printed("test_request_seconds_count 1");
}

static void labels_and_helps_are_escaped(void **state)
{
    const char *const odd[] = {"a \"quoted\" word", "back\\slash", "two\nlines"};

    (void)state;
    metrics_set(metrics, "test_odd", odd, 1);
    assert_printed("# HELP test_odd A help with \\\\ and\\na second line.");
    assert_printed("test_odd{a=\"a \\\"quoted\\\" word\",b=\"back\\\\slash\",c=\"two\\nlines\"} 1");
}

static void what_is_no_utf8_does_not_get_out(void **state)
{
    const char *const odd[] = {"\xc3\xa4\xff\xc3", "\xed\xa0\x80", "\xf0\x9f\x98\x80\xc0\xaf"};
    const char *const same[] = {"\xc3\xa4\xfe\xc3", "???", "\xf0\x9f\x98\x80??"};

    (void)state;
    metrics_set(metrics, "test_odd", odd, 1);
    metrics_set(metrics, "test_odd", same, 2); /* printed alike: the same series */
    assert_printed("test_odd{a=\"\xc3\xa4??\",b=\"???\",c=\"\xf0\x9f\x98\x80??\"} 2");
    assert_int_equal(count_printed("\ntest_odd{"), 1);
}

static void a_long_label_is_cut_between_characters(void **state)
{
    char longest[1000];
    const char *const labels[] = {longest, NULL};
    char wanted[200];

    (void)state;
    for (size_t i = 0; i < sizeof(longest) - 2; i += 2)
        memcpy(longest + i, "\xc3\xa4", 3);
    metrics_set(metrics, "test_waiting", labels, 1);
    snprintf(wanted, sizeof(wanted), "test_waiting{language=\"%.126s\"} 1", longest);
    assert_printed(wanted);
}

static void fewer_values_than_names_leave_the_others_empty(void **state)
{
    const char *const one[] = {"x", NULL, "never read"};

    (void)state;
    metrics_set(metrics, "test_odd", one, 1);
    metrics_set(metrics, "test_odd", NULL, 2);
    assert_printed("test_odd{a=\"x\",b=\"\",c=\"\"} 1");
    assert_printed("test_odd{a=\"\",b=\"\",c=\"\"} 2");
}

static void series_beyond_the_bound_are_one(void **state)
{
    char word[40];
    const char *const labels[] = {word, "SUCCESS", NULL};
    const char *const first[] = {"word 0", "SUCCESS", NULL};

    (void)state;
    for (int i = 0; i < METRIC_SERIES_MAX + 1000; i++) {
        snprintf(word, sizeof(word), "word %d", i);
        metrics_add(metrics, "test_jobs_total", labels, 1);
    }
    metrics_add(metrics, "test_jobs_total", first, 1); /* the old ones go on */
    assert_printed("test_jobs_total{language=\"word 0\",status=\"SUCCESS\"} 2");
    assert_printed("test_jobs_total{language=\"other\",status=\"other\"} 1000");
    assert_int_equal(count_printed("\ntest_jobs_total{"), METRIC_SERIES_MAX + 1);
}

static void a_counter_that_another_counts_is_raised_and_never_falls(void **state)
{
    const char *const labels[] = {"c", "SUCCESS", NULL};

    (void)state;
    metrics_raise(metrics, "test_jobs_total", labels, 0);
    assert_printed("test_jobs_total{language=\"c\",status=\"SUCCESS\"} 0");
    metrics_raise(metrics, "test_jobs_total", labels, 7);
    metrics_raise(metrics, "test_jobs_total", labels, 7);
    metrics_raise(metrics, "test_jobs_total", labels, 3);
    metrics_raise(metrics, "test_jobs_total", labels, NAN);
    assert_printed("test_jobs_total{language=\"c\",status=\"SUCCESS\"} 7");
    metrics_raise(metrics, "test_up", NULL, 1);
    assert_int_equal(count_printed("\ntest_up"), 0);
}

static void a_wrong_name_or_type_is_dropped(void **state)
{
    (void)state;
    metrics_add(metrics, "test_unknown_total", NULL, 1);
    metrics_add(metrics, "test_up", NULL, 1);
    metrics_observe(metrics, "test_up", NULL, 1);
    metrics_set(metrics, "test_request_seconds", NULL, 1);
    assert_int_equal(count_printed("\ntest_"), 0);
}

static void the_process_is_told_of(void **state)
{
    char *text = metrics_print(metrics, NULL);
    const char *at;

    (void)state;
    assert_non_null(text);
    at = strstr(text, "\nprocess_resident_memory_bytes ");
    assert_non_null(at);
    assert_true(strtod(strchr(at, ' '), NULL) > 100000);
    at = strstr(text, "\nprocess_start_time_seconds ");
    assert_non_null(at);
    assert_true(fabs(strtod(strchr(at, ' '), NULL) - (double)time(NULL)) < 3600);
    at = strstr(text, "\nprocess_open_fds ");
    assert_non_null(at);
    assert_true(strtod(strchr(at, ' '), NULL) >= 1);
    assert_non_null(strstr(text, "\nprocess_cpu_seconds_total "));
    free(text);
}

static void *tell_much(void *arg)
{
    char word[40];
    const char *const labels[] = {word, "SUCCESS", NULL};
    const char *const run[] = {"c", NULL};

    for (int i = 0; i < ROUNDS; i++) {
        snprintf(word, sizeof(word), "%d", i % 400); /* more than fit */
        metrics_add(metrics, "test_jobs_total", labels, 1);
        metrics_observe(metrics, "test_run_seconds", run, 0.5);
        metrics_set(metrics, "test_waiting", run, i);
        if (i % 500 == 0)
            free(metrics_print(metrics, NULL));
    }
    return arg;
}

static void nothing_is_lost_among_threads(void **state)
{
    pthread_t threads[THREADS];
    char wanted[100];
    double sum = 0;
    char *text;

    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, tell_much, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    snprintf(wanted, sizeof(wanted), "test_run_seconds_count{language=\"c\"} %d", THREADS * ROUNDS);
    assert_printed(wanted);
    text = metrics_print(metrics, NULL);
    for (const char *at = strstr(text, "\ntest_jobs_total{"); at; at = strstr(at + 1, "\ntest_jobs_total{"))
        sum += strtod(strchr(at, ' '), NULL);
    free(text);
    assert_int_equal((int)sum, THREADS * ROUNDS);
    assert_int_equal(count_printed("\ntest_jobs_total{"), METRIC_SERIES_MAX + 1);
}

static void promtool_finds_nothing(void **state)
{
    const char *const odd[] = {"\"\\\n", "\xff", "\xc3\xa4"};
    FILE *promtool;
    size_t length;
    char *text;

    if (access("/usr/bin/promtool", X_OK) < 0) {
        print_message("SKIP: promtool is not installed\n");
        skip();
    }
    a_counter_adds_up_by_its_labels(state);
    a_histogram_counts_what_is_at_most_a_bound(state);
    without_buckets_a_histogram_has_those_of_seconds(state);
    metrics_set(metrics, "test_odd", odd, 1);
    metrics_set(metrics, "test_up", NULL, 1);
    text = metrics_print(metrics, &length);
    assert_non_null(text);
    promtool = popen("/usr/bin/promtool check metrics", "we");
    assert_non_null(promtool);
    assert_int_equal(fwrite(text, 1, length, promtool), length);
    free(text);
    assert_int_equal(pclose(promtool), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_counter_adds_up_by_its_labels),
        TEST(a_counter_never_falls),
        TEST(a_gauge_is_what_it_was_set_to_last),
        TEST(a_histogram_counts_what_is_at_most_a_bound),
        TEST(without_buckets_a_histogram_has_those_of_seconds),
        TEST(labels_and_helps_are_escaped),
        TEST(what_is_no_utf8_does_not_get_out),
        TEST(a_long_label_is_cut_between_characters),
        TEST(fewer_values_than_names_leave_the_others_empty),
        TEST(series_beyond_the_bound_are_one),
        TEST(a_counter_that_another_counts_is_raised_and_never_falls),
        TEST(a_wrong_name_or_type_is_dropped),
        TEST(the_process_is_told_of),
        TEST(nothing_is_lost_among_threads),
        TEST(promtool_finds_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
