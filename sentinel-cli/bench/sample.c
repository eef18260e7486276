/* SPDX-License-Identifier: MIT */
#include "sample.h"

#include "../message.h"

#include <math.h>
#include <string.h>

#define TAIL 0.025 /* on each side of the interval */

void sample_add(struct sample *sample, double value)
{
    sample->values = xrealloc(sample->values, sample->count + 1, sizeof(*sample->values));
    sample->values[sample->count++] = value;
}

void sample_clear(struct sample *sample)
{
    free(sample->values);
    *sample = (struct sample){0};
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return left < right ? -1 : left > right;
}

/* P(exactly k of n are below the quantile). */
static double binomial(size_t n, size_t k, double at)
{
    double ways = lgamma((double)n + 1) - lgamma((double)k + 1) - lgamma((double)(n - k) + 1);

    return exp(ways + (double)k * log(at) + (double)(n - k) * log1p(-at));
}

/*
 * The figures of ranks low and high (from 1 on) lie on either side of the quantile with the confidence: fewer than
 * `low` below it, or `high` and more, each happen with a probability of at most TAIL. 0 and n + 1: there is no such
 * figure.
 */
static void interval_ranks(size_t n, double at, size_t *ret_low, size_t *ret_high)
{
    double below = 0, above = 0;
    size_t low = 0, high = n + 1;

    while (low < n && below + binomial(n, low, at) <= TAIL)
        below += binomial(n, low++, at);
    while (high > 1 && above + binomial(n, high - 1, at) <= TAIL)
        above += binomial(n, --high, at);
    *ret_low = low;
    *ret_high = high;
}

struct quantile sample_quantile(const struct sample *sample, double at)
{
    struct quantile quantile = {NAN, NAN, NAN};
    size_t n = sample->count, low, high;
    double *sorted, place = at * (double)(n - 1);
    size_t under = (size_t)place;

    if (n == 0)
        return quantile;
    sorted = xrealloc(NULL, n, sizeof(*sorted));
    memcpy(sorted, sample->values, n * sizeof(*sorted));
    qsort(sorted, n, sizeof(*sorted), compare);
    quantile.value = sorted[under];
    if (under + 1 < n)
        quantile.value += (place - (double)under) * (sorted[under + 1] - sorted[under]);
    interval_ranks(n, at, &low, &high);
    if (low > 0)
        quantile.low = sorted[low - 1];
    if (high <= n)
        quantile.high = sorted[high - 1];
    free(sorted);
    return quantile;
}

size_t sample_count_for(double at)
{
    return (size_t)ceil(log(TAIL) / log(at));
}

double sample_spread(const struct sample *sample)
{
    if (sample->count < 5)
        return NAN;
    return (sample_quantile(sample, 0.9).value - sample_quantile(sample, 0.1).value) / 2 /
           fabs(sample_quantile(sample, 0.5).value);
}
