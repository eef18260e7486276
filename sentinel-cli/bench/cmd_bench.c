/* SPDX-License-Identifier: MIT */
#include "../cli.h"
#include "../message.h"
#include "../options.h"
#include "../output_json.h"
#include "../signals.h"
#include "goals.h"
#include "report.h"
#include "scenario.h"

#include <sentinel/version.h>

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

static const char help[] =
    "Usage: sentinel bench [--only PATTERN]... [--rounds N] [--list] [--json]\n"
    "Measures what sandboxes cost on this host: beside programs that are just started, and beside bwrap and\n"
    "nsjail where they are installed. Every round measures each of those compared once, so that what the machine\n"
    "does meanwhile meets all of them; a ratio is to the first one's figure of the same round. Every layer is on.\n"
    "  --only PATTERN  only the scenarios of that name, as in --only 'throughput-*'; may be repeated\n"
    "  --rounds N      so many rounds of each scenario, instead of what it takes to tell\n"
    "  --list          only list the scenarios\n"
    "  --json          one JSON document; times in nanoseconds\n"
    "Exit status: 0, whatever the figures are; 1 if something could not be measured to its end. What a host need not\n"
    "have may be missing: bwrap, nsjail, a language.\n";

/* In the order in which they are run. */
static const struct scenario *const all[] = {scenarios_spawn,      scenarios_steps, scenarios_language,
                                             scenarios_throughput, scenarios_crowd, scenarios_steadiness};

struct bench_options {
    struct string_list only;
    uint64_t rounds; /* 0: each scenario's own */
    bool list;
};

/* OPTIONS_GO, or the exit status. */
static int parse(struct cli *cli, int argc, char **argv, struct bench_options *options)
{
    static const struct number_range range = {.minimum = 1, .maximum = 1000000, .scale = 1, .unit = "rounds"};

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(help, stdout);
            return 0;
        }
        if (strcmp(argv[i], "--json") == 0) {
            cli->json = true;
        } else if (strcmp(argv[i], "--list") == 0) {
            options->list = true;
        } else if ((strcmp(argv[i], "--only") == 0 || strcmp(argv[i], "--rounds") == 0) && i + 1 == argc) {
            return fail(cli, STATUS_USAGE, "command line", "%s wants a value", argv[i]);
        } else if (strcmp(argv[i], "--only") == 0) {
            string_list_add(&options->only, argv[++i]);
        } else if (strcmp(argv[i], "--rounds") == 0) {
            cleanup_free char *why = NULL;

            if (parse_number(argv[++i], &range, &options->rounds, &why) < 0)
                return fail(cli, STATUS_USAGE, "command line", "--rounds %s: %s", argv[i], why);
        } else {
            return fail(cli, STATUS_USAGE, "command line", "\"%s\" is no option of bench; --help lists them", argv[i]);
        }
    }
    return OPTIONS_GO;
}

static bool is_wanted(const struct bench_options *options, const struct scenario *scenario)
{
    for (size_t i = 0; i < options->only.count; i++)
        if (fnmatch(options->only.items[i], scenario->name, 0) == 0)
            return true;
    return !options->only.count;
}

/* Or it is something that a host need not have, as are compilers: then nothing of a scenario can be had. */
static bool is_complete(const struct scenario *scenario, const struct figures *figures)
{
    bool is_missing = false;

    for (size_t i = 0; i < scenario->contender_count; i++)
        is_missing = is_missing || figures[i].is_missing;
    for (size_t i = 0; i < scenario->contender_count; i++)
        if (figures[i].why_not && !figures[i].is_missing && !(is_missing && !figures[i].values.count))
            return false;
    return true;
}

static void count_goals(const struct scenario *scenario, const struct figures *figures, size_t *counts)
{
    for (const struct goal *goal = goal_next(scenario, NULL); goal; goal = goal_next(scenario, goal))
        counts[goal_judge(goal, scenario, figures).state]++;
}

/* Whether all of it was measured. */
static bool run(const struct cli *cli, const struct bench_options *options, const struct scenario *scenario,
                json_t *documents, size_t *goal_counts)
{
    unsigned rounds = options->rounds ? (unsigned)options->rounds : scenario->rounds;
    struct figures figures[CONTENDERS_MAX];
    bool complete = !signals_caught();

    scenario_run(scenario, rounds, figures);
    if (cli->json)
        json_array_append_new(documents, bench_document(scenario, rounds, figures));
    else
        bench_print(scenario, rounds, figures);
    complete = is_complete(scenario, figures) && complete;
    count_goals(scenario, figures, goal_counts);
    figures_clear(figures, scenario->contender_count);
    return complete;
}

static void print_goals(const size_t *counts)
{
    size_t all_goals = 0;

    for (int state = 0; state < GOAL_STATES; state++)
        all_goals += counts[state];
    if (!all_goals)
        return;
    printf("goals:");
    for (int state = 0; state < GOAL_STATES; state++)
        printf("%s %zu %s", state ? "," : "", counts[state], goal_state_name(state));
    printf("\n");
}

static int print_document(json_t *documents, const size_t *goal_counts)
{
    struct utsname host;
    json_t *counts = json_object();

    for (int state = 0; state < GOAL_STATES; state++)
        json_object_set_new(counts, goal_state_name(state), json_integer((json_int_t)goal_counts[state]));
    uname(&host);
    return json_print(json_pack("{s:s, s:{s:s, s:i}, s:b, s:o, s:O}", "sentinel", sn_version_string(), "host", "kernel",
                                host.release, "processors", (int)sysconf(_SC_NPROCESSORS_ONLN), "interrupted",
                                signals_caught() != 0, "goals", counts, "scenarios", documents));
}

static int run_all(struct cli *cli, const struct bench_options *options)
{
    json_t *documents = json_array();
    size_t wanted = 0, goal_counts[GOAL_STATES] = {0};
    bool complete = true;
    int status = 0;

    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        for (const struct scenario *scenario = all[i]; scenario->name && !signals_caught(); scenario++) {
            if (!is_wanted(options, scenario))
                continue;
            wanted++;
            if (options->list)
                printf("%-16s %s\n", scenario->name, scenario->title);
            else
                complete = run(cli, options, scenario, documents, goal_counts) && complete;
        }
    }
    if (!wanted)
        status = fail(cli, STATUS_USAGE, "command line", "no scenario has such a name; --list lists them");
    else if (cli->json && !options->list && print_document(documents, goal_counts) < 0)
        status = STATUS_INTERNAL;
    else if (!complete)
        status = STATUS_CHECK_FAILED;
    if (wanted && !options->list && !cli->json)
        print_goals(goal_counts);
    json_decref(documents);
    return status;
}

int cmd_bench(struct cli *cli, int argc, char **argv)
{
    struct bench_options options = {0};
    int status = parse(cli, argc, argv, &options);

    if (status == OPTIONS_GO && signals_install() < 0)
        status = fail(cli, STATUS_INTERNAL, "signals", "cannot prepare for signals: %s", strerror(errno));
    if (status == OPTIONS_GO)
        status = run_all(cli, &options);
    if (signals_caught())
        cli->end_signal = signals_caught();
    free(options.only.items);
    return status;
}
