/* SPDX-License-Identifier: MIT */
/* A stranger's program: strict C99, only what pkg-config says. A run, one by events, and a source with a file beside.
 */
#include <sentinel/sentinel.h>

#include <stdio.h>
#include <string.h>

/* 0, or 1 after saying what failed. */
static int told(int code, sn_error *error)
{
    if (code < 0)
        fprintf(stderr, "%s: %s: %s\n", sn_code_name(code), sn_error_step(error), sn_error_message(error));
    sn_error_free(error);
    return code < 0;
}

static int finish(const char *what, sn_result *result, const char *expected)
{
    size_t length = 0;
    const void *output = sn_result_stdout(result, &length);
    int wrong = sn_result_verdict(result) != SN_VERDICT_OK || length != strlen(expected) ||
                memcmp(output ? output : "", expected, length) != 0;

    printf("%s: %s\n", what, sn_verdict_name(sn_result_verdict(result)));
    sn_result_free(result);
    return wrong;
}

static int run_true(sn_sandbox *sandbox)
{
    const char *argv[] = {"/bin/true", NULL};
    sn_result *result = NULL;
    sn_error *error = NULL;
    sn_run_options run;

    sn_run_options_init(&run);
    run.argv = argv;
    return told(sn_run(sandbox, &run, &result, &error), error) || finish("run", result, "");
}

/* Fed with a line; what is written behind the end is an error, however far the program is. */
static int talk_to_cat(sn_sandbox *sandbox)
{
    const char *argv[] = {"/bin/cat", NULL};
    sn_running *running = NULL;
    sn_result *result = NULL;
    sn_error *error = NULL;
    sn_run_options run;
    sn_event event;
    size_t taken = 0, seen = 0;
    int wrong;

    sn_run_options_init(&run);
    run.argv = argv;
    run.stdin_mode = SN_STDIN_FEED;
    if (told(sn_run_start(sandbox, &run, &running, &error), error))
        return 1;
    wrong = told(sn_run_write(running, "word\n", 5, &taken, &error), error) || taken != 5 ||
            told(sn_run_close_stdin(running, &error), error) ||
            sn_run_write(running, "more", 4, &taken, NULL) != SN_EINVAL;
    sn_event_init(&event);
    while (!wrong && event.type != SN_EVENT_DONE) {
        wrong = told(sn_run_next(running, &event, &error), error);
        if (event.type == SN_EVENT_STDOUT)
            seen += event.length;
    }
    wrong = wrong || seen != 5 || sn_run_write(running, "more", 4, &taken, NULL) != SN_EINVAL ||
            told(sn_run_wait(running, &result, &error), error) || finish("events", result, "word\n");
    sn_running_free(running);
    return wrong;
}

static int run_source(const sn_language *language)
{
    static const char source[] = ". ./beside; echo $WORD";
    const sn_file *files[] = {NULL, NULL};
    sn_program_options options;
    sn_program *program = NULL;
    sn_result *result = NULL;
    sn_error *error = NULL;
    sn_file file;
    int wrong;

    sn_file_init(&file);
    file.path = "beside";
    file.data = "WORD=beside";
    file.length = strlen("WORD=beside");
    files[0] = &file;
    sn_program_options_init(&options);
    options.source = source;
    options.source_length = strlen(source);
    options.files = files;
    wrong = told(sn_program_create(language, &options, &program, &error), error);
    error = NULL;
    wrong =
        wrong || told(sn_program_run(program, NULL, &result, &error), error) || finish("source", result, "beside\n");
    sn_program_destroy(program);
    return wrong;
}

int main(void)
{
    sn_languages *languages = NULL;
    sn_sandbox *sandbox = NULL;
    sn_error *error = NULL;
    int wrong = told(sn_sandbox_create(NULL, &sandbox, &error), error);

    error = NULL;
    wrong = wrong || run_true(sandbox) || talk_to_cat(sandbox) ||
            told(sn_languages_load(NULL, &languages, &error), error) ||
            run_source(sn_languages_find(languages, "bash"));
    sn_languages_free(languages);
    sn_sandbox_destroy(sandbox);
    return wrong;
}
