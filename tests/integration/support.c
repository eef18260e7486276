/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static bool must_work(void)
{
    const char *must = getenv("SN_MUST_WORK");
    const char *ci = getenv("CI");

    return (must && strcmp(must, "1") == 0) || (ci && strcmp(ci, "true") == 0);
}

void skip_because(const char *format, ...)
{
    char reason[512];
    va_list args;

    va_start(args, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): va_start() is right above */
    vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
    if (must_work())
        fail_msg("would be skipped: %s", reason);
    print_message("SKIP: %s\n", reason);
    skip();
    abort(); /* skip() jumps out of the test, which the compiler cannot know */
}

void assert_ok_at(int code, sn_error *error, const char *expression, const char *file, int line)
{
    if (code == 0 && error == NULL)
        return;
    print_error("%s\n  = %s at step \"%s\": %s\n", expression, sn_code_name(code), sn_error_step(error),
                sn_error_message(error));
    sn_error_free(error);
    _fail(file, line);
}

void assert_refused_at(int code, int wanted, sn_error *error, const char *expression, const char *file, int line)
{
    bool told = error && sn_error_code(error) == wanted && sn_error_message(error)[0] && sn_error_step(error)[0];

    if (code != wanted || !told) {
        print_error("%s\n  = %s, expected %s; error: %s, step \"%s\", \"%s\"\n", expression, sn_code_name(code),
                    sn_code_name(wanted), error ? sn_code_name(sn_error_code(error)) : "none", sn_error_step(error),
                    sn_error_message(error));
        sn_error_free(error);
        _fail(file, line);
    }
    sn_error_free(error);
}

uint64_t relaxed_by_environment(void)
{
    const char *names = getenv("SN_TEST_RELAX");
    uint64_t layers = 0;

    while (names && *names) {
        size_t length = strcspn(names, ",");
        char name[64];

        snprintf(name, sizeof(name), "%.*s", (int)length, names);
        layers |= sn_layer_by_name(name);
        names += length;
        names += *names == ',';
    }
    return layers;
}

/* SN_TEST_ARM=always or never: for every test that does not say itself when runs are armed. */
static uint32_t armed_by_environment(void)
{
    const char *when = getenv("SN_TEST_ARM");

    if (!when)
        return SN_ARM_AUTO;
    return strcmp(when, "always") == 0 ? SN_ARM_ALWAYS : SN_ARM_NEVER;
}

int create_sandbox(const sn_sandbox_options *options, sn_sandbox **ret_sandbox, sn_error **ret_error)
{
    sn_sandbox_options changed;

    if (relaxed_by_environment() == 0 && armed_by_environment() == SN_ARM_AUTO)
        return sn_sandbox_create(options, ret_sandbox, ret_error);
    sn_sandbox_options_init(&changed);
    if (options) {
        /* A test of the size field itself has nothing to change. */
        if (options->size != sizeof(changed))
            return sn_sandbox_create(options, ret_sandbox, ret_error);
        changed = *options;
    }
    changed.relax |= relaxed_by_environment();
    if (changed.arm == SN_ARM_AUTO)
        changed.arm = armed_by_environment();
    return sn_sandbox_create(&changed, ret_sandbox, ret_error);
}

sn_sandbox *make_sandbox(const sn_sandbox_options *options)
{
    sn_sandbox *sandbox = NULL;
    sn_error *error = NULL;
    int code = create_sandbox(options, &sandbox, &error);

    if (code == SN_EHOST) {
        char reason[400];

        snprintf(reason, sizeof(reason), "%s: %s", sn_error_step(error), sn_error_message(error));
        sn_error_free(error);
        skip_because("no sandbox on this host: %s", reason);
    }
    assert_ok_at(code, error, "sn_sandbox_create", __FILE__, __LINE__);
    assert_non_null(sandbox);
    return sandbox;
}

sn_program *make_program(const sn_language *language, const sn_program_options *options)
{
    sn_program *program = NULL;
    sn_error *error = NULL;
    int code = sn_program_create(language, options, &program, &error);

    if (code == SN_ETOOLCHAIN || code == SN_EHOST) {
        char reason[400];

        snprintf(reason, sizeof(reason), "%s", sn_error_message(error));
        sn_error_free(error);
        skip_because("%s", reason);
    }
    assert_ok_at(code, error, "sn_program_create", __FILE__, __LINE__);
    return program;
}

/* The times that a test leaves to the defaults are for it to end in: they have to do here, too. */
static void give_time(sn_limits *limits)
{
    if (limits->cpu_ms == 0)
        limits->cpu_ms = 5000 * slowness();
    if (limits->wall_ms == 0)
        limits->wall_ms = 10000 * slowness();
}

sn_result *run_argv(sn_sandbox *sandbox, const char *const *argv, const sn_limits *limits)
{
    sn_run_options options;
    sn_result *result = NULL;
    sn_error *error = NULL;
    sn_limits longer;

    sn_run_options_init(&options);
    options.argv = argv;
    options.limits = limits;
    if (slowness() > 1) {
        sn_limits_init(&longer);
        if (limits)
            longer = *limits;
        give_time(&longer);
        options.limits = &longer;
    }
    assert_ok(sn_run(sandbox, &options, &result, &error), error);
    assert_non_null(result);
    return result;
}

sn_result *run_shell(sn_sandbox *sandbox, const char *script, const sn_limits *limits)
{
    const char *argv[] = {"/bin/sh", "-c", script, NULL};

    return run_argv(sandbox, argv, limits);
}

sn_result *run_python(sn_sandbox *sandbox, const char *script, const sn_limits *limits)
{
    const char *argv[] = {"/usr/bin/python3", "-I", "-S", "-c", script, NULL};

    need_program("/usr/bin/python3");
    return run_argv(sandbox, argv, limits);
}

void need_program(const char *path)
{
    if (access(path, X_OK) != 0)
        skip_because("%s is not installed", path);
}

/* Copies because what was captured has no NUL at its end; a small ring so that several can be compared. */
static const char *text_of(const void *data, size_t length)
{
    static char *ring[8];
    static unsigned next;
    char **slot = &ring[next++ % 8];

    free(*slot);
    *slot = malloc(length + 1);
    assert_non_null(*slot);
    memcpy(*slot, data, length);
    (*slot)[length] = '\0';
    return *slot;
}

const char *out(const sn_result *result)
{
    size_t length = 0;
    const void *data = sn_result_stdout(result, &length);

    return text_of(length ? data : "", length);
}

const char *err(const sn_result *result)
{
    size_t length = 0;
    const void *data = sn_result_stderr(result, &length);

    return text_of(length ? data : "", length);
}

void assert_verdict_at(const sn_result *result, sn_verdict verdict, const char *file, int line)
{
    if (sn_result_verdict(result) == verdict)
        return;
    print_error("verdict %s (limit %s, exit %d, signal %d), expected %s\n"
                "  cpu %" PRIu64 " ms, wall %" PRIu64 " ms, memory %" PRIu64 " KiB, denied: %s\n"
                "  stdout: %.500s\n  stderr: %.500s\n",
                sn_verdict_name(sn_result_verdict(result)), sn_limit_name(sn_result_limit(result)),
                (int)sn_result_exit_code(result), (int)sn_result_signal(result), sn_verdict_name(verdict),
                sn_result_cpu_ns(result) / 1000000, sn_result_wall_ns(result) / 1000000,
                sn_result_memory_bytes(result) / 1024, sn_result_denied(result) ? sn_result_denied(result) : "none",
                out(result), err(result));
    _fail(file, line);
}

uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void sleep_ms(uint64_t ms)
{
    struct timespec left = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};

    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        continue;
}

uint64_t slowness(void)
{
    const char *factor = getenv("SN_TEST_SLOW");
    unsigned long value = factor ? strtoul(factor, NULL, 10) : 1;

    return value >= 1 && value <= 100 ? value : 1;
}

void tests_prepare(void)
{
    /* A test that is killed half-way must still have said how far it came. */
    setvbuf(stdout, NULL, _IOLBF, 0);
}
