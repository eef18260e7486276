/* SPDX-License-Identifier: MIT */
#ifndef JOBS_OBSERVE_HOST_H
#define JOBS_OBSERVE_HOST_H

#include "observe/metrics.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * How busy the host is, from /proc: in a container that of the whole machine, as the kernel tells it there. The files
 * are opened once, because a process that is confined opens none of them any more but goes on reading these.
 */
struct host;

/* `proc`: "/proc". What cannot be opened is unknown for ever. NULL without memory. */
struct host *host_open(const char *proc);
/* NULL is accepted. */
void host_close(struct host *host);

struct host_figures {
    bool has_cpu;
    double cpu_used; /* 0 to 1, of all processors together, since the reading before (or host_open()) */
    bool has_memory;
    uint64_t memory_total_kb;
    uint64_t memory_available_kb; /* without swapping */
    bool has_load;
    double load_1m;
    unsigned processors; /* 0: unknown */
};
/* One thread. Of NULL everything is unknown. */
void host_read(struct host *host, struct host_figures *ret_figures);
/* The gauges sentinel_host_...; what is unknown keeps what was told before. */
void host_tell(struct metrics *metrics, const struct host_figures *figures);

#endif
