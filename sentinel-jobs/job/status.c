/* SPDX-License-Identifier: MIT */
#include "job/status.h"

#include <stddef.h>
#include <string.h>

static const struct {
    enum job_status status;
    const char *name;
} names[] = {
    {JOB_QUEUED, "QUEUED"},
    {JOB_COMPILING, "COMPILING"},
    {JOB_RUNNING, "RUNNING"},
    {JOB_SUCCESS, "SUCCESS"},
    {JOB_WRONG_ANSWER, "WRONG_ANSWER"},
    {JOB_COMPILATION_ERROR, "COMPILATION_ERROR"},
    {JOB_RUNTIME_ERROR, "RUNTIME_ERROR"},
    {JOB_TIMEOUT, "TIMEOUT"},
    {JOB_MEMORY_LIMIT_EXCEEDED, "MEMORY_LIMIT_EXCEEDED"},
    {JOB_OUTPUT_LIMIT_EXCEEDED, "OUTPUT_LIMIT_EXCEEDED"},
    {JOB_SECURITY_VIOLATION, "SECURITY_VIOLATION"},
    {JOB_CANCELLED, "CANCELLED"},
    {JOB_INTERNAL_ERROR, "INTERNAL_ERROR"},
};
#define NAMES (sizeof(names) / sizeof(names[0]))

const int job_statuses[] = {JOB_QUEUED,
                            JOB_COMPILING,
                            JOB_RUNNING,
                            JOB_SUCCESS,
                            JOB_WRONG_ANSWER,
                            JOB_COMPILATION_ERROR,
                            JOB_RUNTIME_ERROR,
                            JOB_TIMEOUT,
                            JOB_MEMORY_LIMIT_EXCEEDED,
                            JOB_OUTPUT_LIMIT_EXCEEDED,
                            JOB_SECURITY_VIOLATION,
                            JOB_CANCELLED,
                            JOB_INTERNAL_ERROR,
                            -1};

const char *job_status_name(enum job_status status)
{
    for (size_t i = 0; i < NAMES; i++)
        if (names[i].status == status)
            return names[i].name;
    return "?";
}

bool job_status_parse(const char *name, enum job_status *ret_status)
{
    for (size_t i = 0; i < NAMES; i++) {
        if (strcmp(names[i].name, name) == 0) {
            *ret_status = names[i].status;
            return true;
        }
    }
    return false;
}

bool job_status_is_over(enum job_status status)
{
    return status >= JOB_SUCCESS;
}
