/* SPDX-License-Identifier: MIT */
#ifndef JOBS_JOB_STATISTICS_H
#define JOBS_JOB_STATISTICS_H

#include "common/json.h"
#include "job/job.h"

/* What statistics need of a job that is over. */
struct job_end {
    char language[32];
    enum job_status status;
    struct job_times times; /* but for published, which is not read */
};

/* What happened in a span of time, as a store tells it (store_history()). */
struct job_history {
    int64_t *accepted; /* when each job was made that was accepted in it; in any order */
    size_t accepted_count;
    struct job_end *ended; /* jobs that ended in it, whenever they were made; in any order */
    size_t ended_count;
    bool is_cut; /* there were more of either than asked for; the newest are here */
};
/* Of what is in it. */
void job_history_free(struct job_history *history);

/* A span of `count` buckets, each `width` microseconds long. */
struct statistics_span {
    int64_t since; /* where the first bucket begins */
    int64_t width;
    size_t count;
};
/*
 * The span of `seconds` in `count` buckets (both at least 1) in whose last bucket `now` is. Buckets begin at multiples
 * of their width, so that who asks again sees the same ones, with others beside them.
 */
struct statistics_span statistics_span(int64_t now, uint32_t seconds, uint32_t count);
/* The moment after it. */
int64_t statistics_span_end(const struct statistics_span *span);

/*
 * The document of `GET /api/v1/statistics` but for `now` and `seconds`: buckets, totals, latency_ms, is_sampled. What
 * is outside of the span does not count. A percentile is a value that occurred (nearest rank); clocks of several hosts
 * that disagree make no time negative. NULL without memory.
 */
json_t *statistics_document(const struct statistics_span *span, const struct job_history *history);

#endif
