/* SPDX-License-Identifier: MIT */
#ifndef SENTINEL_BENCH_SAMPLE_H
#define SENTINEL_BENCH_SAMPLE_H

#include <stddef.h>

/* Figures of one kind, one from each round. */
struct sample {
    double *values;
    size_t count;
};

/*
 * A quantile and the interval that covers it with 95 % confidence, whatever the figures' distribution is: order
 * statistics by the binomial distribution, so no figure outside of what was seen. Too few figures for an interval that
 * has an end on that side: the end is NAN.
 */
struct quantile {
    double value, low, high;
};

/* How many figures it takes for an interval of this quantile that has an upper end. */
size_t sample_count_for(double at);
/* Half of the distance between the 10th and the 90th percentile, in parts of the median; NAN for fewer than 5. */
double sample_spread(const struct sample *sample);

void sample_add(struct sample *sample, double value);
void sample_clear(struct sample *sample);
/* `at` is within 0 and 1. All of it is NAN for a sample that is empty. */
struct quantile sample_quantile(const struct sample *sample, double at);

#endif
