/* SPDX-License-Identifier: MIT */
#include "executor/checker.h"

#include "executor/text.h"

#include <string.h>

/* Our trouble with it, in the library's words; takes the error. */
static int fail_error(const struct job *job, sn_error *error, struct failure *failure)
{
    const char *message = sn_error_message(error);
    int r = job_is_cancelled(job)
                ? fail(failure, FAIL_CLOSED, "cancelled")
                : fail(failure, FAIL_INTERNAL, "the checker failed: %s", *message ? message : "out of memory");

    sn_error_free(error);
    return r;
}

static int check_compiled(const struct job *job, const sn_program *program, struct failure *failure)
{
    const sn_result *result = sn_program_compile_result(program);
    char line[160];
    const char *text;
    size_t length;

    if (sn_program_is_runnable(program))
        return 0;
    if (job_is_cancelled(job))
        return fail(failure, FAIL_CLOSED, "cancelled");
    text = sn_result_stderr(result, &length);
    if (!length)
        text = sn_result_stdout(result, &length);
    text_first_line(text, length, line, sizeof(line));
    return fail(failure, FAIL_INTERNAL, "the checker failed: it does not compile (%s)%s%s",
                sn_verdict_name(sn_result_verdict(result)), *line ? ": " : "", line);
}

static int make(struct checker *checker, const struct job *job, struct failure *failure)
{
    const struct spec_checker *spec = &job->spec->checker;
    const sn_language *language = sn_languages_find(job->executor->languages, spec->language);
    sn_sandbox_options sandbox;
    sn_program_options options;
    sn_error *error = NULL;

    if (!language)
        return fail(failure, FAIL_INTERNAL, "the checker failed: the executor knows no language '%s'", spec->language);
    program_options_common(job, NULL, &sandbox, &options);
    options.source = spec->source.data;
    options.source_length = spec->source.length;
    if (sn_program_create(language, &options, &checker->program, &error) < 0)
        return fail_error(job, error, failure);
    return check_compiled(job, checker->program, failure);
}

static int put_files(const struct checker *checker, const struct job *job, const struct spec_case *test_case,
                     const struct blob *output, struct failure *failure)
{
    const struct {
        const char *name;
        const struct blob *content;
    } files[] = {{"input.txt", &test_case->stdin_data}, {"expected.txt", &test_case->expected}, {"output.txt", output}};
    sn_sandbox *sandbox = sn_program_sandbox(checker->program);
    sn_error *error = NULL;

    for (size_t i = 0; i < SN_ARRAY_SIZE(files); i++)
        if (sn_sandbox_put(sandbox, files[i].name, files[i].content->length ? files[i].content->data : "",
                           files[i].content->length, 0, &error) < 0)
            return fail_error(job, error, failure);
    return 0;
}

static int understand(const sn_result *result, struct failure *failure)
{
    sn_verdict verdict = sn_result_verdict(result);

    if (verdict == SN_VERDICT_OK)
        return 0;
    if (verdict == SN_VERDICT_CANCELLED)
        return fail(failure, FAIL_CLOSED, "cancelled");
    if (verdict != SN_VERDICT_RUNTIME_ERROR)
        return fail(failure, FAIL_INTERNAL, "the checker failed: it ended with %s%s%s", sn_verdict_name(verdict),
                    sn_result_denied(result) ? ", " : "", sn_result_denied(result) ? sn_result_denied(result) : "");
    if (sn_result_signal(result))
        return fail(failure, FAIL_INTERNAL, "the checker failed: signal %d ended it", sn_result_signal(result));
    if (sn_result_exit_code(result) != 1)
        return fail(failure, FAIL_INTERNAL, "the checker failed: its exit status is %d, which is neither 0 nor 1",
                    sn_result_exit_code(result));
    return 1;
}

int checker_decide(struct checker *checker, const struct job *job, const struct spec_case *test_case,
                   const struct blob *output, char explanation[COMPARE_EXPLANATION_SIZE], struct failure *failure)
{
    static const char *const args[] = {"input.txt", "expected.txt", "output.txt", NULL};
    sn_run_options options;
    sn_result *result = NULL;
    sn_error *error = NULL;
    const char *text;
    size_t length;
    int r = checker->program ? 0 : make(checker, job, failure);

    if (r == 0)
        r = put_files(checker, job, test_case, output, failure);
    if (r < 0)
        return r;
    sn_run_options_init(&options);
    options.argv = args;
    options.cancel_fd = job->task->cancel;
    if (sn_program_run(checker->program, &options, &result, &error) < 0)
        return fail_error(job, error, failure);
    r = understand(result, failure);
    text = sn_result_stdout(result, &length);
    text_first_line(text, length, explanation, COMPARE_EXPLANATION_SIZE);
    sn_result_free(result);
    return r;
}

void checker_clear(struct checker *checker)
{
    sn_program_destroy(checker->program);
    checker->program = NULL;
}
