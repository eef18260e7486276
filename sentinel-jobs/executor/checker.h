/* SPDX-License-Identifier: MIT */
#ifndef JOBS_EXECUTOR_CHECKER_H
#define JOBS_EXECUTOR_CHECKER_H

#include "executor/compare.h"
#include "executor/engine.h"

/*
 * The program that decides test cases. It is compiled when the first one needs it, and has a sandbox of its own, in
 * which it finds input.txt, expected.txt and output.txt, also named by its arguments. It may be as buggy as any
 * program, but it is of whoever wrote the test cases: its runs share that sandbox. Zeros are one that was not made yet.
 */
struct checker {
    sn_program *program;
};

/*
 * 0: right; 1: wrong; FAIL_CLOSED: the job was cancelled; FAIL_INTERNAL: the checker failed, as the message says.
 * `explanation` is the first line that it wrote.
 */
int checker_decide(struct checker *checker, const struct job *job, const struct spec_case *test_case,
                   const struct blob *output, char explanation[COMPARE_EXPLANATION_SIZE], struct failure *failure);
void checker_clear(struct checker *checker);

#endif
