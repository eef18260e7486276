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
    "Says what this host gives to a sandbox, what is in the way, and the command that changes "
    "it;\n"
    "then makes a sandbox with every layer on and runs /bin/true in it.\n"
    "--attack runs the installed attacks instead; \"sentinel doctor --attack --help\" tells "
    "more.\n"
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

static void print_verdict(const sn_result *result, const sn_error *error)
{
    cleanup_free char *line = NULL;

    if (error) {
        cleanup_free char *message = in_words_of_the_command(sn_error_message(error));

        printf("\nNo sandbox: %s", message);
        if (*sn_error_step(error))
            printf(" (step: %s)", sn_error_step(error));
        printf("\n");
        return;
    }
    line = summary(NULL, result, &(sn_limits){0}, NULL);
    if (sn_result_verdict(result) == SN_VERDICT_OK)
        printf("\nThis host can run Sentinel: a sandbox with every layer ran /bin/true\n%s\n", line);
    else
        printf("\nA sandbox was made, but /bin/true did not end well in it: %s\n", line);
    if (*sn_result_notes(result))
        printf("%s\n", sn_result_notes(result));
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
    else if (!cli->json)
        print_verdict(result, error);
    sn_result_free(result);
    sn_error_free(error);
    sn_host_free(host);
    return status;
}
