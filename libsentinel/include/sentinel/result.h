/* SPDX-License-Identifier: MIT */
/* what one run did: verdict, usage, output, denied call */
#ifndef SENTINEL_RESULT_H
#define SENTINEL_RESULT_H

#include <sentinel/layer.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is to be thought of a run, in one word. */
typedef enum sn_verdict {
    SN_VERDICT_OK = 0,                     /* exit status 0 */
    SN_VERDICT_RUNTIME_ERROR = 1,          /* non-zero exit status, or a signal that was no limit of ours */
    SN_VERDICT_TIME_LIMIT_EXCEEDED = 2,    /* sn_result_limit(): SN_LIMIT_CPU or SN_LIMIT_WALL */
    SN_VERDICT_MEMORY_LIMIT_EXCEEDED = 3,  /* some process of it was refused or killed for memory */
    SN_VERDICT_OUTPUT_LIMIT_EXCEEDED = 4,  /* more than output_bytes on stdout or on stderr */
    SN_VERDICT_PROCESS_LIMIT_EXCEEDED = 5, /* it failed after a fork or thread was refused */
    SN_VERDICT_SECURITY_VIOLATION = 6,     /* sn_result_denied_...() say which system call */
    SN_VERDICT_COMPILATION_ERROR = 7,      /* only for the compile step of a program */
    SN_VERDICT_CANCELLED = 8,              /* sn_run_cancel(), or cancel_fd */
    SN_VERDICT_INTERNAL_ERROR = 9          /* ours, never the program's */
} sn_verdict;

/* Which limit decided a verdict. */
typedef enum sn_limit {
    SN_LIMIT_NONE = 0,     /* none */
    SN_LIMIT_CPU = 1,      /* cpu_ms */
    SN_LIMIT_WALL = 2,     /* wall_ms */
    SN_LIMIT_MEMORY = 3,   /* memory_bytes */
    SN_LIMIT_OUTPUT = 4,   /* output_bytes */
    SN_LIMIT_PROCESSES = 5 /* processes */
} sn_limit;

/*
 * What one run did. Owned by the caller, who frees it with sn_result_free(); immutable, so it may be read from any
 * thread. What its functions return lives as long as it does. They neither block nor fail; `result` must not be NULL.
 */
typedef struct sn_result sn_result;

/* The verdict; docs/architecture.md says in which order it is decided. */
SN_API sn_verdict sn_result_verdict(const sn_result *result);
/* The limit that decided the verdict, or SN_LIMIT_NONE. */
SN_API sn_limit sn_result_limit(const sn_result *result);
/* The exit status of the first process (0 to 255), or -1 if a signal ended it. */
SN_API int32_t sn_result_exit_code(const sn_result *result);
/* The signal that ended the first process, or 0. */
SN_API int32_t sn_result_signal(const sn_result *result);

/* CPU time of all its processes together, nanoseconds. total can differ from user + system by the kernel's rounding. */
SN_API uint64_t sn_result_cpu_ns(const sn_result *result);
SN_API uint64_t sn_result_user_ns(const sn_result *result);
SN_API uint64_t sn_result_system_ns(const sn_result *result);
/* Where the CPU figures came from ("cgroup v1 cpuacct.usage"); static string. */
SN_API const char *sn_result_cpu_source(const sn_result *result);
/* From the first process's start to its end, nanoseconds of CLOCK_MONOTONIC. */
SN_API uint64_t sn_result_wall_ns(const sn_result *result);
/* Peak memory of all its processes together, bytes, and where the figure came from; static string. */
SN_API uint64_t sn_result_memory_bytes(const sn_result *result);
SN_API const char *sn_result_memory_source(const sn_result *result);
/* Time it was kept from running by cpu_percent, nanoseconds; 0 without that limit. */
SN_API uint64_t sn_result_throttled_ns(const sn_result *result);

/* Captured output: not NUL-terminated, lives as long as the result. Empty where the run did not ask for capture. */
SN_API const void *sn_result_stdout(const sn_result *result, size_t *ret_length);
SN_API const void *sn_result_stderr(const sn_result *result, size_t *ret_length);
/* 1 if the program wrote more than output_bytes to that stream. */
SN_API int32_t sn_result_stdout_truncated(const sn_result *result);
SN_API int32_t sn_result_stderr_truncated(const sn_result *result);

/*
 * The denied system call as a line ("socket(AF_INET, SOCK_STREAM, 0)"), its name, its six raw arguments; NULL: none.
 * They live as long as the result.
 */
SN_API const char *sn_result_denied(const sn_result *result);
SN_API const char *sn_result_denied_name(const sn_result *result);
SN_API const uint64_t *sn_result_denied_args(const sn_result *result);

/* Layers in force during the run, and those that were not because the caller relaxed them. */
SN_API uint64_t sn_result_layers(const sn_result *result);
SN_API uint64_t sn_result_relaxed(const sn_result *result);
/*
 * What is worth knowing beyond the layers ("uid: shared with the caller"), one sentence a line; "" if nothing.
 * Lives as long as the result.
 */
SN_API const char *sn_result_notes(const sn_result *result);

/* Why a figure of time may not be the program's own: bits of sn_result_suspect(). */
#define SN_SUSPECT_WAITED (1U << 0)    /* it waited for a processor that others had */
#define SN_SUSPECT_STOLEN (1U << 1)    /* a hypervisor took its processors away */
#define SN_SUSPECT_THROTTLED (1U << 2) /* a cgroup above the sandbox's own had used up its bandwidth */

/*
 * What disturbed the run from outside, as SN_SUSPECT_... bits; 0: nothing was seen. A bit is set where the time that it
 * stands for is at least a twentieth of the wall time, and at least 5 ms; the notes then say so, too. It is the wall
 * figure that is suspect; CPU time lasts longer beside others by what they take of caches and memory, not by this.
 * What sn_limits.cpu_percent holds back is no disturbance.
 *
 * SN_SUSPECT_WAITED is not set for a program whose threads used all its processors all the time: it waited for itself.
 * A program can bring about waiting by more threads than it has processors.
 */
SN_API uint32_t sn_result_suspect(const sn_result *result);
/*
 * The times themselves, nanoseconds; 0 for runs shorter than 50 ms, in which nothing is looked at. waited: the first
 * thread of the first process was ready to run and did not (/proc/PID/schedstat, less the time throttled; 0 where the
 * kernel has neither CONFIG_SCHEDSTATS nor delay accounting, and without the layer proc). stolen: of all processors
 * that the sandbox may use, or of all there are if it was given no list (/proc/stat, in steps of 10 ms).
 * throttled_above: of the group above that was throttled longest, its processors together (cpu.stat); groups that this
 * process does not see, as of a container's host, cannot be told. The last two from the 50th millisecond of the run on.
 */
SN_API uint64_t sn_result_waited_ns(const sn_result *result);
SN_API uint64_t sn_result_stolen_ns(const sn_result *result);
SN_API uint64_t sn_result_throttled_above_ns(const sn_result *result);

/* "OK", "TIME_LIMIT_EXCEEDED", ... and "cpu", "wall", "memory", "output", "processes"; static strings. */
SN_API const char *sn_verdict_name(sn_verdict verdict);
SN_API const char *sn_limit_name(sn_limit limit);

/* Frees it. NULL is accepted. */
SN_API void sn_result_free(sn_result *result);

#ifdef __cplusplus
}
#endif
#endif
