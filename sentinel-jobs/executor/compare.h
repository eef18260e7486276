/* SPDX-License-Identifier: MIT */
#ifndef JOBS_EXECUTOR_COMPARE_H
#define JOBS_EXECUTOR_COMPARE_H

#include "job/spec.h"

#define COMPARE_EXPLANATION_SIZE 400

/*
 * Is `actual` what was expected, in the sense of `how` (not COMPARE_CHECKER; 0 is COMPARE_TRAILING)? If not,
 * `explanation` is one line that says where they part first, with what is there in both. White space is what isspace()
 * says in the C locale. Pure: the bytes may be anything.
 */
bool compare_outputs(enum spec_compare how, double tolerance, const struct blob *expected, const struct blob *actual,
                     char explanation[COMPARE_EXPLANATION_SIZE]);

#endif
