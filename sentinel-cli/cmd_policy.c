/* SPDX-License-Identifier: MIT */
#include "cli.h"
#include "message.h"
#include "options.h"
#include "output_json.h"
#include "policyfile.h"

#include <sentinel/sentinel.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
    "Usage: sentinel policy check FILE\n"
    "       sentinel policy show LANGUAGE|FILE [--json]\n"
    "check says whether a system call policy parses and compiles, and points at what is wrong with it.\n"
    "show prints the policy of a language's run step, an installed policy by its name, or a file, with includes and\n"
    "definitions resolved, in the syntax of policy files or as JSON.\n"
    "Exit status: 0; 1 if a policy does not parse; 2 if there is no such policy.\n";

/* A policy that does not parse is what check is there to find: 1, not bad input. */
static int load(const struct cli *cli, const char *name, sn_policy **ret_policy)
{
    cleanup_free char *path = NULL;
    sn_error *error = NULL;
    int status;

    if (policy_load_name(name, ret_policy, &path, &error) == 0)
        return 0;
    status = sn_error_code(error) == SN_EPARSE ? STATUS_CHECK_FAILED : status_of_error(error);
    return fail_error(cli, status, NULL, path, error);
}

/* "SCMP_ACT_KILL_PROCESS" as one would say it: "kill". */
static char *plain_action(const char *action)
{
    static const char prefix[] = "SCMP_ACT_";
    char *plain;

    if (strncmp(action, prefix, strlen(prefix)) == 0)
        action += strlen(prefix);
    if (strncmp(action, "KILL", strlen("KILL")) == 0)
        return xstrdup("kill");
    plain = xstrdup(action);
    for (char *c = plain; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return plain;
}

/* The rules and the default action, as the printed policy has them. */
static void describe(const char *text, size_t *ret_rules, char **ret_default)
{
    json_t *document = json_loads(text, JSON_DECODE_INT_AS_REAL, NULL);
    const char *action = json_string_value(json_object_get(document, "defaultAction"));
    json_t *rules = json_object_get(document, "syscalls");
    size_t count = 0;
    size_t index;
    json_t *rule;

    json_array_foreach(rules, index, rule)
    {
        size_t names = json_array_size(json_object_get(rule, "names"));

        count += names ? names : 1;
    }
    *ret_rules = count;
    *ret_default = plain_action(action ? action : "kill");
    json_decref(document);
}

static int tell_checked(const struct cli *cli, const sn_policy *policy, size_t instructions)
{
    cleanup_free char *action = NULL;
    char *text = NULL;
    size_t rules = 0;

    /* what cannot be written as JSON (a call by its number) is fine all the same; then it is not counted */
    if (sn_policy_print(policy, 1, &text, NULL) == 0)
        describe(text, &rules, &action);
    sn_free(text);
    if (cli->json)
        return json_print(json_pack("{s:b, s:o, s:s?, s:i}", "ok", 1, "rules",
                                    action ? json_integer((json_int_t)rules) : json_null(), "default", action,
                                    "instructions", (int)instructions)) < 0
                   ? STATUS_INTERNAL
                   : 0;
    if (action)
        printf("ok: %zu rules, default %s, %zu BPF instructions\n", rules, action, instructions);
    else
        printf("ok: %zu BPF instructions\n", instructions);
    return 0;
}

static int check(const struct cli *cli, const char *file)
{
    sn_policy *policy = NULL;
    sn_error *error = NULL;
    void *program = NULL;
    size_t size = 0;
    int status = load(cli, file, &policy);

    if (status != 0)
        return status;
    if (sn_policy_compile(policy, &program, &size, &error) < 0)
        status = fail_error(cli, STATUS_CHECK_FAILED, file, NULL, error);
    else
        status = tell_checked(cli, policy, size / 8);
    sn_free(program);
    sn_policy_free(policy);
    return status;
}

static int show(const struct cli *cli, const char *name)
{
    sn_languages *languages = NULL;
    sn_policy *policy = NULL;
    sn_error *error = NULL;
    const char *wanted = name;
    char *text = NULL;
    int status;

    /* a language whose manifest is broken must not hide a policy that is fine */
    if (!strchr(name, '/') && sn_languages_load(NULL, &languages, NULL) == 0) {
        const sn_language *language = sn_languages_find(languages, name);

        if (language && sn_language_policy(language))
            wanted = sn_language_policy(language);
    }
    status = load(cli, wanted, &policy);
    if (status == 0) {
        if (sn_policy_print(policy, cli->json ? 1 : 0, &text, &error) < 0)
            status = fail_error(cli, STATUS_INTERNAL, NULL, NULL, error);
        else
            fputs(text, stdout);
    }
    sn_free(text);
    sn_policy_free(policy);
    sn_languages_free(languages);
    return status;
}

int cmd_policy(struct cli *cli, int argc, char **argv)
{
    int first;
    int status = parse_simple(cli, argc, argv, help, true, &first);

    if (status != OPTIONS_GO)
        return status;
    if (first == argc)
        return fail(cli, STATUS_USAGE, "command line", "policy needs \"check FILE\" or \"show LANGUAGE|FILE\"");
    if (strcmp(argv[first], "check") != 0 && strcmp(argv[first], "show") != 0)
        return fail(cli, STATUS_USAGE, "command line", "policy: unknown command \"%s\"; there are check and show",
                    argv[first]);
    if (first + 2 != argc)
        return fail(cli, STATUS_USAGE, "command line", "policy %s takes one argument, got %d", argv[first],
                    argc - first - 1);
    return strcmp(argv[first], "check") == 0 ? check(cli, argv[first + 1]) : show(cli, argv[first + 1]);
}
