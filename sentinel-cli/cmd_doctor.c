/* SPDX-License-Identifier: MIT */
#include "apparmor.h"
#include "attack/doctor_attack.h"
#include "cli.h"
#include "message.h"
#include "options.h"
#include "output_json.h"
#include "output_text.h"

#include <sentinel/sentinel.h>

#include <stdio.h>
#include <string.h>

static const char help[] =
    "Usage: sentinel doctor [--json]\n"
    "       sentinel doctor --attack [--controls] [--only PATTERN] [--json] [-- OPTION...]\n" APPARMOR_USAGE
    "Says what this host gives to a sandbox, what is in the way, and the command that changes it; then makes a\n"
    "sandbox with every layer that the host has and runs /bin/true in it.\n"
    "--attack runs the installed attacks instead; \"sentinel doctor --attack --help\" tells more.\n"
    "Exit status: 0 if that worked, 1 if not.\n" APPARMOR_HELP;

static const char *const status_names[] = {"ok", "limited", "missing"};

static const char *status_name(uint32_t status)
{
    return status < ARRAY_SIZE(status_names) ? status_names[status] : "?";
}

/* A sandbox as anybody gets who asks for nothing special. 0, or the library's error. */
static int try_sandbox(sn_result **ret_result, sn_error **ret_error)
{
    const char *argv[] = {"/bin/true", NULL};
    sn_sandbox *sandbox = NULL;
    sn_run_options options;
    int code = sn_sandbox_create(NULL, &sandbox, ret_error);

    if (code < 0)
        return code;
    sn_run_options_init(&options);
    options.argv = argv;
    code = sn_run(sandbox, &options, ret_result, ret_error);
    sn_sandbox_destroy(sandbox);
    return code;
}

static void print_items(const sn_host *host)
{
    int width = 0;

    for (size_t i = 0; i < sn_host_count(host); i++) {
        int length = (int)strlen(sn_host_entry(host, i)->name);

        if (length > width)
            width = length;
    }
    for (size_t i = 0; i < sn_host_count(host); i++) {
        const sn_host_item *item = sn_host_entry(host, i);

        printf("%-8s %-*s  %s\n", status_name(item->status), width, item->name, item->detail ? item->detail : "");
        if (item->fix) {
            cleanup_free char *fix = in_words_of_the_command(item->fix);

            printf("%-8s %-*s  fix: %s\n", "", width, "", fix);
        }
    }
}

/* What a note says behind "apparmor: ", say; to be freed, NULL if there is none. */
static char *note_about(const sn_result *result, const char *name)
{
    size_t length = strlen(name);

    for (const char *note = sn_result_notes(result); *note; note += strcspn(note, "\n"), note += *note == '\n')
        if (strncmp(note, name, length) == 0 && strncmp(note + length, ": ", 2) == 0)
            return xstrndup(note + length + 2, strcspn(note + length + 2, "\n"));
    return NULL;
}

/* " but apparmor (the profile sentinel-program is not loaded)": what the host does not give and nobody relaxed. */
static char *missing_layers(const sn_result *result)
{
    uint64_t missing = ((UINT64_C(1) << SN_LAYER_COUNT) - 1) & ~sn_result_layers(result);
    char *list = xstrdup("");

    for (unsigned i = 0; i < SN_LAYER_COUNT; i++) {
        const char *name = missing >> i & 1 ? sn_layer_name(UINT64_C(1) << i) : NULL;
        cleanup_free char *why = name ? note_about(result, name) : NULL;
        char *longer;

        if (!name)
            continue;
        longer = xprintf("%s%s%s%s%s%s", list, *list ? ", " : " but ", name, why ? " (" : "", why ? why : "",
                         why ? ")" : "");
        free(list);
        list = longer;
    }
    return list;
}

static void print_trial(const sn_result *result)
{
    cleanup_free char *line = NULL;
    cleanup_free char *missing = missing_layers(result);
    cleanup_free char *cpu = text_ms(sn_result_cpu_ns(result));
    cleanup_free char *wall = text_ms(sn_result_wall_ns(result));
    cleanup_free char *memory = text_bytes(sn_result_memory_bytes(result));

    if (sn_result_verdict(result) == SN_VERDICT_OK) {
        printf(
            "\nThis host can run Sentinel: a sandbox with every layer%s ran /bin/true (cpu %s, wall %s, memory %s)\n",
            missing, cpu, wall, memory);
        return;
    }
    line = summary(NULL, result, &(sn_limits){0}, NULL, false);
    printf("\nA sandbox was made, but /bin/true did not end well in it: %s\n%s", line, sn_result_notes(result));
}

/* Which of the lines above said the same already, or NULL. */
static const char *named_above(const sn_host *host, const sn_error *error)
{
    for (size_t i = 0; i < sn_host_count(host); i++) {
        const sn_host_item *item = sn_host_entry(host, i);

        if (item->status == SN_HOST_MISSING && item->fix && strstr(sn_error_message(error), item->fix))
            return item->name;
    }
    return NULL;
}

static void print_failure(const sn_host *host, const sn_error *error)
{
    const char *name = named_above(host, error);
    cleanup_free char *message = in_words_of_the_command(sn_error_message(error));

    if (name)
        printf("\nThis host cannot run Sentinel yet: see \"%s\" above\n", name);
    else if (*sn_error_step(error))
        printf("\nThis host cannot run Sentinel yet: %s (step: %s)\n", message, sn_error_step(error));
    else
        printf("\nThis host cannot run Sentinel yet: %s\n", message);
}

static json_t *items_document(const sn_host *host)
{
    json_t *items = json_array();

    for (size_t i = 0; i < sn_host_count(host); i++) {
        const sn_host_item *item = sn_host_entry(host, i);

        json_array_append_new(items,
                              json_pack("{s:s, s:s, s:o, s:o}", "name", item->name, "status", status_name(item->status),
                                        "detail", json_text(item->detail ? item->detail : ""), "fix",
                                        item->fix ? json_text(item->fix) : json_null()));
    }
    return items;
}

static int print_document(const sn_host *host, const sn_result *result, const sn_error *error, bool works)
{
    sn_limits limits;
    json_t *failure = json_null();

    resolve_limits(&(sn_limits){0}, NULL, &limits);
    if (error)
        failure = json_pack("{s:s, s:i, s:s, s:o}", "code", sn_code_name(sn_error_code(error)), "errno",
                            sn_error_errno(error), "step", sn_error_step(error), "message",
                            json_text(sn_error_message(error)));
    return json_print(json_pack("{s:s, s:b, s:o, s:o, s:o}", "sentinel", sn_version_string(), "works", works, "items",
                                items_document(host), "trial", result ? json_step(result, &limits) : json_null(),
                                "error", failure));
}

/* Options that only --attack has are no misspellings. */
static const char *option_of_attack(int argc, char **argv)
{
    static const char *const options[] = {"--only", "--only=", "--controls"};

    for (int i = 1; i < argc; i++)
        for (size_t j = 0; j < ARRAY_SIZE(options); j++)
            if (strcmp(argv[i], options[j]) == 0 || (j == 1 && strncmp(argv[i], options[j], strlen(options[j])) == 0))
                return options[j == 1 ? 0 : j];
    return NULL;
}

int cmd_doctor(struct cli *cli, int argc, char **argv)
{
    sn_error *error = NULL;
    sn_host *host = NULL;
    sn_result *result = NULL;
    bool works;
    int first;
    int status;

    if (doctor_attack_wanted(argc, argv))
        return doctor_attack(cli, argc, argv);
    if (apparmor_is_asked(argc, argv))
        return apparmor_main(cli, argc, argv, help);
    if (option_of_attack(argc, argv))
        return fail(cli, STATUS_USAGE, "command line", "'%s' goes with --attack: sentinel doctor --attack %s",
                    option_of_attack(argc, argv), option_of_attack(argc, argv));
    status = parse_simple(cli, argc, argv, help, true, &first);
    if (status != OPTIONS_GO)
        return status;
    if (first < argc)
        return fail(cli, STATUS_USAGE, "command line", "doctor takes no argument, got \"%s\"", argv[first]);
    if (sn_host_probe(&host, &error) < 0)
        return fail_error(cli, STATUS_INTERNAL, "probing the host", NULL, error);
    if (!cli->json) {
        print_items(host);
        fflush(stdout);
    }
    works = try_sandbox(&result, &error) == 0 && sn_result_verdict(result) == SN_VERDICT_OK;
    status = works ? 0 : STATUS_CHECK_FAILED;
    if (cli->json && print_document(host, result, error, works) < 0)
        status = STATUS_INTERNAL;
    else if (!cli->json && error)
        print_failure(host, error);
    else if (!cli->json)
        print_trial(result);
    sn_result_free(result);
    sn_error_free(error);
    sn_host_free(host);
    return status;
}
