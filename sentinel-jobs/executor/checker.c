/* SPDX-License-Identifier: MIT */
#include "executor/checker.h"

#include "executor/text.h"

#include <errno.h>
#include <string.h>

/* In the library's words, and `code` says whose fault it is; takes the error. */
static int fail_error(const struct job *job, int code, sn_error *error, struct failure *failure)
{
    const char *message = sn_error_message(error);
    int r = job_is_cancelled(job) ? fail(failure, FAIL_CLOSED, "cancelled")
                                  : fail(failure, code, "the checker failed: %s", *message ? message : "out of memory");

    sn_error_free(error);
    return r;
}

/* A verdict of a program is its own doing, but for the one by which the library says that it failed itself. */
static int fault_of(const sn_result *result)
{
    return sn_result_verdict(result) == SN_VERDICT_INTERNAL_ERROR ? FAIL_INTERNAL : FAIL_INVALID;
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
    return fail(failure, fault_of(result), "the checker failed: it does not compile (%s)%s%s",
                sn_verdict_name(sn_result_verdict(result)), *line ? ": " : "", line);
}

static const sn_language *language_of(const struct job *job)
{
    return sn_languages_find(job->executor->languages, job->spec->checker.language);
}

bool checker_is_compiled(const struct job *job)
{
    const sn_language *language = language_of(job);

    return language && sn_language_compile_policy(language);
}

int checker_make(struct job *job, struct failure *failure)
{
    const struct spec_checker *spec = &job->spec->checker;
    const sn_language *language = language_of(job);
    sn_sandbox_options sandbox;
    sn_program_options options;
    sn_error *error = NULL;

    if (!language)
        return fail(failure, FAIL_INTERNAL, "the checker failed: the executor knows no language '%s'", spec->language);
    program_options_common(job, NULL, &sandbox, &options);
    options.source = spec->source.data;
    options.source_length = spec->source.length;
    if (sn_program_create(language, &options, &job->checker, &error) < 0)
        return fail_error(job, FAIL_INTERNAL, error, failure);
    return check_compiled(job, job->checker, failure);
}

/* By what it left in its directory a checker can keep the files of the next case from being put there. */
static int fault_of_putting(const sn_error *error)
{
    switch (sn_error_errno(error)) {
    case ENOSPC:
    case EISDIR:
    case ELOOP:
    case ENXIO:
        return FAIL_INVALID;
    default:
        return FAIL_INTERNAL;
    }
}

static int put_files(const struct job *job, const struct spec_case *test_case, const struct blob *output,
                     struct failure *failure)
{
    const struct {
        const char *name;
        const struct blob *content;
    } files[] = {{"input.txt", &test_case->stdin_data}, {"expected.txt", &test_case->expected}, {"output.txt", output}};
    sn_sandbox *sandbox = sn_program_sandbox(job->checker);
    sn_error *error = NULL;

    for (size_t i = 0; i < SN_ARRAY_SIZE(files); i++)
        if (sn_sandbox_put(sandbox, files[i].name, files[i].content->length ? files[i].content->data : "",
                           files[i].content->length, 0, &error) < 0)
            return fail_error(job, fault_of_putting(error), error, failure);
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
        return fail(failure, fault_of(result), "the checker failed: it ended with %s%s%s", sn_verdict_name(verdict),
                    sn_result_denied(result) ? ", " : "", sn_result_denied(result) ? sn_result_denied(result) : "");
    if (sn_result_signal(result))
        return fail(failure, FAIL_INVALID, "the checker failed: signal %d ended it", sn_result_signal(result));
    if (sn_result_exit_code(result) != 1)
        return fail(failure, FAIL_INVALID, "the checker failed: its exit status is %d, which is neither 0 nor 1",
                    sn_result_exit_code(result));
    return 1;
}

int checker_decide(const struct job *job, const struct spec_case *test_case, const struct blob *output,
                   char explanation[COMPARE_EXPLANATION_SIZE], struct failure *failure)
{
    static const char *const args[] = {"input.txt", "expected.txt", "output.txt", NULL};
    sn_run_options options;
    sn_result *result = NULL;
    sn_error *error = NULL;
    const char *text;
    size_t length;
    int r = put_files(job, test_case, output, failure);

    if (r < 0)
        return r;
    sn_run_options_init(&options);
    options.argv = args;
    options.cancel_fd = job->task->cancel;
    if (sn_program_run(job->checker, &options, &result, &error) < 0)
        return fail_error(job, FAIL_INTERNAL, error, failure);
    r = understand(result, failure);
    text = sn_result_stdout(result, &length);
    text_first_line(text, length, explanation, COMPARE_EXPLANATION_SIZE);
    sn_result_free(result);
    return r;
}
