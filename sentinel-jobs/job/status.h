/* SPDX-License-Identifier: MIT */
#ifndef JOBS_JOB_STATUS_H
#define JOBS_JOB_STATUS_H

#include <stdbool.h>

/* The numbers are stored: they do not change, and a later stage has a greater one. From SUCCESS on a job is over. */
enum job_status {
    JOB_QUEUED = 0,
    JOB_COMPILING = 1,
    JOB_RUNNING = 2,
    JOB_SUCCESS = 10,
    JOB_WRONG_ANSWER = 11,
    JOB_COMPILATION_ERROR = 12,
    JOB_RUNTIME_ERROR = 13,
    JOB_TIMEOUT = 14,
    JOB_MEMORY_LIMIT_EXCEEDED = 15,
    JOB_OUTPUT_LIMIT_EXCEEDED = 16,
    JOB_SECURITY_VIOLATION = 17,
    JOB_CANCELLED = 18,
    JOB_INTERNAL_ERROR = 19
};

/* "QUEUED", ...; "?" for a number that is none. Static strings. */
const char *job_status_name(enum job_status status);
/* By name, exactly; false if it is none. */
bool job_status_parse(const char *name, enum job_status *ret_status);
bool job_status_is_over(enum job_status status);
/* Every status, in order, ended by -1: for metrics and tests. */
extern const int job_statuses[];

#endif
