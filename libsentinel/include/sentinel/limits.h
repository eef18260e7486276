/* SPDX-License-Identifier: MIT */
/* what one run may use */
#ifndef SENTINEL_LIMITS_H
#define SENTINEL_LIMITS_H

#include <sentinel/visibility.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* No limit. Accepted for wall_ms, cpu_ms, file_bytes and stack_bytes; the others always have one. */
#define SN_UNLIMITED UINT64_MAX

/*
 * Every option struct begins with its size, and its init function is told it by the caller's headers: a program that
 * was built with older ones keeps working. (A binding calls sn_..._init_sized() with the size of its own layout.)
 */

/* What one run may use. Zero means the default named in the comment. Call sn_limits_init() first. */
typedef struct sn_limits {
    size_t size;           /* sizeof(sn_limits), set by sn_limits_init() */
    uint64_t cpu_ms;       /* CPU time of all processes together, milliseconds; 5000 */
    uint64_t wall_ms;      /* elapsed time, milliseconds; 10000 */
    uint64_t memory_bytes; /* memory of all, with page cache, sockets, and files that runs left in /work and /tmp;
                              256 MiB; at least 1 MiB */
    uint64_t processes;    /* processes and threads together; 64 */
    uint64_t output_bytes; /* for stdout and for stderr, each; 16 MiB */
    uint64_t file_bytes;   /* largest file that may be written (RLIMIT_FSIZE); 256 MiB, or the host's hard limit if that
                              is lower */
    uint64_t open_files;   /* RLIMIT_NOFILE, at least 6; 256, or the host's hard limit if that is lower */
    uint64_t stack_bytes;  /* RLIMIT_STACK of the main thread; 64 MiB, or the host's hard limit if that is lower */
    uint64_t cpu_percent;  /* CPU bandwidth, 100 is one core; 0 is no bound */
} sn_limits;

/* Makes it all zero but the size. The _sized form is for bindings, with the size of their own layout. */
SN_API void sn_limits_init_sized(sn_limits *limits, size_t size);
static inline void sn_limits_init(sn_limits *limits)
{
    sn_limits_init_sized(limits, sizeof(*limits));
}

#ifdef __cplusplus
}
#endif
#endif
