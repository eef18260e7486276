/* SPDX-License-Identifier: MIT */
#include "executor/engine.h"

#include <string.h>

enum job_status step_status_of(sn_verdict verdict)
{
    switch (verdict) {
    case SN_VERDICT_OK:
        return JOB_SUCCESS;
    case SN_VERDICT_RUNTIME_ERROR:
    case SN_VERDICT_PROCESS_LIMIT_EXCEEDED: /* the step's limit says "processes" */
        return JOB_RUNTIME_ERROR;
    case SN_VERDICT_TIME_LIMIT_EXCEEDED:
        return JOB_TIMEOUT;
    case SN_VERDICT_MEMORY_LIMIT_EXCEEDED:
        return JOB_MEMORY_LIMIT_EXCEEDED;
    case SN_VERDICT_OUTPUT_LIMIT_EXCEEDED:
        return JOB_OUTPUT_LIMIT_EXCEEDED;
    case SN_VERDICT_SECURITY_VIOLATION:
        return JOB_SECURITY_VIOLATION;
    case SN_VERDICT_COMPILATION_ERROR:
        return JOB_COMPILATION_ERROR;
    case SN_VERDICT_CANCELLED:
        return JOB_CANCELLED;
    default:
        return JOB_INTERNAL_ERROR;
    }
}

static void copy_output(struct blob *blob, bool *ret_truncated, const void *data, size_t length, size_t keep)
{
    size_t kept = length < keep ? length : keep;

    *ret_truncated |= kept < length;
    blob->data = malloc(kept + 1);
    if (!blob->data)
        return;
    if (kept)
        memcpy(blob->data, data, kept);
    blob->data[kept] = '\0';
    blob->length = kept;
}

int step_fill(struct step_outcome *step, const sn_result *result, const sn_limits *limits, size_t keep)
{
    size_t out_length, err_length;
    const void *out = sn_result_stdout(result, &out_length), *err = sn_result_stderr(result, &err_length);
    const char *denied = sn_result_denied(result);
    sn_limit limit = sn_result_limit(result);

    step->status = step_status_of(sn_result_verdict(result));
    step->exit_code = sn_result_exit_code(result);
    step->signal = sn_result_signal(result);
    step->wall_ns = sn_result_wall_ns(result);
    step->cpu_ns = sn_result_cpu_ns(result);
    step->memory_bytes = sn_result_memory_bytes(result);
    step->layers = sn_result_layers(result);
    step->relaxed = sn_result_relaxed(result);
    step->limits = program_limits_told(limits);
    step->is_out_truncated = sn_result_stdout_truncated(result);
    step->is_err_truncated = sn_result_stderr_truncated(result);
    step->verdict = strdup(sn_verdict_name(sn_result_verdict(result)));
    step->limit = strdup(limit == SN_LIMIT_NONE ? "" : sn_limit_name(limit));
    step->denied = strdup(denied ? denied : "");
    step->notes = strdup(sn_result_notes(result));
    step->cpu_source = strdup(sn_result_cpu_source(result));
    step->memory_source = strdup(sn_result_memory_source(result));
    copy_output(&step->out, &step->is_out_truncated, out, out_length, keep);
    copy_output(&step->err, &step->is_err_truncated, err, err_length, keep);
    return step_outcome_is_whole(step) ? 0 : FAIL_NOMEM;
}
