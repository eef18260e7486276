/* SPDX-License-Identifier: MIT */
/* cc minimal.c $(pkg-config --cflags --libs sentinel) */
#include <sentinel/sentinel.h>
#include <stdio.h>

int main(void)
{
    const char *argv[] = {"python3", "-c", "print(6 * 7)", NULL};
    sn_sandbox *sandbox = NULL;
    sn_result *result = NULL;
    sn_error *error = NULL;
    sn_run_options run;

    sn_run_options_init(&run);
    run.argv = argv;
    if (sn_sandbox_create(NULL, &sandbox, &error) == 0 && sn_run(sandbox, &run, &result, &error) == 0) {
        size_t length;
        const void *output = sn_result_stdout(result, &length);

        printf("%s: %.*s", sn_verdict_name(sn_result_verdict(result)), (int)length, (const char *)output);
    } else {
        fprintf(stderr, "%s: %s\n", sn_error_step(error), sn_error_message(error));
    }
    sn_result_free(result);
    sn_sandbox_destroy(sandbox);
    sn_error_free(error);
    return !result;
}
