/* SPDX-License-Identifier: MIT */
#ifndef JOBS_JOB_JOB_H
#define JOBS_JOB_JOB_H

#include "common/uuid.h"
#include "job/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* When each stage was reached, microseconds since the epoch; 0: not (yet). */
struct job_times {
    int64_t created;
    int64_t published; /* the queue has it for certain */
    int64_t claimed;   /* by the attempt that counts, as are the ones below */
    int64_t compiling;
    int64_t running;
    int64_t finished; /* the result is known; it is stored a moment later */
};

/*
 * A job as a store keeps it. Strings are owned by the job and freed by job_free(); "" where there is nothing, but for
 * those that may be NULL. `spec` is the request as it was accepted (job/spec.h), with what is hidden in it.
 */
struct job {
    struct uuid id;
    enum job_status status;
    uint32_t attempt; /* how often it was claimed; 0: not yet */
    bool cancel_requested;
    char *key_id;            /* of the API key that submitted it; "" in open mode */
    char *user_id;           /* as the submitter says */
    char *language;          /* canonical name */
    char *worker;            /* who has or had the latest attempt */
    char *callback_url;      /* "" none */
    char *traceparent;       /* "" none; at most 55 characters (W3C Trace Context) */
    char *spec;              /* JSON text; NULL where it was not asked for */
    char *result;            /* JSON text (job/result.h); NULL before the end, or where it was not asked for */
    uint64_t time_used_ms;   /* of the result, for lists; 0 before */
    uint64_t memory_used_kb; /* the same */
    struct job_times times;
};

void job_free(struct job *job);
void job_cleanup(struct job **job);
#define cleanup_job __attribute__((cleanup(job_cleanup)))

#endif
