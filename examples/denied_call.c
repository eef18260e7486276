/* SPDX-License-Identifier: MIT */
/*
 * From a denied call to a policy: a program is run; the call that it died of is read from the result and put into a
 * policy that refuses it with EPERM instead of ending the program; it is run again, until it gets through. (Refuse
 * rather than allow: most programs cope. What is to be allowed is for a person to decide.)
 *
 *     cc denied_call.c $(pkg-config --cflags --libs sentinel) -o denied_call
 *     sudo ./denied_call
 */
#include <sentinel/sentinel.h>

#include <stdio.h>
#include <string.h>

static const char program[] = "import os, socket\n"
                              "for attempt in lambda: socket.sethostname('mine'), lambda: os.chroot('/tmp'):\n"
                              "    try: attempt()\n"
                              "    except PermissionError as error: print(error)\n"
                              "print('went on')\n";

/* One run under the policy that `text` is. */
static int run_under(sn_sandbox *sandbox, const char *text, sn_result **ret_result, sn_error **ret_error)
{
    const char *argv[] = {"python3", "-c", program, NULL};
    sn_policy *policy = NULL;
    sn_run_options options;
    int r = sn_policy_parse(text, strlen(text), "written here", &policy, ret_error);

    sn_run_options_init(&options);
    options.argv = argv;
    options.policy = policy;
    if (r == 0)
        r = sn_run(sandbox, &options, ret_result, ret_error);
    sn_policy_free(policy);
    return r;
}

int main(void)
{
    char text[1024] = "#include \"python.policy\"\n";
    sn_sandbox *sandbox = NULL;
    sn_result *result = NULL;
    sn_error *error = NULL;
    int r = sn_sandbox_create(NULL, &sandbox, &error);

    for (int attempt = 1; r == 0 && attempt <= 5; attempt++) {
        size_t length = strlen(text);

        r = run_under(sandbox, text, &result, &error);
        if (r < 0)
            break;
        printf("run %d: %s", attempt, sn_verdict_name(sn_result_verdict(result)));
        if (sn_result_verdict(result) != SN_VERDICT_SECURITY_VIOLATION)
            break;
        /* The arguments are in the line, and as numbers in sn_result_denied_args(): conditions can be made of them. */
        printf(": %s\n", sn_result_denied_name(result));
        snprintf(text + length, sizeof(text) - length, "ERRNO(EPERM) { %s }\n", sn_result_denied_name(result));
        sn_result_free(result);
        result = NULL;
    }
    if (result) {
        size_t length;
        const char *output = sn_result_stdout(result, &length);

        printf("\n%.*s\nthe policy:\n%s", (int)length, output, text);
    }
    if (r < 0)
        fprintf(stderr, "%s: %s\n", sn_error_step(error), sn_error_message(error));
    sn_result_free(result);
    sn_sandbox_destroy(sandbox);
    sn_error_free(error);
    return r < 0;
}
