/* SPDX-License-Identifier: MIT */
#include "observe/trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN "00f067aa0ba902b7"

static void assert_refused(const char *text)
{
    struct trace_context context;
    struct trace_context before;

    memset(&context, 0x5a, sizeof(context));
    before = context;
    if (trace_parse(text, &context))
        fail_msg("accepted: %s", text);
    assert_memory_equal(&context, &before, sizeof(context));
}

static void what_was_parsed_is_printed_the_same(void **state)
{
    const char *const texts[] = {"00-" TRACE "-" SPAN "-01", "00-" TRACE "-" SPAN "-00"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct trace_context context;
        char text[TRACEPARENT_SIZE];

        assert_true(trace_parse(texts[i], &context));
        assert_int_equal(context.trace_id[0], 0x4b);
        assert_int_equal(context.trace_id[15], 0x36);
        assert_int_equal(context.span_id[1], 0xf0);
        assert_int_equal(context.flags, i == 0);
        trace_print(&context, text);
        assert_string_equal(text, texts[i]);
    }
}

static void ids_of_zeros_are_refused(void **state)
{
    (void)state;
    assert_refused("00-00000000000000000000000000000000-" SPAN "-01");
    assert_refused("00-" TRACE "-0000000000000000-01");
}

static void upper_case_is_refused(void **state)
{
    (void)state;
    assert_refused("00-4BF92F3577B34DA6A3CE929D0E0E4736-" SPAN "-01");
    assert_refused("00-" TRACE "-00F067AA0BA902B7-01");
    assert_refused("00-" TRACE "-" SPAN "-0A");
    assert_refused("0A-" TRACE "-" SPAN "-01");
}

static void version_ff_is_refused(void **state)
{
    (void)state;
    assert_refused("ff-" TRACE "-" SPAN "-01");
    assert_refused("ff-" TRACE "-" SPAN "-01-more");
}

static void version_00_has_exactly_its_length(void **state)
{
    (void)state;
    assert_refused("00-" TRACE "-" SPAN "-01-");
    assert_refused("00-" TRACE "-" SPAN "-01-more");
    assert_refused("00-" TRACE "-" SPAN "-011");
    assert_refused("00-" TRACE "-" SPAN "-0");
    assert_refused("00-" TRACE "-" SPAN "-");
    assert_refused("00-" TRACE "-" SPAN);
}

static void a_later_version_may_say_more(void **state)
{
    const char *const texts[] = {"01-" TRACE "-" SPAN "-01", "cc-" TRACE "-" SPAN "-01-what-the-future-will-be-like",
                                 "fe-" TRACE "-" SPAN "-ff-"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct trace_context context;
        char text[TRACEPARENT_SIZE];

        assert_true(trace_parse(texts[i], &context));
        trace_print(&context, text);
        assert_string_equal(text, "00-" TRACE "-" SPAN "-01");
    }
    assert_refused("cc-" TRACE "-" SPAN "-01.what-the-future-will-not-be-like");
    assert_refused("cc-" TRACE "-" SPAN "-0");
}

static void unknown_flags_are_not_passed_on(void **state)
{
    struct trace_context context;
    char text[TRACEPARENT_SIZE];

    (void)state;
    assert_true(trace_parse("00-" TRACE "-" SPAN "-fe", &context));
    assert_int_equal(context.flags, 0);
    context.flags = 0xff;
    trace_print(&context, text);
    assert_string_equal(text, "00-" TRACE "-" SPAN "-01");
}

static void what_is_no_traceparent_is_refused(void **state)
{
    (void)state;
    assert_refused(NULL);
    assert_refused("");
    assert_refused("00");
    assert_refused(" 00-" TRACE "-" SPAN "-01");
    assert_refused("00-" TRACE "-" SPAN "-01 ");
    assert_refused("00_" TRACE "-" SPAN "-01");
    assert_refused("00-" TRACE "_" SPAN "-01");
    assert_refused("00-" TRACE "-" SPAN "_01");
    assert_refused("0x-" TRACE "-" SPAN "-01");
    assert_refused("00-" TRACE "-" SPAN "-g1");
    assert_refused("00-4bf92f3577b34da6a3ce929d0e0e473--" SPAN "-01");
}

static void every_valid_text_but_one_character_is_as_long_as_it_says(void **state)
{
    const char valid[] = "00-" TRACE "-" SPAN "-01";
    struct trace_context context;

    (void)state;
    /* from memory of exactly its size: the sanitizers see a byte read too many */
    for (size_t length = 0; length < sizeof(valid); length++) {
        char *text = strndup(valid, length);

        assert_int_equal(trace_parse(text, &context), length == sizeof(valid) - 1);
        free(text);
    }
}

static void a_new_trace_has_ids_and_is_sampled(void **state)
{
    struct trace_context first;
    struct trace_context second;
    struct trace_context parsed;
    char text[TRACEPARENT_SIZE];

    (void)state;
    trace_begin(NULL, &first);
    trace_begin(NULL, &second);
    assert_int_equal(first.flags, 1);
    assert_memory_not_equal(first.trace_id, second.trace_id, 16);
    assert_memory_not_equal(first.span_id, second.span_id, 8);
    trace_print(&first, text);
    assert_int_equal(strlen(text), TRACEPARENT_SIZE - 1);
    assert_true(trace_parse(text, &parsed));
    assert_memory_equal(&parsed, &first, sizeof(first));
}

static void a_span_of_a_parent_is_in_its_trace(void **state)
{
    struct trace_context parent;
    struct trace_context child;

    (void)state;
    assert_true(trace_parse("00-" TRACE "-" SPAN "-00", &parent));
    trace_begin(&parent, &child);
    assert_memory_equal(child.trace_id, parent.trace_id, 16);
    assert_memory_not_equal(child.span_id, parent.span_id, 8);
    assert_int_equal(child.flags, 0);
    trace_begin(&child, &child); /* in place too */
    assert_memory_equal(child.trace_id, parent.trace_id, 16);
}

static void an_endpoint_that_is_no_url_is_refused(void **state)
{
    const char *const wrong[] = {"", "localhost:4318", "file:///tmp/x", "http://", "https:///", "http://a b", NULL};
    struct tracer *tracer = NULL;
    struct failure failure;

    (void)state;
    for (size_t i = 0; wrong[i]; i++) {
        assert_int_equal(tracer_open(wrong[i], "test", &tracer, &failure), FAIL_INVALID);
        assert_null(tracer);
    }
    assert_int_equal(tracer_open("ftp://u:secret@h", "test", &tracer, &failure), FAIL_INVALID);
    assert_null(strstr(failure.message, "secret"));
}

static void without_a_tracer_spans_go_nowhere(void **state)
{
    const struct trace_span span = {.name = "x"};

    (void)state;
    tracer_add(NULL, &span);
    assert_int_equal(tracer_dropped(NULL), 0);
    tracer_close(NULL);
}

static void the_newest_are_dropped_when_nobody_takes_them(void **state)
{
    struct trace_span span = {.name = "x", .start_us = 1, .end_us = 2};
    struct tracer *tracer = NULL;
    struct failure failure;

    (void)state;
    /* port 1 of loopback: nobody listens there */
    assert_int_equal(tracer_open("http://127.0.0.1:1", "test", &tracer, &failure), 0);
    trace_begin(NULL, &span.context);
    for (int i = 0; i < 10000; i++)
        tracer_add(tracer, &span);
    assert_int_equal(tracer_dropped(tracer), 10000 - 4096);
    span.context.flags = 0;
    tracer_add(tracer, &span); /* not sampled: nothing is lost */
    assert_int_equal(tracer_dropped(tracer), 10000 - 4096);
    tracer_close(tracer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_parsed_is_printed_the_same),
        cmocka_unit_test(ids_of_zeros_are_refused),
        cmocka_unit_test(upper_case_is_refused),
        cmocka_unit_test(version_ff_is_refused),
        cmocka_unit_test(version_00_has_exactly_its_length),
        cmocka_unit_test(a_later_version_may_say_more),
        cmocka_unit_test(unknown_flags_are_not_passed_on),
        cmocka_unit_test(what_is_no_traceparent_is_refused),
        cmocka_unit_test(every_valid_text_but_one_character_is_as_long_as_it_says),
        cmocka_unit_test(a_new_trace_has_ids_and_is_sampled),
        cmocka_unit_test(a_span_of_a_parent_is_in_its_trace),
        cmocka_unit_test(an_endpoint_that_is_no_url_is_refused),
        cmocka_unit_test(without_a_tracer_spans_go_nowhere),
        cmocka_unit_test(the_newest_are_dropped_when_nobody_takes_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
