/* SPDX-License-Identifier: MIT */
#include "report.h"

#include "goals.h"

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
    double size = fabs(value); /* what memory a host has left may grow meanwhile */
    unsigned scale = size >= scales[unit][0].factor ? 0 : size >= scales[unit][1].factor ? 1 : 2;
    double shown = value / scales[unit][scale].factor;

    if (isnan(value))
        snprintf(text, 32, "-");
    else
        snprintf(text, 32, "%.*f %s",
                 fabs(shown) < 10    ? 2
                 : fabs(shown) < 100 ? 1
                                     : 0,
                 shown, scales[unit][scale].name);
    return text;
}

static const char *percent(double share, char text[32])
{
    if (isnan(share))
        snprintf(text, 32, "-");
    else
        snprintf(text, 32, "%.*f %%", share < 0.1 ? 1 : 0, share * 100);
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

static void print_goals(const struct scenario *scenario, const struct figures *figures)
{
    for (const struct goal *goal = goal_next(scenario, NULL); goal; goal = goal_next(scenario, goal)) {
        struct goal_result result = goal_judge(goal, scenario, figures);
        char text[4][32];

        printf("  goal: %s%s%s at %s ", goal->contender, goal->to ? " / " : "", goal->to ? goal->to : "",
               goal->is_least ? "least" : "most");
        if (goal->to)
            printf("%g: %s", goal->limit, goal_state_name(result.state));
        else
            printf("%s: %s", figure(scenario->unit, goal->limit, text[0]), goal_state_name(result.state));
        if (result.state == GOAL_UNMEASURED)
            printf("\n");
        else if (goal->to)
            printf(" (%s, %s-%s)\n", ratio(result.median.value, text[1]), ratio(result.median.low, text[2]),
                   ratio(result.median.high, text[3]));
        else
            printf(" (%s, %s-%s)\n", figure(scenario->unit, result.median.value, text[1]),
                   figure(scenario->unit, result.median.low, text[2]),
                   figure(scenario->unit, result.median.high, text[3]));
    }
}

void bench_print(const struct scenario *scenario, unsigned rounds, const struct figures *figures)
{
    size_t p99_rounds = sample_count_for(0.99);

    printf("%s: %s (%u round%s)\n", scenario->name, scenario->title, rounds, rounds == 1 ? "" : "s");
    printf("  %-28s %9s  %19s  %6s  %9s  %19s   %6s  %15s\n", "", "median", "95 %", "spread", "p99", "95 %", "ratio",
           "95 %");
    for (size_t i = 0; i < scenario->contender_count; i++) {
        struct quantile median = sample_quantile(&figures[i].values, 0.5);
        struct quantile p99 = sample_quantile(&figures[i].values, 0.99);
        struct quantile ratios = sample_quantile(&figures[i].ratios, 0.5);
        char text[10][32];

        printf("  %-28s ", scenario->contenders[i]->name);
        if (figures[i].values.count)
            printf("%9s  %9s-%9s  %6s  %9s  %9s-%9s   %6s  %7s-%7s\n", figure(scenario->unit, median.value, text[0]),
                   figure(scenario->unit, median.low, text[1]), figure(scenario->unit, median.high, text[2]),
                   percent(sample_spread(&figures[i].values), text[3]), figure(scenario->unit, p99.value, text[4]),
                   figure(scenario->unit, p99.low, text[5]), figure(scenario->unit, p99.high, text[6]),
                   ratio(ratios.value, text[7]), ratio(ratios.low, text[8]), ratio(ratios.high, text[9]));
        if (figures[i].why_not)
            printf("%s%s: %s\n", figures[i].values.count ? "    " : "",
                   figures[i].values.count ? "ended early" : "not tried", figures[i].why_not);
        else if (!figures[i].values.count)
            printf("interrupted\n");
    }
    if (rounds < p99_rounds)
        printf("  (an interval of the 99th percentile that has an upper end takes %zu rounds)\n", p99_rounds);
    print_goals(scenario, figures);
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

static json_t *goal_documents(const struct scenario *scenario, const struct figures *figures)
{
    json_t *list = json_array();

    for (const struct goal *goal = goal_next(scenario, NULL); goal; goal = goal_next(scenario, goal)) {
        struct goal_result result = goal_judge(goal, scenario, figures);

        json_array_append_new(list,
                              json_pack("{s:s, s:s?, s:f, s:s, s:o, s:o, s:o}", "contender", goal->contender, "to",
                                        goal->to, goal->is_least ? "at_least" : "at_most", goal->limit, "state",
                                        goal_state_name(result.state), "value", number(result.median.value), "low",
                                        number(result.median.low), "high", number(result.median.high)));
    }
    return list;
}

json_t *bench_document(const struct scenario *scenario, unsigned rounds, const struct figures *figures)
{
    json_t *contenders = json_array();

    for (size_t i = 0; i < scenario->contender_count; i++)
        json_array_append_new(
            contenders,
            json_pack("{s:s, s:I, s:s?, s:b, s:o, s:o, s:o, s:o}", "name", scenario->contenders[i]->name, "count",
                      (json_int_t)figures[i].values.count, "why_not", figures[i].why_not, "missing",
                      (int)figures[i].is_missing, "spread", number(sample_spread(&figures[i].values)), "median",
                      quantile_document(&figures[i].values, 0.5), "p99", quantile_document(&figures[i].values, 0.99),
                      "ratio", quantile_document(&figures[i].ratios, 0.5)));
    return json_pack("{s:s, s:s, s:s, s:i, s:i, s:o, s:o}", "name", scenario->name, "title", scenario->title, "unit",
                     unit_names[scenario->unit], "rounds", (int)rounds, "p99_rounds", (int)sample_count_for(0.99),
                     "contenders", contenders, "goals", goal_documents(scenario, figures));
}
