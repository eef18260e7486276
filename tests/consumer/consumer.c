/* SPDX-License-Identifier: MIT */
/* A stranger's program: strict C99, only what pkg-config says. Runs /bin/true in a sandbox. */
#include <sentinel/sentinel.h>

#include <stdio.h>

int main(void)
{
    const char *argv[] = {"/bin/true", NULL};
    sn_sandbox *sandbox = NULL;
    sn_result *result = NULL;
    sn_error *error = NULL;
    sn_run_options run;
    int ok;

    sn_run_options_init(&run);
    run.argv = argv;
    if (sn_sandbox_create(NULL, &sandbox, &error) != 0 || sn_run(sandbox, &run, &result, &error) != 0)
        fprintf(stderr, "%s: %s\n", sn_error_step(error), sn_error_message(error));
    ok = result != NULL && sn_result_verdict(result) == SN_VERDICT_OK;
    if (result != NULL)
        printf("%s\n", sn_verdict_name(sn_result_verdict(result)));
    sn_result_free(result);
    sn_sandbox_destroy(sandbox);
    sn_error_free(error);
    return ok ? 0 : 1;
}
