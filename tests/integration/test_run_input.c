/* SPDX-License-Identifier: MIT */
/* What a run reads: data, a conversation, pipes that are full or closed. */
#include "run_support.h"

#include <stdlib.h>
#include <string.h>

static void stdin_comes_from_data(void **state)
{
    const char *argv[] = {"/bin/cat", NULL};
    const size_t length = 2 << 20;
    char *bytes = malloc(length);
    sn_run_options options;
    sn_result *result = NULL;
    sn_error *error = NULL;
    size_t got = 0;

    (void)state;
    assert_non_null(bytes);
    for (size_t i = 0; i < length; i++)
        bytes[i] = (char)(i * 40503U >> 7);
    sn_run_options_init(&options);
    options.argv = argv;
    options.stdin_data = bytes;
    options.stdin_length = length;
    assert_ok(sn_run(run_shared(), &options, &result, &error), error);
    assert_verdict(result, SN_VERDICT_OK);
    assert_memory_equal(sn_result_stdout(result, &got), bytes, length);
    assert_int_equal(got, length);
    sn_result_free(result);
    free(bytes);
    /* nothing: end of file at once */
    result = run_shell(run_shared(), "wc -c; test ! -t 0", NULL);
    assert_verdict(result, SN_VERDICT_OK);
    assert_string_equal(out(result), "0\n");
    sn_result_free(result);
}

/* A program that leaves most of its input unread must neither hang nor fail the run nor raise SIGPIPE here. */
static void stdin_that_nobody_reads(void **state)
{
    const char *argv[] = {"/bin/sh", "-c", "head -c 3; exit 0", NULL};
    const size_t length = 4 << 20;
    char *bytes = calloc(1, length);
    sn_run_options options;
    sn_result *result = NULL;
    sn_error *error = NULL;

    (void)state;
    assert_non_null(bytes);
    memset(bytes, 'y', length);
    sn_run_options_init(&options);
    options.argv = argv;
    options.stdin_data = bytes;
    options.stdin_length = length;
    assert_ok(sn_run(run_shared(), &options, &result, &error), error);
    assert_verdict(result, SN_VERDICT_OK);
    assert_string_equal(out(result), "yyy");
    sn_result_free(result);
    free(bytes);
}

static void stdin_fed_as_a_conversation(void **state)
{
    sn_running *running =
        run_begin("while read line; do echo \"got $line\"; done; echo end", SN_STDIN_FEED, SN_OUTPUT_CAPTURE);
    sn_error *error = NULL;
    sn_result *result;
    sn_event event;
    size_t taken = 0;

    (void)state;
    assert_ok(sn_run_write(running, "one\n", 4, &taken, &error), error);
    assert_int_equal(taken, 4);
    event = run_next_event(running);
    assert_event_is(&event, SN_EVENT_STDOUT, "got one\n");
    assert_ok(sn_run_write(running, "two\n", 4, &taken, &error), error);
    event = run_next_event(running);
    assert_event_is(&event, SN_EVENT_STDOUT, "got two\n");
    assert_ok(sn_run_close_stdin(running, &error), error);
    event = run_next_event(running);
    assert_event_is(&event, SN_EVENT_STDOUT, "end\n");
    event = run_next_event(running);
    assert_int_equal(event.type, SN_EVENT_DONE);
    result = run_finish(running);
    assert_verdict(result, SN_VERDICT_OK);
    assert_string_equal(out(result), "got one\ngot two\nend\n");
    sn_result_free(result);
}

static void a_full_pipe_takes_less_and_says_when_it_has_room(void **state)
{
    sn_running *running = run_begin("sleep 0.3; wc -c", SN_STDIN_FEED, SN_OUTPUT_CAPTURE);
    static char block[1 << 18];
    sn_error *error = NULL;
    sn_result *result;
    size_t taken = 0, fed = 0;
    const size_t total = 16 << 20; /* more than any pipe holds */
    bool short_once = false;

    (void)state;
    while (fed < total) {
        size_t want = total - fed < sizeof(block) ? total - fed : sizeof(block);

        assert_ok(sn_run_write(running, block, want, &taken, &error), error);
        assert_true(taken <= want);
        fed += taken;
        if (taken < want) {
            sn_event event = run_next_event(running);

            short_once = true;
            assert_int_equal(event.type, SN_EVENT_STDIN);
        }
    }
    assert_true(short_once);
    assert_ok(sn_run_close_stdin(running, &error), error);
    result = run_finish(running);
    assert_verdict(result, SN_VERDICT_OK);
    assert_int_equal(strtol(out(result), NULL, 10), total);
    sn_result_free(result);
}

static void writing_to_a_program_that_closed_its_stdin(void **state)
{
    sn_running *running = run_begin("exec 0<&-; sleep 0.3; echo closed; sleep 0.5", SN_STDIN_FEED, SN_OUTPUT_CAPTURE);
    static char block[1 << 20];
    sn_error *error = NULL;
    sn_result *result;
    sn_event event = run_next_event(running);
    size_t taken = 0;

    (void)state;
    assert_event_is(&event, SN_EVENT_STDOUT, "closed\n");
    for (int i = 0; i < 3; i++) {
        assert_ok(sn_run_write(running, block, sizeof(block), &taken, &error), error);
        assert_int_equal(taken, sizeof(block));
    }
    assert_ok(sn_run_close_stdin(running, &error), error);
    assert_ok(sn_run_close_stdin(running, &error), error);
    result = run_finish(running);
    assert_verdict(result, SN_VERDICT_OK);
    sn_result_free(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_TEST(stdin_comes_from_data),
        RUN_TEST(stdin_that_nobody_reads),
        RUN_TEST(stdin_fed_as_a_conversation),
        RUN_TEST(a_full_pipe_takes_less_and_says_when_it_has_room),
        RUN_TEST(writing_to_a_program_that_closed_its_stdin),
    };

    tests_prepare();
    return cmocka_run_group_tests(tests, NULL, run_drop_shared);
}
