/* SPDX-License-Identifier: MIT */
#include "result/result.h"

#include "base/cleanup.h"

void sn__result_set_verdict(sn_result *result, sn_verdict verdict)
{
    result->verdict = verdict;
}

sn_verdict sn_result_verdict(const sn_result *result)
{
    return result->verdict;
}

sn_limit sn_result_limit(const sn_result *result)
{
    return result->limit;
}

int32_t sn_result_exit_code(const sn_result *result)
{
    return result->exit_code;
}

int32_t sn_result_signal(const sn_result *result)
{
    return result->signal;
}

uint64_t sn_result_cpu_ns(const sn_result *result)
{
    return result->usage.cpu_ns;
}

uint64_t sn_result_user_ns(const sn_result *result)
{
    return result->usage.user_ns;
}

uint64_t sn_result_system_ns(const sn_result *result)
{
    return result->usage.system_ns;
}

const char *sn_result_cpu_source(const sn_result *result)
{
    return result->usage.cpu_source;
}

uint64_t sn_result_wall_ns(const sn_result *result)
{
    return result->wall_ns;
}

uint64_t sn_result_memory_bytes(const sn_result *result)
{
    return result->usage.memory_peak;
}

const char *sn_result_memory_source(const sn_result *result)
{
    return result->usage.memory_source;
}

uint64_t sn_result_throttled_ns(const sn_result *result)
{
    return result->usage.throttled_ns;
}

static const void *output(const sn_result *result, int stream, size_t *ret_length)
{
    if (ret_length)
        *ret_length = result->out[stream].length;
    return result->out[stream].data ? result->out[stream].data : "";
}

const void *sn_result_stdout(const sn_result *result, size_t *ret_length)
{
    return output(result, 0, ret_length);
}

const void *sn_result_stderr(const sn_result *result, size_t *ret_length)
{
    return output(result, 1, ret_length);
}

int32_t sn_result_stdout_truncated(const sn_result *result)
{
    return result->truncated[0];
}

int32_t sn_result_stderr_truncated(const sn_result *result)
{
    return result->truncated[1];
}

const char *sn_result_denied(const sn_result *result)
{
    return result->has_denied ? result->denied : NULL;
}

const char *sn_result_denied_name(const sn_result *result)
{
    return result->has_denied ? result->denied_name : NULL;
}

const uint64_t *sn_result_denied_args(const sn_result *result)
{
    return result->has_denied ? result->denied_args : NULL;
}

uint64_t sn_result_layers(const sn_result *result)
{
    return result->layers;
}

uint64_t sn_result_relaxed(const sn_result *result)
{
    return result->relaxed;
}

const char *sn_result_notes(const sn_result *result)
{
    return result->notes.data ? result->notes.data : "";
}

uint32_t sn_result_suspect(const sn_result *result)
{
    return result->suspect;
}

uint64_t sn_result_waited_ns(const sn_result *result)
{
    return result->waited_ns;
}

uint64_t sn_result_stolen_ns(const sn_result *result)
{
    return result->stolen_ns;
}

uint64_t sn_result_throttled_above_ns(const sn_result *result)
{
    return result->throttled_above_ns;
}

const char *sn_verdict_name(sn_verdict verdict)
{
    static const char *const names[] = {
        "OK",
        "RUNTIME_ERROR",
        "TIME_LIMIT_EXCEEDED",
        "MEMORY_LIMIT_EXCEEDED",
        "OUTPUT_LIMIT_EXCEEDED",
        "PROCESS_LIMIT_EXCEEDED",
        "SECURITY_VIOLATION",
        "COMPILATION_ERROR",
        "CANCELLED",
        "INTERNAL_ERROR",
    };

    return (unsigned)verdict < SN_ARRAY_SIZE(names) ? names[verdict] : "UNKNOWN";
}

const char *sn_limit_name(sn_limit limit)
{
    static const char *const names[] = {"none", "cpu", "wall", "memory", "output", "processes"};

    return (unsigned)limit < SN_ARRAY_SIZE(names) ? names[limit] : "unknown";
}

void sn_result_free(sn_result *result)
{
    if (!result)
        return;
    sn__buffer_clear(&result->out[0]);
    sn__buffer_clear(&result->out[1]);
    sn__buffer_clear(&result->notes);
    free(result);
}

const sn_step *sn_result_steps(const sn_result *result, size_t *ret_count)
{
    *ret_count = result->steps.count;
    return result->steps.list;
}
