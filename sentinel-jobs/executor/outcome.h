/* SPDX-License-Identifier: MIT */
#ifndef JOBS_EXECUTOR_OUTCOME_H
#define JOBS_EXECUTOR_OUTCOME_H

#include "job/spec.h"
#include "job/status.h"

/* What one step (a compile, a run, a checker's run) did. Strings and blobs are owned. */
struct step_outcome {
    enum job_status status; /* of the step by itself: SUCCESS, RUNTIME_ERROR, TIMEOUT, ... */
    char *verdict;          /* the library's word: "OK", "TIME_LIMIT_EXCEEDED" */
    char *limit;            /* which limit decided it: "cpu", "wall", ...; "" none */
    int32_t exit_code;      /* -1: a signal ended it */
    int32_t signal;         /* 0: none */
    uint64_t wall_ns;
    uint64_t cpu_ns;
    uint64_t memory_bytes;
    struct blob out; /* captured */
    struct blob err;
    bool is_out_truncated;
    bool is_err_truncated;
    char *denied;     /* the denied system call as a line; "" none */
    char *notes;      /* one sentence a line; "" none */
    uint64_t layers;  /* SN_LAYER_... in force */
    uint64_t relaxed; /* SN_LAYER_... not in force */
    char *cpu_source;
    char *memory_source;
    struct spec_limits limits; /* that it ran under */
};

struct case_outcome {
    enum job_status status; /* SUCCESS, WRONG_ANSWER, or the step's own; CANCELLED: not run (stop_at_first) */
    struct step_outcome step;
    char *explanation; /* of a wrong answer or a checker: one line, without what is hidden; "" none */
};

/* What a whole job did, as the executor tells. */
struct outcome {
    enum job_status status;
    char *reason;             /* of INTERNAL_ERROR: a sentence; "" else */
    bool is_checker_to_blame; /* of INTERNAL_ERROR: nothing of ours failed, but the submitter's checker */
    bool has_compile;
    bool is_compile_cached; /* the compile step's figures are those of an earlier one of the same source */
    struct step_outcome compile;
    bool has_run; /* a job without test cases that compiled */
    struct step_outcome run;
    struct case_outcome *cases; /* as many as the spec has, or none if it or its checker did not compile */
    size_t case_count;
    uint64_t compile_start_us; /* since the job was handed over, microseconds of the monotonic clock; 0: never */
    uint64_t run_start_us;
    uint64_t end_us;
    char *policy; /* the name of the policy that its runs were under */
};

/* Has it all that is not to be NULL? Whoever fills one looks once, when it is full, whether there was memory. */
bool step_outcome_is_whole(const struct step_outcome *step);
void step_outcome_free(struct step_outcome *step);
/* Frees what it holds, not the struct. */
void outcome_free(struct outcome *outcome);

#endif
