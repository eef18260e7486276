/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "executor/compare.h"
#include "executor/text.h"

#include <stdlib.h>
#include <string.h>

static char explanation[COMPARE_EXPLANATION_SIZE];

/* From memory of exactly that size: nothing may be read beyond. */
static struct blob exact(const char *text)
{
    struct blob blob = {malloc(strlen(text) + 1), strlen(text)};

    assert_non_null(blob.data);
    memcpy(blob.data, text, blob.length);
    blob.data = realloc(blob.data, blob.length ? blob.length : 1);
    assert_non_null(blob.data);
    return blob;
}

static bool compare(enum spec_compare how, const char *expected, const char *actual)
{
    struct blob a = exact(expected), b = exact(actual);
    bool same = compare_outputs(how, 1e-6, &a, &b, explanation);

    free(a.data);
    free(b.data);
    assert_true(same == (explanation[0] == '\0'));
    assert_null(strchr(explanation, '\n'));
    return same;
}

static void white_space_at_the_ends_does_not_count_in_trailing(void **state)
{
    (void)state;
    assert_true(compare(COMPARE_TRAILING, "a\nb\n", "a\nb\n"));
    assert_true(compare(COMPARE_TRAILING, "a\nb", "a  \t\nb\r\n\n \n\n"));
    assert_true(compare(COMPARE_TRAILING, "", ""));
    assert_true(compare(COMPARE_TRAILING, "", " \n\n"));
    assert_true(compare(COMPARE_TRAILING, "a\r\n", "a\n"));
    assert_true(compare((enum spec_compare)0, "a", "a\n"));
    assert_false(compare(COMPARE_TRAILING, "a", " a"));
    assert_false(compare(COMPARE_TRAILING, "a\nb", "a\n\nb"));
    assert_false(compare(COMPARE_TRAILING, "a b", "a  b"));
    assert_false(compare(COMPARE_TRAILING, "a", ""));
    assert_string_equal(explanation, "line 1: expected \"a\", but the output has ended");
    assert_false(compare(COMPARE_TRAILING, "a\n", "a\nb\n"));
    assert_string_equal(explanation, "line 2: nothing expected, found \"b\"");
    assert_false(compare(COMPARE_TRAILING, "a\nb\nc", "a\nx\nc"));
    assert_string_equal(explanation, "line 2: expected \"b\", found \"x\"");
}

static void exact_means_every_byte(void **state)
{
    struct blob a = {(char[]){'a', '\0', 'b'}, 3}, b = {(char[]){'a', '\0', 'c'}, 3};

    (void)state;
    assert_true(compare(COMPARE_EXACT, "a\nb\n", "a\nb\n"));
    assert_true(compare(COMPARE_EXACT, "", ""));
    assert_false(compare(COMPARE_EXACT, "a\n", "a"));
    assert_string_equal(explanation, "the output lacks the newline at its end");
    assert_false(compare(COMPARE_EXACT, "a", "a\n"));
    assert_string_equal(explanation, "the output has a newline too many at its end");
    assert_false(compare(COMPARE_EXACT, "a", "a "));
    assert_false(compare(COMPARE_EXACT, "a\n", "a\r\n"));
    assert_false(compare(COMPARE_EXACT, "a\n\n", "a\n"));
    assert_false(compare_outputs(COMPARE_EXACT, 0, &a, &b, explanation));
    assert_true(compare_outputs(COMPARE_EXACT, 0, &a, &a, explanation));
}

static void tokens_are_what_white_space_separates(void **state)
{
    (void)state;
    assert_true(compare(COMPARE_TOKENS, "1 2\n3", "  1\n2\t3\v\f\r\n"));
    assert_true(compare(COMPARE_TOKENS, "", " \n"));
    assert_false(compare(COMPARE_TOKENS, "12", "1 2"));
    assert_false(compare(COMPARE_TOKENS, "1 2", "1"));
    assert_string_equal(explanation, "token 2: expected \"2\", but the output has ended");
    assert_false(compare(COMPARE_TOKENS, "1", "1 2"));
    assert_string_equal(explanation, "token 2: nothing expected, found \"2\"");
    assert_false(compare(COMPARE_TOKENS, "1.0", "1"));
    assert_false(compare(COMPARE_TOKENS, "yes", "YES"));
}

static void numbers_may_be_off_by_the_tolerance(void **state)
{
    (void)state;
    assert_true(compare(COMPARE_FLOAT, "1.0 x", "1.0000005 x"));
    assert_true(compare(COMPARE_FLOAT, "1000000000", "1000000500"));
    assert_true(compare(COMPARE_FLOAT, "0", "-0.0000009"));
    assert_true(compare(COMPARE_FLOAT, "1", "1e0"));
    assert_true(compare(COMPARE_FLOAT, "nan inf", "nan inf"));
    assert_true(compare(COMPARE_FLOAT, "1e999", "1e999"));
    assert_false(compare(COMPARE_FLOAT, "1", "1.00001"));
    assert_false(compare(COMPARE_FLOAT, "0", "0.00001"));
    assert_false(compare(COMPARE_FLOAT, "1", "nan"));
    assert_false(compare(COMPARE_FLOAT, "1", "inf"));
    assert_false(compare(COMPARE_FLOAT, "1e999", "1e998"));
    assert_false(compare(COMPARE_FLOAT, "16", "0x10"));
    assert_false(compare(COMPARE_FLOAT, "1", "1x"));
    assert_false(compare(COMPARE_FLOAT, "1", "--1"));
    assert_false(compare(COMPARE_FLOAT, "word", "ward"));
    assert_false(compare(COMPARE_FLOAT, "1", ""));
}

static void a_number_of_a_thousand_digits_is_text(void **state)
{
    char digits[1200];

    (void)state;
    memset(digits, '1', sizeof(digits) - 1);
    digits[sizeof(digits) - 1] = '\0';
    assert_true(compare(COMPARE_FLOAT, digits, digits));
    assert_false(compare(COMPARE_FLOAT, digits, "1"));
}

static void an_explanation_is_short_and_clean(void **state)
{
    char rubbish[5000];

    (void)state;
    memset(rubbish, '\xff', sizeof(rubbish) - 1);
    rubbish[sizeof(rubbish) - 1] = '\0';
    assert_false(compare(COMPARE_TRAILING, "a\x1b[31m\tb", rubbish));
    assert_non_null(strstr(explanation, "expected \"a?[31m b\", found \"????"));
    assert_true(strlen(explanation) < sizeof(explanation) - 1);
    /* the same up to where it is cut */
    memset(rubbish, 'x', sizeof(rubbish) - 1);
    rubbish[sizeof(rubbish) - 2] = 'y';
    assert_false(compare(COMPARE_EXACT, rubbish,
                         "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                         "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"));
    assert_non_null(strstr(explanation, "not shown"));
}

static void expect_line(const char *data, size_t length, size_t size, const char *wanted)
{
    char text[64];
    char *copy = malloc(length ? length : 1);

    assert_non_null(copy);
    memcpy(copy, data, length);
    assert_int_equal(text_first_line(copy, length, text, size), strlen(wanted));
    assert_string_equal(text, wanted);
    free(copy);
}

static void a_line_of_a_program_becomes_text(void **state)
{
    (void)state;
    expect_line("", 0, 64, "");
    expect_line("one\ntwo", 7, 64, "one");
    expect_line("one\r\ntwo", 8, 64, "one");
    expect_line("a\0b", 3, 64, "a?b");
    expect_line("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9, 64, "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
    expect_line("\xc3", 1, 64, "?");
    expect_line("\xc0\xaf", 2, 64, "??");           /* overlong */
    expect_line("\xed\xa0\x80", 3, 64, "???");      /* a surrogate */
    expect_line("\xf4\x90\x80\x80", 4, 64, "????"); /* beyond Unicode */
    expect_line("\xc2\x85", 2, 64, "?");            /* a control */
    expect_line("1234567", 7, 8, "1234567");
    expect_line("12345678", 8, 8, "1234...");
    expect_line("123\xc3\xa4\xc3\xa4", 7, 8, "123\xc3\xa4\xc3\xa4");
    expect_line("123\xc3\xa4\xc3\xa4"
                "5",
                8, 8, "123...");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(white_space_at_the_ends_does_not_count_in_trailing),
        cmocka_unit_test(exact_means_every_byte),
        cmocka_unit_test(tokens_are_what_white_space_separates),
        cmocka_unit_test(numbers_may_be_off_by_the_tolerance),
        cmocka_unit_test(a_number_of_a_thousand_digits_is_text),
        cmocka_unit_test(an_explanation_is_short_and_clean),
        cmocka_unit_test(a_line_of_a_program_becomes_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
