/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation. A test case must not profit from another: files in /work and /tmp stay between the runs of one
 * sandbox, so each case has a program, and with it a sandbox, of its own. Making one costs little: for a compiled
 * language the library's cache has the artifact, where the operator wants no cache one that is the job's own (see
 * program_make_cache()). A source that the cache does not take, as one with __DATE__, is compiled for each case:
 * whoever writes it does not get a sandbox with memory by it.
 *
 * What was expected is compared here, or by the checker in another sandbox, which is there before the first case is
 * run. The program never sees it.
 */
#include "executor/checker.h"
#include "executor/engine.h"

#include <string.h>

#define KEEP_OF_CASE (64U << 10) /* of each stream */
#define KEEP_OF_ALL (16U << 20)  /* of both streams of all cases together: the frontend holds them until the end */

struct cases {
    struct job *job;
    size_t keep;
};

/* Of a program that ended well. */
static enum job_status judge(struct cases *cases, const struct spec_case *test_case, const sn_result *result,
                             char explanation[COMPARE_EXPLANATION_SIZE])
{
    const struct spec *spec = cases->job->spec;
    struct failure failure;
    struct blob output;
    int r;

    output.data = (char *)sn_result_stdout(result, &output.length);
    if (spec->compare != COMPARE_CHECKER)
        return !test_case->has_expected ||
                       compare_outputs(spec->compare, spec->tolerance, &test_case->expected, &output, explanation)
                   ? JOB_SUCCESS
                   : JOB_WRONG_ANSWER;
    r = checker_decide(cases->job, test_case, &output, explanation, &failure);
    if (r >= 0)
        return r == 0 ? JOB_SUCCESS : JOB_WRONG_ANSWER;
    explanation[0] = '\0';
    return job_fail_checker(cases->job, &failure);
}

static void take_result(struct cases *cases, const struct spec_case *test_case, const sn_result *result,
                        const sn_limits *limits, struct case_outcome *outcome)
{
    char explanation[COMPARE_EXPLANATION_SIZE] = "";
    size_t keep = cases->keep < KEEP_OF_CASE ? cases->keep : KEEP_OF_CASE;
    const char *notes = sn_result_notes(result);

    if (step_fill(&outcome->step, result, limits, keep) < 0) {
        outcome->step.status = JOB_INTERNAL_ERROR;
        job_fail_nomem(cases->job);
        return;
    }
    keep = outcome->step.out.length + outcome->step.err.length;
    cases->keep -= keep < cases->keep ? keep : cases->keep;
    outcome->status = outcome->step.status;
    if (outcome->status == JOB_INTERNAL_ERROR)
        job_fail(cases->job, "%s", *notes ? notes : "the sandbox failed");
    else if (outcome->status == JOB_SUCCESS)
        outcome->status = judge(cases, test_case, result, explanation);
    if (!test_case->is_hidden)
        outcome->explanation = strdup(explanation);
}

static void run_case(struct cases *cases, const struct spec_case *test_case, sn_program *program,
                     struct case_outcome *outcome)
{
    struct job *job = cases->job;
    sn_run_options options;
    sn_limits limits;
    sn_result *result = NULL;
    sn_error *error = NULL;

    program_limits(job, &test_case->limits, &limits);
    sn_run_options_init(&options);
    options.argv = (const char *const *)(test_case->args ? test_case->args : job->spec->args);
    options.envp = (const char *const *)job->spec->env;
    options.stdin_data = test_case->stdin_data.data;
    options.stdin_length = test_case->stdin_data.length;
    options.limits = &limits;
    options.cancel_fd = job->task->cancel;
    if (sn_program_run(program, &options, &result, &error) < 0)
        job_fail_error(job, error);
    else
        take_result(cases, test_case, result, &limits, outcome);
    sn_result_free(result);
}

/* The first case has the program that was made already. NULL: there is none, and the outcome says why. */
static sn_program *program_for(struct job *job, struct case_outcome *outcome)
{
    sn_program *program = steal_ptr(&job->program);
    sn_error *error = NULL;
    int r = program ? 0 : program_make(job, &program, &error);

    if (r == 0 && sn_program_is_runnable(program))
        return program;
    if (job_is_cancelled(job)) {
        outcome->status = outcome->step.status = JOB_CANCELLED;
        sn_error_free(error);
    } else if (r < 0) {
        job_fail_error(job, error);
    } else {
        job_fail(job, "what compiled once did not compile again (%s)",
                 sn_verdict_name(sn_result_verdict(sn_program_compile_result(program))));
    }
    sn_program_destroy(program);
    return NULL;
}

static enum job_status do_case(struct cases *cases, uint32_t index)
{
    struct case_outcome outcome = {.status = JOB_INTERNAL_ERROR, .step.status = JOB_INTERNAL_ERROR};
    sn_program *program = program_for(cases->job, &outcome);

    if (program)
        run_case(cases, &cases->job->spec->cases[index], program, &outcome);
    tell_case(cases->job, index, &outcome);
    sn_program_destroy(program);
    step_outcome_free(&outcome.step);
    free(outcome.explanation);
    return outcome.status;
}

void cases_run(struct job *job)
{
    struct cases cases = {.job = job, .keep = KEEP_OF_ALL};
    enum job_status all = JOB_SUCCESS;
    bool is_ended = false;

    for (uint32_t i = 0; i < job->spec->case_count && !is_ended; i++) {
        enum job_status status = job_is_cancelled(job) ? JOB_CANCELLED : do_case(&cases, i);

        /* what was cut short has no status of its own, whatever the cases before came to */
        if (all == JOB_SUCCESS || status == JOB_CANCELLED)
            all = status;
        /* where we failed ourselves the next would fail, too */
        is_ended = status == JOB_CANCELLED || status == JOB_INTERNAL_ERROR ||
                   (status != JOB_SUCCESS && job->spec->stop_at_first);
    }
    job->outcome.case_count = job->spec->case_count;
    job->outcome.status = all;
    if (all != JOB_INTERNAL_ERROR) {
        free(steal_ptr(&job->outcome.reason));
        job->outcome.is_checker_to_blame = false;
    }
}
