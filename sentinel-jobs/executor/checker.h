/* SPDX-License-Identifier: MIT */
#ifndef JOBS_EXECUTOR_CHECKER_H
#define JOBS_EXECUTOR_CHECKER_H

#include "executor/compare.h"
#include "executor/engine.h"

/*
 * The program that decides test cases, job->checker. It is compiled before the first of them, and has a sandbox of its
 * own, in which it finds input.txt, expected.txt and output.txt, also named by its arguments. It may be as buggy as any
 * program, but it is of whoever wrote the test cases: its runs share that sandbox.
 *
 * What fails of it is told apart by whose fault it is. FAIL_INVALID: the checker's, so the submitter's. FAIL_INTERNAL:
 * ours. FAIL_CLOSED: nobody's, the job was cancelled. The message says it in words for the submitter.
 */

/* True: its language has to be compiled. */
bool checker_is_compiled(const struct job *job);
int checker_make(struct job *job, struct failure *failure);
/* 0: right; 1: wrong. `explanation` is the first line that it wrote. */
int checker_decide(const struct job *job, const struct spec_case *test_case, const struct blob *output,
                   char explanation[COMPARE_EXPLANATION_SIZE], struct failure *failure);

#endif
