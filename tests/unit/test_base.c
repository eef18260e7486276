/* SPDX-License-Identifier: MIT */
#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"

#include <sentinel/layer.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buffer_grows_and_terminates),
        cmocka_unit_test(error_carries_step_errno_and_sentence),
        cmocka_unit_test(layers_have_names_both_ways),
        cmocka_unit_test(flat_keyed_files_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
