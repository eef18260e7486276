/* SPDX-License-Identifier: MIT */
#include "output_text.h"

#include "cli.h"
#include "message.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

const char *signal_name(int number, char name[static SIGNAL_NAME_SIZE])
{
    const char *abbreviation = sigabbrev_np(number);

    if (abbreviation)
        snprintf(name, SIGNAL_NAME_SIZE, "SIG%s", abbreviation);
    else if (number >= SIGRTMIN && number <= SIGRTMAX)
        snprintf(name, SIGNAL_NAME_SIZE, "SIGRTMIN+%d", number - SIGRTMIN);
    else
        snprintf(name, SIGNAL_NAME_SIZE, "SIG%d", number);
    return name;
}

char *text_bytes(uint64_t bytes)
{
    if (bytes < 1024)
        return xprintf("%llu B", (unsigned long long)bytes);
    if (bytes < 1024 * 1024)
        return xprintf("%.*f KiB", bytes % 1024 ? 1 : 0, bytes / 1024.0);
    return xprintf("%.*f MiB", bytes % (1024 * 1024) ? 1 : 0, bytes / 1048576.0);
}

char *text_ms(uint64_t nanoseconds)
{
    if (nanoseconds < 10000000)
        return xprintf("%.1f ms", nanoseconds / 1e6);
    return xprintf("%.0f ms", nanoseconds / 1e6);
}

/* What is to be said beside the verdict: which limit, which status, which call; "" if nothing. */
static char *reason(const sn_result *result, const sn_limits *limits)
{
    cleanup_free char *bytes = NULL;
    char name[SIGNAL_NAME_SIZE];

    switch (sn_result_verdict(result)) {
    case SN_VERDICT_TIME_LIMIT_EXCEEDED:
        if (sn_result_limit(result) == SN_LIMIT_CPU)
            return xprintf(" (more than %llu ms of CPU time)", (unsigned long long)limits->cpu_ms);
        return xprintf(" (more than %llu ms of wall time)", (unsigned long long)limits->wall_ms);
    case SN_VERDICT_MEMORY_LIMIT_EXCEEDED:
        bytes = text_bytes(limits->memory_bytes);
        return xprintf(" (limit %s)", bytes);
    case SN_VERDICT_OUTPUT_LIMIT_EXCEEDED:
        bytes = text_bytes(limits->output_bytes);
        return xprintf(" (more than %s to %s)", bytes,
                       sn_result_stdout_truncated(result)   ? "stdout"
                       : sn_result_stderr_truncated(result) ? "stderr"
                                                            : "a file");
    case SN_VERDICT_PROCESS_LIMIT_EXCEEDED:
        return xprintf(" (limit %llu process%s)", (unsigned long long)limits->processes,
                       limits->processes == 1 ? "" : "es");
    case SN_VERDICT_SECURITY_VIOLATION:
        return xprintf(": %s",
                       sn_result_denied(result) ? sn_result_denied(result) : "a system call outside the policy");
    case SN_VERDICT_OK:
    case SN_VERDICT_CANCELLED: /* the signal that ended it was ours */
        return xstrdup("");
    default:
        if (sn_result_signal(result))
            return xprintf(" (signal %d, %s)", sn_result_signal(result), signal_name(sn_result_signal(result), name));
        if (sn_result_exit_code(result) > 0)
            return xprintf(" (exit status %d)", sn_result_exit_code(result));
        return xstrdup("");
    }
}

static char *layer_list(uint64_t layers)
{
    char *list = xstrdup("");

    for (unsigned i = 0; i < 64; i++) {
        const char *name = layers >> i & 1 ? sn_layer_name(UINT64_C(1) << i) : NULL;
        char *longer;

        if (!name)
            continue;
        longer = xprintf("%s%s%s", list, *list ? ", " : "", name);
        free(list);
        list = longer;
    }
    return list;
}

char *summary(const char *step, const sn_result *result, const sn_limits *limits, const sn_result *compile,
              bool is_cached)
{
    cleanup_free char *why = reason(result, limits);
    cleanup_free char *cpu = text_ms(sn_result_cpu_ns(result));
    cleanup_free char *wall = text_ms(sn_result_wall_ns(result));
    cleanup_free char *memory = text_bytes(sn_result_memory_bytes(result));
    cleanup_free char *relaxed = layer_list(sn_result_relaxed(result));
    cleanup_free char *compiled = compile ? text_ms(sn_result_wall_ns(compile)) : NULL;

    return xprintf("%s%s%s%s  cpu %s  wall %s  memory %s%s%s%s%s%s", step ? step : "", step ? ": " : "",
                   sn_verdict_name(sn_result_verdict(result)), why, cpu, wall, memory, compiled ? "  compiled in " : "",
                   compiled ? compiled : "", compiled && is_cached ? ", cached" : "", *relaxed ? "  relaxed: " : "",
                   relaxed);
}

int status_of_result(const sn_result *result)
{
    switch (sn_result_verdict(result)) {
    case SN_VERDICT_TIME_LIMIT_EXCEEDED:
        return STATUS_TIME;
    case SN_VERDICT_MEMORY_LIMIT_EXCEEDED:
        return STATUS_MEMORY;
    case SN_VERDICT_OUTPUT_LIMIT_EXCEEDED:
        return STATUS_OUTPUT;
    case SN_VERDICT_PROCESS_LIMIT_EXCEEDED:
        return STATUS_PROCESSES;
    case SN_VERDICT_SECURITY_VIOLATION:
        return STATUS_SECURITY;
    case SN_VERDICT_COMPILATION_ERROR:
        return STATUS_COMPILE;
    case SN_VERDICT_INTERNAL_ERROR:
        return STATUS_INTERNAL;
    default:
        if (sn_result_signal(result))
            return 128 + sn_result_signal(result);
        return sn_result_exit_code(result) >= 0 ? sn_result_exit_code(result) : STATUS_INTERNAL;
    }
}
