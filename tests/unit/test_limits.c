/* SPDX-License-Identifier: MIT */
#include "config/options.h"

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

/* The defaults that the header names; what a run leaves open comes from its sandbox, the rest from here. */
static void zeros_become_the_documented_defaults(void **state)
{
    const uint64_t mib = UINT64_C(1) << 20;
    sn_limits own, base, resolved;
    sn_error *error = NULL;

    (void)state;
    assert_int_equal(sn__limits_resolve(NULL, NULL, &resolved, &error), 0);
    assert_int_equal(resolved.cpu_ms, 5000);
    assert_int_equal(resolved.wall_ms, 10000);
    assert_int_equal(resolved.memory_bytes, 256 * mib);
    assert_int_equal(resolved.processes, 64);
    assert_int_equal(resolved.output_bytes, 16 * mib);
    assert_int_equal(resolved.file_bytes, 256 * mib);
    assert_int_equal(resolved.open_files, 256);
    assert_true(resolved.stack_bytes > 0 && resolved.stack_bytes <= 64 * mib);
    assert_int_equal(resolved.cpu_percent, 0);
    sn_limits_init(&own);
    sn_limits_init(&base);
    base.cpu_ms = 100;
    base.wall_ms = 200;
    assert_int_equal(sn__limits_resolve(&base, NULL, &base, &error), 0); /* a sandbox's own are resolved */
    own.wall_ms = 300;
    own.file_bytes = SN_UNLIMITED;
    assert_int_equal(sn__limits_resolve(&own, &base, &resolved, &error), 0);
    assert_int_equal(resolved.cpu_ms, 100);
    assert_int_equal(resolved.wall_ms, 300);
    assert_int_equal(resolved.processes, 64);
    assert_true(resolved.file_bytes == SN_UNLIMITED);
}

static void each_limit_has_its_bounds(void **state)
{
    static const struct {
        const char *name;
        size_t offset;
        uint64_t value;
        int code;
    } rows[] = {
        {"cpu_ms", offsetof(sn_limits, cpu_ms), 1, SN_OK},
        {"cpu_ms", offsetof(sn_limits, cpu_ms), SN_UNLIMITED, SN_OK},
        {"cpu_ms", offsetof(sn_limits, cpu_ms), SN_UNLIMITED - 1, SN_EINVAL},
        {"wall_ms", offsetof(sn_limits, wall_ms), SN_UNLIMITED, SN_OK},
        {"memory_bytes", offsetof(sn_limits, memory_bytes), UINT64_C(1) << 20, SN_OK},
        {"memory_bytes", offsetof(sn_limits, memory_bytes), (UINT64_C(1) << 20) - 1, SN_EINVAL},
        {"memory_bytes", offsetof(sn_limits, memory_bytes), SN_UNLIMITED, SN_EINVAL},
        {"processes", offsetof(sn_limits, processes), 1, SN_OK},
        {"processes", offsetof(sn_limits, processes), SN_UNLIMITED, SN_EINVAL},
        {"output_bytes", offsetof(sn_limits, output_bytes), 1, SN_OK},
        {"output_bytes", offsetof(sn_limits, output_bytes), SN_UNLIMITED, SN_EINVAL},
        {"file_bytes", offsetof(sn_limits, file_bytes), SN_UNLIMITED, SN_OK},
        {"open_files", offsetof(sn_limits, open_files), SN_UNLIMITED, SN_EINVAL},
        {"stack_bytes", offsetof(sn_limits, stack_bytes), SN_UNLIMITED, SN_OK},
        {"cpu_percent", offsetof(sn_limits, cpu_percent), 1, SN_OK},
        {"cpu_percent", offsetof(sn_limits, cpu_percent), SN_UNLIMITED, SN_EINVAL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        sn_limits limits, resolved = {.cpu_ms = 4711};
        sn_error *error = NULL;
        int code;

        sn_limits_init(&limits);
        memcpy((char *)&limits + rows[i].offset, &rows[i].value, sizeof(uint64_t));
        code = sn__limits_resolve(&limits, NULL, &resolved, &error);
        if (code != rows[i].code)
            fail_msg("%s = %llu: %s", rows[i].name, (unsigned long long)rows[i].value, sn_code_name(code));
        if (code != 0) {
            assert_non_null(strstr(sn_error_message(error), rows[i].name));
            assert_int_equal(resolved.cpu_ms, 4711); /* untouched */
        }
        sn_error_free(error);
    }
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
        cmocka_unit_test(zeros_become_the_documented_defaults),
        cmocka_unit_test(each_limit_has_its_bounds),
        cmocka_unit_test(verdicts_and_limits_have_names),
        cmocka_unit_test(the_version_is_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
