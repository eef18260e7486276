/* SPDX-License-Identifier: MIT */
#include <sentinel/sentinel.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Init functions say the size and leave every field at "the default". */
static void initialised_options_mean_the_defaults(void **state)
{
    sn_limits limits, zero_limits = {.size = sizeof(zero_limits)};
    sn_sandbox_options sandbox, zero_sandbox;
    sn_run_options run, zero_run;
    sn_mount mount, zero_mount;

    (void)state;
    memset(&limits, 0xff, sizeof(limits));
    sn_limits_init(&limits);
    assert_memory_equal(&limits, &zero_limits, sizeof(limits));
    memset(&sandbox, 0xff, sizeof(sandbox));
    memset(&zero_sandbox, 0, sizeof(zero_sandbox));
    zero_sandbox.size = sizeof(zero_sandbox);
    sn_sandbox_options_init(&sandbox);
    assert_memory_equal(&sandbox, &zero_sandbox, sizeof(sandbox));
    memset(&run, 0xff, sizeof(run));
    memset(&zero_run, 0, sizeof(zero_run));
    zero_run.size = sizeof(zero_run);
    sn_run_options_init(&run);
    assert_memory_equal(&run, &zero_run, sizeof(run));
    memset(&mount, 0xff, sizeof(mount));
    memset(&zero_mount, 0, sizeof(zero_mount));
    zero_mount.size = sizeof(zero_mount);
    sn_mount_init(&mount);
    assert_memory_equal(&mount, &zero_mount, sizeof(mount));
}

static void verdicts_and_limits_have_names(void **state)
{
    static const char *const verdicts[] = {"OK",
                                           "RUNTIME_ERROR",
                                           "TIME_LIMIT_EXCEEDED",
                                           "MEMORY_LIMIT_EXCEEDED",
                                           "OUTPUT_LIMIT_EXCEEDED",
                                           "PROCESS_LIMIT_EXCEEDED",
                                           "SECURITY_VIOLATION",
                                           "COMPILATION_ERROR",
                                           "CANCELLED",
                                           "INTERNAL_ERROR"};
    static const char *const limits[] = {"cpu", "wall", "memory", "output", "processes"};

    (void)state;
    for (int i = 0; i < 10; i++)
        assert_string_equal(sn_verdict_name((sn_verdict)i), verdicts[i]);
    for (int i = 0; i < 5; i++)
        assert_string_equal(sn_limit_name((sn_limit)(i + 1)), limits[i]);
    assert_non_null(sn_verdict_name((sn_verdict)99));
    assert_non_null(sn_limit_name((sn_limit)99));
    assert_non_null(sn_limit_name(SN_LIMIT_NONE));
}

static void the_version_is_one(void **state)
{
    uint32_t major = 99, minor = 99, patch = 99;

    (void)state;
    sn_version(&major, &minor, &patch);
    assert_int_equal(major, SN_VERSION_MAJOR);
    assert_int_equal(minor, SN_VERSION_MINOR);
    assert_int_equal(patch, SN_VERSION_PATCH);
    sn_version(NULL, NULL, NULL);
    assert_non_null(sn_version_string());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(initialised_options_mean_the_defaults),
        cmocka_unit_test(verdicts_and_limits_have_names),
        cmocka_unit_test(the_version_is_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
