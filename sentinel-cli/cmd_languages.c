/* SPDX-License-Identifier: MIT */
#include "cli.h"
#include "message.h"
#include "options.h"
#include "output_json.h"

#include <sentinel/sentinel.h>

#include <stdio.h>
#include <string.h>

static const char help[] =
    "Usage: sentinel languages [--json]\n"
    "Lists the languages that \"sentinel run\" knows, with the version found on this host (asked for in a\n"
    "sandbox), or the package that brings the toolchain.\n"
    "Exit status: 0; 125 if a version could not be asked for.\n";

struct found {
    const sn_language *language;
    char *version; /* NULL: not installed, or it could not be asked */
    sn_error *error;
};

static void probe(const sn_language *language, struct found *ret_found)
{
    *ret_found = (struct found){.language = language};
    sn_language_probe(language, 0, &ret_found->version, &ret_found->error);
    if (ret_found->version)
        ret_found->version[strcspn(ret_found->version, "\n")] = '\0';
}

/* An error that is not simply "not installed": the toolchain is there, but asking it failed. */
static bool is_trouble(const struct found *found)
{
    return found->error && sn_error_code(found->error) != SN_ETOOLCHAIN;
}

static void print_line(const struct found *found)
{
    const char *package = sn_language_package(found->language);

    printf("%-12s ", sn_language_name(found->language));
    if (found->version)
        printf("%s\n", found->version);
    else if (is_trouble(found))
        printf("installed, version not asked\n");
    else
        printf("not installed: apt-get install %s\n", package ? package : "(no package known)");
    fflush(stdout);
}

static json_t *text_or_null(const char *text)
{
    return text ? json_text(text) : json_null();
}

static json_t *describe(const struct found *found)
{
    const sn_language *language = found->language;
    json_t *aliases = json_array();
    sn_limits limits;
    json_t *run_limits;
    json_t *compile_limits = json_null();
    const char *alias;

    for (size_t i = 0; (alias = sn_language_alias(language, i)); i++)
        json_array_append_new(aliases, json_text(alias));
    sn_limits_init(&limits);
    sn_language_run_limits(language, &limits);
    resolve_limits(&(sn_limits){0}, &limits, &limits);
    run_limits = json_limits(&limits);
    sn_limits_init(&limits);
    if (sn_language_compile_limits(language, &limits) == 0) {
        resolve_limits(&(sn_limits){0}, &limits, &limits);
        compile_limits = json_limits(&limits);
    }
    return json_pack(
        "{s:s, s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o}", "name", sn_language_name(language), "title",
        text_or_null(sn_language_title(language)), "aliases", aliases, "file_name",
        text_or_null(sn_language_file_name(language)), "package", text_or_null(sn_language_package(language)),
        "installed", found->version || is_trouble(found), "version", text_or_null(found->version), "error",
        is_trouble(found) ? json_text(sn_error_message(found->error)) : json_null(), "policy",
        text_or_null(sn_language_policy(language)), "compile_policy",
        text_or_null(sn_language_compile_policy(language)), "run_limits", run_limits, "compile_limits", compile_limits);
}

/* Keeps the messages of errors, each once: what is in the way of one version is mostly in the way of all. */
static void remember(struct string_list *messages, const sn_error *error)
{
    char *message = in_words_of_the_command(sn_error_message(error));

    for (size_t i = 0; i < messages->count; i++) {
        if (strcmp(messages->items[i], message) == 0) {
            free(message);
            return;
        }
    }
    string_list_add(messages, message);
}

static void say_and_forget(struct string_list *messages)
{
    for (size_t i = 0; i < messages->count; i++) {
        say("asking for a version: %s", messages->items[i]);
        free((void *)messages->items[i]);
    }
    free(messages->items);
}

int cmd_languages(struct cli *cli, int argc, char **argv)
{
    json_t *list;
    struct string_list messages = {0};
    sn_languages *languages = NULL;
    sn_error *error = NULL;
    int first;
    int status = parse_simple(cli, argc, argv, help, true, &first);

    if (status != OPTIONS_GO)
        return status;
    if (first < argc)
        return fail(cli, STATUS_USAGE, "command line", "languages takes no argument, got \"%s\"", argv[first]);
    if (sn_languages_load(NULL, &languages, &error) < 0)
        return fail_error(cli, status_of_error(error), "loading the languages", NULL, error);
    list = json_array();
    status = 0;
    for (size_t i = 0; i < sn_languages_count(languages); i++) {
        struct found found;

        probe(sn_languages_entry(languages, i), &found);
        if (is_trouble(&found)) {
            status = STATUS_INTERNAL;
            remember(&messages, found.error);
        }
        if (cli->json)
            json_array_append_new(list, describe(&found));
        else
            print_line(&found);
        sn_free(found.version);
        sn_error_free(found.error);
    }
    if (cli->json && json_print(json_incref(list)) < 0)
        status = STATUS_INTERNAL;
    say_and_forget(&messages);
    json_decref(list);
    sn_languages_free(languages);
    return status;
}
