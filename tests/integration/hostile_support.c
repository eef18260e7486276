/* SPDX-License-Identifier: MIT */
#include "hostile_support.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const sn_policy *loaded_policy; /* by root, for those who cannot read the tree any more */

int wrong(const char *what, sn_error *error)
{
    fprintf(stderr, "  %s: %s at \"%s\": %s\n", what, sn_code_name(sn_error_code(error)), sn_error_step(error),
            sn_error_message(error));
    sn_error_free(error);
    return 1;
}

int create_here(sn_sandbox **ret_sandbox, sn_error **ret_error)
{
    sn_sandbox_options options;

    sn_sandbox_options_init(&options);
    options.policy = loaded_policy;
    return create_sandbox(&options, ret_sandbox, ret_error);
}

int use_once(void)
{
    const char *argv[] = {"/bin/sh", "-c", "cat; cat in > out; exit 5", NULL};
    sn_sandbox *sandbox = NULL;
    sn_result *result = NULL;
    sn_error *error = NULL;
    sn_run_options options;
    void *data = NULL;
    size_t length = 0, got = 0;
    int status = 1;

    sn_run_options_init(&options);
    options.argv = argv;
    options.stdin_data = "standard input";
    options.stdin_length = 14;
    if (create_here(&sandbox, &error) < 0)
        return wrong("create", error);
    if (sn_sandbox_put(sandbox, "in", "a file", 6, 0, &error) < 0)
        wrong("put", error);
    else if (sn_run(sandbox, &options, &result, &error) < 0)
        wrong("run", error);
    else if (sn_sandbox_get(sandbox, "out", 100, &data, &length, &error) < 0)
        wrong("get", error);
    else if (sn_result_exit_code(result) != 5 || !sn_result_stdout(result, &got) || got != 14 || length != 6 ||
             memcmp(data, "a file", 6) != 0)
        fprintf(stderr, "  wrong result: %s, exit %d, %zu bytes of output, %zu in the file\n",
                sn_verdict_name(sn_result_verdict(result)), (int)sn_result_exit_code(result), got, length);
    else
        status = 0;
    sn_free(data);
    sn_result_free(result);
    sn_sandbox_destroy(sandbox);
    return status;
}

int is_refused(int code, const char *word)
{
    const char *argv[] = {"/bin/true", NULL};
    sn_sandbox *sandbox = NULL;
    sn_result *result = NULL;
    sn_error *error = NULL;
    sn_run_options options;
    int r = create_here(&sandbox, &error);

    sn_run_options_init(&options);
    options.argv = argv;
    if (r == 0)
        r = sn_run(sandbox, &options, &result, &error);
    sn_result_free(result);
    sn_sandbox_destroy(sandbox);
    if (r == code && strstr(sn_error_message(error), word)) {
        sn_error_free(error);
        return 0;
    }
    fprintf(stderr, "  wanted %s with \"%s\"\n", sn_code_name(code), word);
    return wrong("got", error);
}

sn_result *run_here(const char *script, const sn_limits *limits)
{
    const char *argv[] = {"/bin/sh", "-c", script, NULL};
    sn_sandbox *sandbox = NULL;
    sn_result *result = NULL;
    sn_error *error = NULL;
    sn_run_options options;

    sn_run_options_init(&options);
    options.argv = argv;
    options.limits = limits;
    if (create_here(&sandbox, &error) < 0 || sn_run(sandbox, &options, &result, &error) < 0)
        wrong("run", error);
    sn_sandbox_destroy(sandbox);
    return result;
}

int prints(const char *const *argv, const char *expected)
{
    sn_sandbox *sandbox = NULL;
    sn_result *result = NULL;
    sn_error *error = NULL;
    sn_run_options options;
    size_t length = 0;
    int r;

    sn_run_options_init(&options);
    options.argv = argv;
    if (create_here(&sandbox, &error) < 0)
        return wrong("create", error);
    r = sn_run(sandbox, &options, &result, &error);
    if (r < 0) {
        r = wrong("run", error);
    } else {
        const char *output = sn_result_stdout(result, &length);

        r = length != strlen(expected) || memcmp(output, expected, length) != 0;
        if (r)
            fprintf(stderr, "  it printed '%.*s', not '%s'\n", (int)length, output, expected);
    }
    sn_result_free(result);
    sn_sandbox_destroy(sandbox);
    return r;
}

void in_forked(int (*body)(void), const char *name)
{
    int status = 0;
    pid_t pid;

    sn_sandbox_destroy(make_sandbox(NULL)); /* skips where the host has none */
    fflush(stdout);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        alarm(120);
        _exit(body());
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (WIFEXITED(status) && WEXITSTATUS(status) == UNABLE)
        skip_because("%s: this host cannot be put into that state", name);
    if (status != 0)
        fail_msg("%s: wait status %x", name, (unsigned)status);
}

int load_policy(void **state)
{
    (void)state;
    return sn_policy_load("default", (sn_policy **)&loaded_policy, NULL);
}

int free_policy(void **state)
{
    (void)state;
    sn_policy_free((sn_policy *)loaded_policy);
    return 0;
}
