/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <math.h>
#include <stdio.h>

static const char *const unit_names[] = {[UNIT_NANOSECONDS] = "ns", [UNIT_PER_SECOND] = "1/s", [UNIT_BYTES] = "bytes"};

/* "612 us", "3.41 ms", "1,630 /s", "96 KiB": three digits that count. */
static const char *figure(enum unit unit, double value, char text[32])
{
    static const struct {
        double factor;
        const char *name;
    } scales[][3] = {
        [UNIT_NANOSECONDS] = {{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}},
        [UNIT_PER_SECOND] = {{1, "/s"}, {1, "/s"}, {1, "/s"}},
        [UNIT_BYTES] = {{1U << 30, "GiB"}, {1U << 20, "MiB"}, {1U << 10, "KiB"}},
    };
    unsigned scale = value >= scales[unit][0].factor ? 0 : value >= scales[unit][1].factor ? 1 : 2;
    double shown = value / scales[unit][scale].factor;

    if (isnan(value))
        snprintf(text, 32, "-");
    else
        snprintf(text, 32, "%.*f %s", shown < 10 ? 2 : shown < 100 ? 1 : 0, shown, scales[unit][scale].name);
    return text;
}

static const char *ratio(double value, char text[32])
{
    if (isnan(value))
        snprintf(text, 32, "-");
    else
        snprintf(text, 32, "%.*f", value < 10 ? 3 : value < 100 ? 1 : 0, value);
    return text;
}

void bench_print(const struct scenario *scenario, unsigned rounds, const struct figures *figures)
{
    printf("%s: %s (%u round%s)\n", scenario->name, scenario->title, rounds, rounds == 1 ? "" : "s");
    printf("  %-26s %9s  %19s  %9s   %6s  %15s\n", "", "median", "95 %", "p99", "ratio", "95 %");
    for (size_t i = 0; i < scenario->contender_count; i++) {
        struct quantile median = sample_quantile(&figures[i].values, 0.5);
        struct quantile p99 = sample_quantile(&figures[i].values, 0.99);
        struct quantile ratios = sample_quantile(&figures[i].ratios, 0.5);
        char text[7][32];

        printf("  %-26s ", scenario->contenders[i]->name);
        if (figures[i].values.count)
            printf("%9s  %9s-%9s  %9s   %6s  %7s-%7s\n", figure(scenario->unit, median.value, text[0]),
                   figure(scenario->unit, median.low, text[1]), figure(scenario->unit, median.high, text[2]),
                   figure(scenario->unit, p99.value, text[3]), ratio(ratios.value, text[4]), ratio(ratios.low, text[5]),
                   ratio(ratios.high, text[6]));
        if (figures[i].why_not)
            printf("%s%s: %s\n", figures[i].values.count ? "    " : "",
                   figures[i].values.count ? "ended early" : "not tried", figures[i].why_not);
        else if (!figures[i].values.count)
            printf("interrupted\n");
    }
    printf("\n");
    fflush(stdout);
}

static json_t *number(double value)
{
    return isnan(value) ? json_null() : json_real(value);
}

static json_t *quantile_document(const struct sample *sample, double at)
{
    struct quantile quantile = sample_quantile(sample, at);

    return json_pack("{s:o, s:o, s:o}", "value", number(quantile.value), "low", number(quantile.low), "high",
                     number(quantile.high));
}

json_t *bench_document(const struct scenario *scenario, unsigned rounds, const struct figures *figures)
{
    json_t *contenders = json_array();

    for (size_t i = 0; i < scenario->contender_count; i++)
        json_array_append_new(contenders,
                              json_pack("{s:s, s:I, s:s?, s:o, s:o, s:o}", "name", scenario->contenders[i]->name,
                                        "count", (json_int_t)figures[i].values.count, "why_not", figures[i].why_not,
                                        "median", quantile_document(&figures[i].values, 0.5), "p99",
                                        quantile_document(&figures[i].values, 0.99), "ratio",
                                        quantile_document(&figures[i].ratios, 0.5)));
    return json_pack("{s:s, s:s, s:s, s:i, s:o}", "name", scenario->name, "title", scenario->title, "unit",
                     unit_names[scenario->unit], "rounds", (int)rounds, "contenders", contenders);
}
