/* SPDX-License-Identifier: MIT */
#ifndef JOBS_JOB_RESULT_H
#define JOBS_JOB_RESULT_H

#include "common/json.h"
#include "executor/outcome.h"
#include "job/job.h"

/*
 * What a job did, as JSON: what a store keeps of an outcome, and what a client is shown of a job. docs/api.md names the
 * fields.
 */

/* For the store; with what is hidden. To be freed with free(); NULL without memory. */
char *result_print(const struct outcome *outcome, const struct spec *spec);
/* Of a job that ended before it was executed: CANCELLED, or INTERNAL_ERROR with the reason. The same. */
char *result_print_unexecuted(enum job_status status, const char *reason);
/* Figures of an outcome for store_outcome: elapsed time and peak memory of the runs, the greatest of all cases. */
uint64_t result_time_ms(const struct outcome *outcome);
uint64_t result_memory_kb(const struct outcome *outcome);

/* Pieces that others show in the same words: names of SN_LAYER_... bits, and limits. NULL without memory. */
json_t *result_layers(uint64_t layers);
json_t *result_limits(const struct spec_limits *limits);

/* One test case of an outcome as an event: without what is hidden. NULL without memory. */
json_t *result_case_event(size_t index, const struct spec_case *test, const struct case_outcome *outcome);

/* Nobody but an administrator is shown what is hidden. */
#define JOB_VIEW_HIDDEN (1U << 0)
/* With the submission itself (source, files, input). */
#define JOB_VIEW_REQUEST (1U << 1)
/* Without the user's name, where knowing it is the way to a user's list. */
#define JOB_VIEW_NO_USER (1U << 2)
/* The whole of a job that was got with spec and result. NULL without memory. */
json_t *job_view(const struct job *job, unsigned flags);
/* A line of a list. */
json_t *job_view_short(const struct job *job);

#endif
