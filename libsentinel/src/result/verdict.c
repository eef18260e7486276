/* SPDX-License-Identifier: MIT */
#include "result/verdict.h"

#define NS_PER_MS UINT64_C(1000000)
#define PEAK_SLACK_BYTES (UINT64_C(1) << 20)
#define PEAK_SLACK_DIVISOR 50                 /* 2 % */
#define SMALL_LIMIT_BYTES (UINT64_C(8) << 20) /* a single allocation may be much of it */

static bool exceeds_ms(uint64_t used_ns, uint64_t limit_ms)
{
    /* A limit too large to be told in nanoseconds (SN_UNLIMITED is one) cannot be exceeded. */
    if (limit_ms > UINT64_MAX / NS_PER_MS)
        return false;
    return used_ns > limit_ms * NS_PER_MS;
}

static bool failed(const struct sn__evidence *evidence)
{
    return evidence->signal != 0 || evidence->exit_code != 0;
}

/* Counters are batched per CPU and rounded to pages, so the peak of a program that hit its limit may be just below. */
static bool peak_at_limit(uint64_t peak, uint64_t limit)
{
    uint64_t slack = limit / PEAK_SLACK_DIVISOR;

    if (slack < PEAK_SLACK_BYTES)
        slack = PEAK_SLACK_BYTES;
    return peak >= limit || limit - peak <= slack;
}

static bool killed_for_memory(const struct sn__evidence *evidence)
{
    return evidence->memory_killed || evidence->usage.oom_kills > 0;
}

/* A group above ours, a container's say, may have less memory than the limit: that is the host's fault. */
static bool is_ours(const struct sn__evidence *evidence, const sn_limits *limits)
{
    return evidence->usage.memory_peak >= limits->memory_bytes / 4 * 3 || limits->memory_bytes < SMALL_LIMIT_BYTES;
}

/* Nothing was killed for memory, but the program failed after it got none. */
static bool memory_refused(const struct sn__evidence *evidence, const sn_limits *limits)
{
    return evidence->memory_refused_large ||
           (evidence->usage.memory_refused > 0 && peak_at_limit(evidence->usage.memory_peak, limits->memory_bytes));
}

static sn_verdict of_limit(sn_verdict verdict, sn_limit limit, sn_limit *ret_limit)
{
    *ret_limit = limit;
    return verdict;
}

sn_verdict sn__verdict_decide(const struct sn__evidence *evidence, const sn_limits *limits, sn_limit *ret_limit)
{
    *ret_limit = SN_LIMIT_NONE;
    if (evidence->broken)
        return SN_VERDICT_INTERNAL_ERROR;
    if (evidence->denied)
        return SN_VERDICT_SECURITY_VIOLATION;
    if (evidence->output_exceeded)
        return of_limit(SN_VERDICT_OUTPUT_LIMIT_EXCEEDED, SN_LIMIT_OUTPUT, ret_limit);
    if (killed_for_memory(evidence) && !is_ours(evidence, limits))
        return SN_VERDICT_INTERNAL_ERROR;
    if (killed_for_memory(evidence))
        return of_limit(SN_VERDICT_MEMORY_LIMIT_EXCEEDED, SN_LIMIT_MEMORY, ret_limit);
    if (evidence->cpu_killed || exceeds_ms(evidence->usage.cpu_ns, limits->cpu_ms))
        return of_limit(SN_VERDICT_TIME_LIMIT_EXCEEDED, SN_LIMIT_CPU, ret_limit);
    if (evidence->wall_killed || exceeds_ms(evidence->wall_ns, limits->wall_ms))
        return of_limit(SN_VERDICT_TIME_LIMIT_EXCEEDED, SN_LIMIT_WALL, ret_limit);
    if (evidence->cancelled) /* killed by us, so its end is no sign of what follows */
        return SN_VERDICT_CANCELLED;
    if (!failed(evidence))
        return SN_VERDICT_OK;
    if (memory_refused(evidence, limits))
        return of_limit(SN_VERDICT_MEMORY_LIMIT_EXCEEDED, SN_LIMIT_MEMORY, ret_limit);
    if (evidence->usage.processes_refused > 0)
        return of_limit(SN_VERDICT_PROCESS_LIMIT_EXCEEDED, SN_LIMIT_PROCESSES, ret_limit);
    return SN_VERDICT_RUNTIME_ERROR;
}
