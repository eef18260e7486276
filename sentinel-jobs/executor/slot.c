/* SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "executor/checker.h"
#include "executor/engine.h"
#include "executor/text.h"

#include <stdarg.h>
#include <string.h>

#define COMPILE_OUTPUT_MOST (1U << 20)

bool job_is_cancelled(const struct job *job)
{
    return atomic_load(&job->task->is_cancelled);
}

/* The reason stays NULL, which is told as "", where there is no memory for it. */
static void set_reason(struct job *job, enum log_level level, const char *text)
{
    char line[OUTCOME_LINE_MAX];

    text_first_line(text, strlen(text), line, sizeof(line));
    log_line(level, &job->about, "%s: %s", job->spec->language ? job->spec->language : "?", line);
    job->outcome.status = JOB_INTERNAL_ERROR;
    free(job->outcome.reason);
    job->outcome.reason = strdup(line);
}

void job_fail(struct job *job, const char *format, ...)
{
    char text[1000];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    set_reason(job, LOG_WARN_LEVEL, text);
}

void job_fail_nomem(struct job *job)
{
    set_reason(job, LOG_WARN_LEVEL, "out of memory");
}

void job_fail_error(struct job *job, sn_error *error)
{
    const char *message = sn_error_message(error);

    set_reason(job, LOG_WARN_LEVEL, *message ? message : "out of memory");
    sn_error_free(error);
}

enum job_status job_fail_checker(struct job *job, const struct failure *failure)
{
    if (failure->code == FAIL_CLOSED)
        return job->outcome.status = JOB_CANCELLED;
    job->outcome.is_checker_to_blame = failure->code == FAIL_INVALID;
    set_reason(job, failure->code == FAIL_INVALID ? LOG_INFO_LEVEL : LOG_WARN_LEVEL, failure->message);
    return job->outcome.status;
}

static uint64_t since_handed_us(const struct job *job)
{
    uint64_t us = (sn__now_ns() - job->task->handed_ns) / 1000;

    return us ? us : 1; /* 0 is "never" */
}

/* A result by which the library says that it failed itself: its notes say how. */
static void fail_result(struct job *job, const sn_result *result)
{
    const char *notes = sn_result_notes(result);

    set_reason(job, LOG_WARN_LEVEL, *notes ? notes : "the sandbox failed");
}

static bool take_compiled(struct job *job)
{
    const sn_result *result = sn_program_compile_result(job->program);
    struct outcome *outcome = &job->outcome;
    sn_limits limits;

    if (!result)
        return true;
    sn_limits_init(&limits);
    sn_language_compile_limits(job->language, &limits);
    outcome->has_compile = true;
    outcome->is_compile_cached = sn_program_is_cached(job->program);
    if (step_fill(&outcome->compile, result, &limits, COMPILE_OUTPUT_MOST) < 0) {
        outcome->has_compile = false;
        job_fail_nomem(job);
        return false;
    }
    tell_output(job, EXECUTOR_COMPILE_OUTPUT, outcome->compile.out.data, outcome->compile.out.length);
    tell_output(job, EXECUTOR_COMPILE_OUTPUT, outcome->compile.err.data, outcome->compile.err.length);
    switch (outcome->compile.status) {
    case JOB_SUCCESS:
        return true;
    case JOB_CANCELLED:
    case JOB_SECURITY_VIOLATION:
        outcome->status = outcome->compile.status;
        return false;
    case JOB_INTERNAL_ERROR:
        fail_result(job, result);
        return false;
    default:
        /* whatever stopped the compiler, which the step says: there is no program */
        outcome->status = JOB_COMPILATION_ERROR;
        return false;
    }
}

/* False: there is nothing to run, and the outcome says why. */
static bool compile_source(struct job *job)
{
    sn_error *error = NULL;
    int r;

    if (job->is_compiled && job->executor->options->no_cache && job->spec->case_count > 1)
        program_make_cache(job);
    r = program_make(job, &job->program, &error);
    if (r < 0 && job_is_cancelled(job)) {
        sn_error_free(error);
        job->outcome.status = JOB_CANCELLED;
        return false;
    }
    if (r < 0) {
        job_fail_error(job, error);
        return false;
    }
    return take_compiled(job);
}

/* A checker that is broken is known before a test case is run. */
static bool compile(struct job *job)
{
    bool has_checker = job->spec->case_count && job->spec->compare == COMPARE_CHECKER;
    struct failure failure;

    if (job->is_compiled || (has_checker && checker_is_compiled(job))) {
        job->outcome.compile_start_us = since_handed_us(job);
        tell_status(job, JOB_COMPILING);
    }
    if (!compile_source(job))
        return false;
    if (has_checker && checker_make(job, &failure) < 0) {
        job_fail_checker(job, &failure);
        return false;
    }
    return true;
}

static void run_once(struct job *job)
{
    struct outcome *outcome = &job->outcome;
    sn_run_options options;
    sn_limits limits;
    sn_result *result = NULL;
    sn_error *error = NULL;

    program_limits(job, NULL, &limits);
    sn_run_options_init(&options);
    options.argv = (const char *const *)job->spec->args;
    options.envp = (const char *const *)job->spec->env;
    options.limits = &limits;
    if (stream_run(job, job->program, &options, &result, &error) < 0) {
        job_fail_error(job, error);
        return;
    }
    if (step_fill(&outcome->run, result, &limits, SIZE_MAX) < 0) {
        job_fail_nomem(job);
    } else {
        outcome->has_run = true;
        outcome->status = outcome->run.status;
        if (outcome->status == JOB_INTERNAL_ERROR)
            fail_result(job, result);
    }
    sn_result_free(result);
}

static void execute(struct job *job)
{
    const char *policy;

    if (job->task->lacks_memory) {
        job_fail_nomem(job);
        return;
    }
    job->language = sn_languages_find(job->executor->languages, job->spec->language);
    if (!job->language) {
        job_fail(job, "the executor knows no language '%s'", job->spec->language);
        return;
    }
    job->is_compiled = sn_language_compile_policy(job->language) != NULL;
    policy = sn_language_policy(job->language);
    job->outcome.policy = strdup(policy ? policy : "");
    if (!job_is_cancelled(job) && !compile(job))
        return;
    if (job_is_cancelled(job)) {
        job->outcome.status = JOB_CANCELLED;
        return;
    }
    job->outcome.run_start_us = since_handed_us(job);
    tell_status(job, JOB_RUNNING);
    if (job->spec->case_count)
        cases_run(job);
    else
        run_once(job);
}

void slot_execute(struct executor *executor, struct task *task)
{
    struct job job = {
        .executor = executor,
        .task = task,
        .about = {.job = &task->id},
        .spec = &task->spec,
        .outcome = {.status = JOB_INTERNAL_ERROR},
    };

    execute(&job);
    job.outcome.end_us = since_handed_us(&job);
    tasks_remove(&executor->tasks, task);
    tell_end(&job);
    /* the frontend has its answer: what is left to do is nobody's waiting */
    sn_program_destroy(job.program);
    sn_program_destroy(job.checker);
    program_drop_cache(&job);
    job.outcome.case_count = 0; /* they were told, and not kept */
    outcome_free(&job.outcome);
    task_free(task);
}
