/* SPDX-License-Identifier: MIT */
#ifndef JOBS_OBSERVE_PROCESS_H
#define JOBS_OBSERVE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

/* Figures of this process, under the names that Prometheus' client libraries use. */
struct process_figures {
    double cpu_seconds;
    uint64_t resident_bytes;
    uint64_t virtual_bytes;
    uint64_t threads;
    uint64_t open_fds; /* 0: unknown */
    uint64_t max_fds;  /* 0: no limit */
};
/*
 * Before this process is confined to where it opens no file of /proc: keeps open what the figures are read from. With
 * one thread. After a fork it is to be called anew, for what was kept tells of the parent.
 */
void process_figures_keep(void);
/* Any thread. False if /proc does not tell. */
bool process_figures_read(struct process_figures *ret_figures);
/* When it began, seconds since the epoch; 0: /proc does not tell. Ask once: the wall clock is corrected later. */
double process_start_seconds(void);

#endif
