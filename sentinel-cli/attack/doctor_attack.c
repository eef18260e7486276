/* SPDX-License-Identifier: MIT */
#include "doctor_attack.h"

#include "../message.h"
#include "../policyfile.h"
#include "../signals.h"
#include "judge.h"
#include "manifest.h"
#include "report.h"
#include "terminal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
    "Usage: sentinel doctor --attack [--controls] [--only PATTERN]... [--json] [-- OPTION...]\n"
    "Runs the installed attacks against a sandbox on this host, each in a sandbox of its own, made with the OPTIONs "
    "of\n"
    "\"sentinel exec\" that are given, and says which were held, by which layer, and what could not be tried.\n"
    "  --controls      each attack again without the layers that stop it: all but one of them, which has to hold, and\n"
    "                  all, when it has to work; what could harm the host is tried on a disposable one only\n"
    "                  (SN_DISPOSABLE_HOST=1)\n"
    "  --only PATTERN  only the attacks of that name, as in --only 'egress/*'; may be repeated\n"
    "  --json          one JSON document\n"
    "Exit status: 0 if nothing got through, 1 if something did (or an attack was broken).\n";

struct doctor_options {
    bool controls;
    struct string_list only;
    struct string_list configuration;
};

bool doctor_attack_wanted(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--attack") == 0)
            return true;
    }
    return false;
}

/* OPTIONS_GO, or the exit status. */
static int parse(struct cli *cli, int argc, char **argv, struct doctor_options *options)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0) {
            while (++i < argc)
                string_list_add(&options->configuration, argv[i]);
        } else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(help, stdout);
            return 0;
        } else if (strcmp(argv[i], "--json") == 0) {
            cli->json = true;
        } else if (strcmp(argv[i], "--controls") == 0) {
            options->controls = true;
        } else if (strcmp(argv[i], "--only") == 0) {
            if (++i == argc || strcmp(argv[i], "--") == 0)
                return fail(cli, STATUS_USAGE, "command line", "--only wants a pattern, as in --only 'egress/*'");
            string_list_add(&options->only, argv[i]);
        } else if (strncmp(argv[i], "--only=", strlen("--only=")) == 0) {
            string_list_add(&options->only, argv[i] + strlen("--only="));
        } else if (strcmp(argv[i], "--attack") != 0) {
            return fail(cli, STATUS_USAGE, "command line",
                        "\"%s\" is no option of doctor --attack; --help lists them, and options of exec go after --",
                        argv[i]);
        }
    }
    return OPTIONS_GO;
}

/* The caller's own options have to be fine by themselves, and to be about the sandbox only. */
static int check_configuration(struct cli *cli, const struct string_list *configuration)
{
    struct string_list line = {0};
    struct settings settings;
    struct cli quiet = {.quiet = true};
    sn_policy *policy = NULL;
    int status;

    string_list_add(&line, "exec");
    for (size_t i = 0; i < configuration->count; i++)
        string_list_add(&line, configuration->items[i]);
    status = parse_options(&quiet, FOR_EXEC, (int)line.count, (char **)line.items, &settings);
    if (status == OPTIONS_GO &&
        (settings.operands.count || settings.file_count || settings.get_count || settings.stdin_path || settings.json))
        status =
            fail(cli, STATUS_USAGE, "command line",
                 "after --, only options of exec that say what the sandbox is like: no command, no files, no --json");
    if (status == OPTIONS_GO && policy_load_settings(cli, &settings, &policy) != 0)
        status = STATUS_USAGE;
    sn_policy_free(policy);
    settings_clear(&settings);
    free(line.items);
    return status;
}

static bool host_is_disposable(void)
{
    const char *value = getenv("SN_DISPOSABLE_HOST");

    return value && strcmp(value, "1") == 0;
}

static void perform(const struct staging *staging, const struct attack *attack, const struct attack_variant *variant,
                    struct attack_outcome *ret_outcome)
{
    struct performance performance;

    if (attack->stage != STAGE_TERMINAL) {
        stage_perform(staging, attack, variant, &performance);
        judge(attack, variant, &performance, ret_outcome);
        performance_clear(&performance);
    } else if (terminal_perform(staging, attack, variant, ret_outcome) < 0) {
        *ret_outcome = (struct attack_outcome){.kind = OUTCOME_UNTRIED,
                                               .detail = xprintf("no terminal is to be had: %s", strerror(errno))};
    }
    /* what a process of its own has looked at is put in order here, where the victim is a child */
    if (attack->stage == STAGE_TERMINAL)
        free(scene_evidence(staging->scene));
}

static void perform_control(const struct staging *staging, struct report *report, const struct attack *attack,
                            const struct attack_variant *variant)
{
    struct attack_outcome outcome = {.kind = OUTCOME_UNTRIED};

    if (variant->control && attack->control.vm && !host_is_disposable())
        outcome.detail = xprintf("it could harm the host, and this one is not disposable (SN_DISPOSABLE_HOST=1)");
    else
        perform(staging, attack, variant, &outcome);
    report_control(report, attack, variant, variant->control ? OUTCOME_BREACHED : OUTCOME_HELD, &outcome);
    attack_outcome_clear(&outcome);
}

/* Each layer of the list holds alone, a mechanism without any of them, and without all that the attack works. */
static void perform_controls(const struct staging *staging, struct report *report, const struct attack *attack)
{
    const uint32_t all = (1U << attack->relaxable) - 1;
    bool has_mechanism = attack->relaxable < attack->stopped_by.count;
    bool shown = !attack->control.none && (attack->stopped_by.count || attack->control.given);

    for (size_t i = 0; i < attack->relaxable && attack->relaxable > 1 && !signals_caught(); i++)
        perform_control(staging, report, attack, &(struct attack_variant){.relaxed = all & ~(1U << i)});
    if (has_mechanism && attack->relaxable > 0 && !signals_caught())
        perform_control(staging, report, attack, &(struct attack_variant){.relaxed = all});
    if (shown && !signals_caught())
        perform_control(staging, report, attack, &(struct attack_variant){.relaxed = all, .control = true});
    if (attack->control.none)
        report_no_control(report, attack, attack->control.none);
}

static void perform_all(const struct staging *staging, const struct doctor_options *options,
                        const struct attack_list *list, struct report *report)
{
    for (size_t i = 0; i < list->count && !signals_caught(); i++) {
        const struct attack *attack = &list->items[i];
        struct attack_outcome outcome;

        perform(staging, attack, &(struct attack_variant){0}, &outcome);
        if (signals_caught()) {
            attack_outcome_clear(&outcome);
            break;
        }
        report_attack(report, attack, &outcome);
        /* what cannot be tried at all has no controls either */
        if (options->controls && outcome.kind != OUTCOME_UNTRIED)
            perform_controls(staging, report, attack);
        attack_outcome_clear(&outcome);
    }
    report->interrupted = signals_caught() != 0;
}

static int run_attacks(struct cli *cli, const struct doctor_options *options, const struct attack_list *list,
                       const char *directory)
{
    cleanup_free char *why = NULL;
    struct scene scene;
    struct staging staging = {
        .cli = cli, .configuration = &options->configuration, .scene = &scene, .directory = directory};
    struct report report;
    int status;

    if (signals_install() < 0)
        return fail(cli, STATUS_INTERNAL, "signals", "cannot prepare for signals: %s", strerror(errno));
    if (scene_open(&scene, &why) < 0)
        return fail(cli, STATUS_INTERNAL, "scene", "%s", why);
    if (stage_try(&staging, &why) < 0) {
        scene_close(&scene);
        return fail(cli, STATUS_CHECK_FAILED, "attacks",
                    "%s; \"sentinel doctor\" says what is in the way, and options of exec go after --", why);
    }
    report_open(&report, cli->json, list->count);
    perform_all(&staging, options, list, &report);
    scene_close(&scene);
    if (signals_caught())
        cli->end_signal = signals_caught();
    status = report_close(&report);
    return status;
}

int doctor_attack(struct cli *cli, int argc, char **argv)
{
    const char *directory = getenv("SENTINEL_ATTACK_DIR");
    const char *programs = getenv("SENTINEL_ATTACK_PROGRAMS");
    cleanup_free char *why = NULL;
    struct doctor_options options = {0};
    struct attack_list list = {0};
    int status = parse(cli, argc, argv, &options);

    if (status == OPTIONS_GO)
        status = check_configuration(cli, &options.configuration);
    if (!directory || !*directory)
        directory = SN_ATTACK_DIR;
    if (!programs || !*programs)
        programs = SN_ATTACK_PROGRAMS;
    if (status == OPTIONS_GO && attack_list_load(directory, programs, &options.only, &list, &why) < 0)
        status = fail(cli, STATUS_USAGE, "attacks", "%s", why);
    if (status == OPTIONS_GO)
        status = run_attacks(cli, &options, &list, directory);
    attack_list_clear(&list);
    free(options.only.items);
    free(options.configuration.items);
    return status;
}
