/* SPDX-License-Identifier: MIT */
#ifndef JOBS_EXECUTOR_ENGINE_H
#define JOBS_EXECUTOR_ENGINE_H

#include "common/log.h"
#include "executor/channel.h"
#include "executor/executor.h"
#include "executor/message.h"
#include "executor/task.h"

#include <sentinel/sentinel.h>

/* What the parts of the executor's process share. Read-only to slots, but for the channel and the table. */
struct executor {
    const struct executor_options *options;
    sn_languages *languages;
    struct channel channel;
    struct tasks tasks;
};

/* What a slot has in hand while it executes a task. */
struct job {
    struct executor *executor;
    struct task *task;
    struct log_about about; /* of each line of the log that is about it */
    const struct spec *spec;
    const sn_language *language;
    bool is_compiled;
    sn_program *program; /* the first that was made of the source */
    sn_program *checker; /* that decides test cases, in a sandbox of its own; NULL: none */
    char *own_cache;     /* directory that only this job's programs use; NULL: none */
    struct outcome outcome;
};

/* hello.c: makes a sandbox, and looks for the toolchains. FAIL_UNAVAILABLE: nothing can be executed here. */
int hello_make(const struct executor *executor, struct executor_hello *ret_hello, struct failure *failure);

/* slot.c: executes it and sends its END. Takes the task. */
void slot_execute(struct executor *executor, struct task *task);

/* ---- program.c ---- */

/* The language's limits with the job's and then a test case's (may be NULL) put in. */
void program_limits(const struct job *job, const struct spec_limits *of_case, sn_limits *ret_limits);
struct spec_limits program_limits_told(const sn_limits *limits);
/* The bits that a program of the job's sandbox is made with; `cache_dir` NULL: the executor's cache. */
void program_options_common(const struct job *job, const char *cache_dir, sn_sandbox_options *sandbox,
                            sn_program_options *ret_options);
/* Makes a program of the job's source, in a sandbox of its own. An SN_E code. */
int program_make(const struct job *job, sn_program **ret_program, sn_error **ret_error);
/*
 * Where the executor keeps no cache, a directory for what one job compiles, so that its test cases need not compile
 * again; without it they do. program_drop_cache() removes it.
 */
void program_make_cache(struct job *job);
void program_drop_cache(struct job *job);

/* ---- step.c ---- */

enum job_status step_status_of(sn_verdict verdict);
/*
 * What a result says, with at most `keep` bytes of each output. FAIL_NOMEM; what is in *step is to be freed in any
 * case.
 */
int step_fill(struct step_outcome *step, const sn_result *result, const sn_limits *limits, size_t keep);

/* ---- tell.c: messages about a job; that they cannot be sent shows at the socket's other end, the reader's ---- */
void tell_status(const struct job *job, enum job_status status);
void tell_output(const struct job *job, enum executor_stream stream, const void *data, size_t length);
void tell_taken(const struct job *job, uint64_t taken);
void tell_case(const struct job *job, uint32_t index, const struct case_outcome *test_case);
void tell_end(const struct job *job);

/* stream.c: one run whose output is told while it is made. An SN_E code. */
int stream_run(struct job *job, sn_program *program, sn_run_options *options, sn_result **ret_result,
               sn_error **ret_error);

/* cases.c: all of the test cases; sets the outcome's status and reason. */
void cases_run(struct job *job);

/* The job's end by our own fault, or by what the library says of it. */
void job_fail(struct job *job, const char *format, ...) __attribute__((format(printf, 2, 3)));
void job_fail_nomem(struct job *job);
/* Takes the error. */
void job_fail_error(struct job *job, sn_error *error);
/* By what checker.h says of a checker that failed. The status that the job, and a test case, has of it. */
enum job_status job_fail_checker(struct job *job, const struct failure *failure);
bool job_is_cancelled(const struct job *job);

#endif
