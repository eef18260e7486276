/* SPDX-License-Identifier: MIT */
#ifndef JOBS_OBSERVE_METRICS_H
#define JOBS_OBSERVE_METRICS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Figures in Prometheus' text format 0.0.4. Families are declared once, in a table; a series begins when it is first
 * told of, but a counter without labels is there from the beginning: Prometheus sees no increase from nothing to one.
 * Of one with labels that an alert watches, whoever counts tells of each series with 0 at the start.
 * Any thread. No call fails: without memory a figure is dropped.
 */
struct metrics;

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

struct metric_family {
    const char *name;
    const char *help;
    enum metric_type type;
    const char *labels[3]; /* their names; NULL where there are fewer */
    const double *buckets; /* upper bounds, ascending, ended by 0; NULL: metrics_seconds */
};
/* 1 ms to 60 s. */
extern const double metrics_seconds[];

/* Beyond so many series of one family, label values become "other": a caller's words cannot fill the memory. */
#define METRIC_SERIES_MAX 256

/* families ended by a NULL name; static. NULL without memory. */
struct metrics *metrics_make(const struct metric_family *families);
void metrics_free(struct metrics *metrics);

/* Of a counter. Label values (as many as the family has names, NULL-terminated or NULL) are copied when new. */
void metrics_add(struct metrics *metrics, const char *name, const char *const *labels, double amount);
/* Of a counter that somebody else counts, and who says how much it is by now; it never falls. */
void metrics_raise(struct metrics *metrics, const char *name, const char *const *labels, double total);
/* Of a gauge. */
void metrics_set(struct metrics *metrics, const char *name, const char *const *labels, double value);
/* Of a histogram. */
void metrics_observe(struct metrics *metrics, const char *name, const char *const *labels, double value);

/* The whole text, to be freed with free(), with process_... figures of this process (CPU, RSS, descriptors, start). */
char *metrics_print(struct metrics *metrics, size_t *ret_length);

#endif
