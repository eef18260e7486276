/* SPDX-License-Identifier: MIT */
#include "base/buffer.h"
#include "base/cpus.h"
#include "base/error.h"
#include "base/file.h"
#include "supervise/suspect.h"

#include <sentinel/layer.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void buffer_grows_and_terminates(void **state)
{
    cleanup_buffer struct sn__buffer buffer = {0};

    (void)state;
    for (int i = 0; i < 1000; i++)
        sn__buffer_addf(&buffer, "%d,", i);
    assert_false(buffer.failed);
    assert_int_equal(buffer.length, 3890);
    assert_int_equal(buffer.data[buffer.length], '\0');
}

static void error_carries_step_errno_and_sentence(void **state)
{
    sn_error *error = NULL;

    (void)state;
    assert_int_equal(sn__error_errno(&error, ENOENT, "mount /x", "cannot mount %s", "/x"), SN_ESYS);
    assert_int_equal(sn_error_errno(error), ENOENT);
    assert_string_equal(sn_error_step(error), "mount /x");
    assert_string_equal(sn_error_message(error), "cannot mount /x: No such file or directory");
    assert_int_equal(sn__error_nomem(&error), SN_ENOMEM);
    assert_int_equal(sn_error_code(error), SN_ENOMEM);
    sn_error_free(error);
    assert_int_equal(sn__error_set(NULL, SN_EINVAL, "x", "y"), SN_EINVAL);
}

static void layers_have_names_both_ways(void **state)
{
    (void)state;
    for (int i = 0; i < SN_LAYER_COUNT; i++) {
        const char *name = sn_layer_name(UINT64_C(1) << i);

        assert_non_null(name);
        assert_true(sn_layer_by_name(name) == UINT64_C(1) << i);
    }
    assert_null(sn_layer_name(0));
    assert_null(sn_layer_name(3));
    assert_true(sn_layer_by_name("nonsense") == 0);
}

static void flat_keyed_files_are_read(void **state)
{
    uint64_t value;

    (void)state;
    assert_int_equal(sn__text_find_key("low 0\nmax 12\noom_kill 3\n", "max", &value), 0);
    assert_true(value == 12);
    assert_int_equal(sn__text_find_key("low 0\nmaximal 12\n", "max", &value), -ENOENT);
    assert_int_equal(sn__text_find_key("", "max", &value), -ENOENT);
}

static void lists_of_processors_are_read(void **state)
{
    static const char *const bad[] = {"",    "\n",   ",",  "0,", ",0",    "0-", "-0",
                                      "1-0", "0--1", "0 ", " 0", "0\n\n", "a",  "0-1:1/2"};
    struct sn__cpus cpus, other;

    (void)state;
    assert_int_equal(sn__cpus_parse("0-3,8,64\n", &cpus), 0);
    assert_int_equal(sn__cpus_count(&cpus), 6);
    assert_true(sn__cpus_has(&cpus, 3) && sn__cpus_has(&cpus, 64));
    assert_false(sn__cpus_has(&cpus, 4) || sn__cpus_has(&cpus, SN__CPUS_MAX));
    assert_int_equal(sn__cpus_parse("8,3-1000,0-2", &other), 0);
    assert_int_equal(sn__cpus_first_outside(&cpus, &other), -1);
    assert_int_equal(sn__cpus_first_outside(&other, &cpus), 4);
    assert_int_equal(sn__cpus_parse("0-8191", &cpus), 0);
    assert_int_equal(sn__cpus_count(&cpus), SN__CPUS_MAX);
    assert_int_equal(sn__cpus_parse("8192", &cpus), -ERANGE);
    assert_int_equal(sn__cpus_parse("0-99999999999999999999", &cpus), -ERANGE);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(sn__cpus_parse(bad[i], &cpus), -EINVAL);
    assert_int_equal(sn__cpus_count(&cpus), SN__CPUS_MAX); /* untouched */
}

static void stolen_time_is_of_the_processors_asked_for(void **state)
{
    static const char text[] = "cpu  10 1 20 900 5 6 7 42 100 200\n"
                               "cpu0 5 1 10 450 2 3 3 30 50 100\n"
                               "cpu1 5 0 10 450 3 3 4 11 50 100\n"
                               "cpu10 0 0 0 0 0 0 0 1 0 0\n"
                               "intr 99 88\nctxt 77\n";
    struct sn__cpus cpus;

    (void)state;
    assert_true(sn__suspect_stolen_ticks(text, NULL) == 42);
    assert_int_equal(sn__cpus_parse("1", &cpus), 0);
    assert_true(sn__suspect_stolen_ticks(text, &cpus) == 11);
    assert_int_equal(sn__cpus_parse("0,10-11", &cpus), 0);
    assert_true(sn__suspect_stolen_ticks(text, &cpus) == 31);
    assert_true(sn__suspect_stolen_ticks("", NULL) == 0);
    /* before 2.6.11 there is no such field */
    assert_true(sn__suspect_stolen_ticks("cpu  1 2 3 4\ncpu0 1 2 3 4", NULL) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buffer_grows_and_terminates),  cmocka_unit_test(error_carries_step_errno_and_sentence),
        cmocka_unit_test(layers_have_names_both_ways),  cmocka_unit_test(flat_keyed_files_are_read),
        cmocka_unit_test(lists_of_processors_are_read), cmocka_unit_test(stolen_time_is_of_the_processors_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
