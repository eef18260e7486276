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
    "       sentinel languages check FILE... [--json]\n"
    "       sentinel languages prepare [LANGUAGE]...\n"
    "Lists the languages that \"sentinel run\" knows, with the version found on this host (asked for in a\n"
    "sandbox), or the package that brings the toolchain.\n"
    "check says whether manifests (the files that languages are) parse, and whether the policies that they name\n"
    "are there.\n"
    "prepare builds what programs of a language find compiled beforehand (all languages, where none is named); run\n"
    "does that itself when it is first needed, which makes one program wait.\n"
    "SENTINEL_LANGUAGE_PATH names directories with manifests of your own, or single ones, with colons between;\n"
    "they come before the installed ones.\n"
    "Exit status: 0; 1 if check found something wrong; 2 if a manifest does not load; 125 if a version could not\n"
    "be asked for, or something could not be built.\n";

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
        printf("%s\n", *found->version ? found->version : "installed, no version known");
    else if (is_trouble(found))
        printf("installed, version not asked\n");
    else
        printf("not installed: apt-get install %s\n", package ? package : "(no package known)");
    fflush(stdout);
}

/* What is left out is listed all the same: by the file, since the name is in what cannot be read. */
static void print_broken(const char *path)
{
    const char *slash = strrchr(path, '/');

    printf("%-12s does not load, see below\n", slash ? slash + 1 : path);
    fflush(stdout);
}

static json_t *text_or_null(const char *text)
{
    return text ? json_text(text) : json_null();
}

/* With the keys that a language has, or whoever reads the list would trip over it. */
static json_t *describe_broken(const char *path, const sn_error *error)
{
    return json_pack("{s:o, s:n, s:n, s:[], s:n, s:n, s:n, s:b, s:n, s:o, s:n, s:n, s:n, s:n}", "manifest",
                     json_text(path), "name", "title", "aliases", "file_name", "package", "example", "installed", 0,
                     "version", "error", json_text(sn_error_message(error)), "policy", "compile_policy", "run_limits",
                     "compile_limits");
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
        "{s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o}", "manifest",
        json_text(sn_language_manifest(language)), "name", sn_language_name(language), "title",
        text_or_null(sn_language_title(language)), "aliases", aliases, "file_name",
        text_or_null(sn_language_file_name(language)), "package", text_or_null(sn_language_package(language)),
        "example", text_or_null(sn_language_example(language)), "installed", found->version || is_trouble(found),
        "version", text_or_null(found->version), "error",
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

static int list_languages(struct cli *cli)
{
    json_t *list = json_array();
    struct string_list messages = {0};
    sn_languages *languages = NULL;
    sn_error *error = NULL;
    const sn_error *broken;
    const char *path;
    int status = 0;

    if (sn_languages_load(NULL, &languages, &error) < 0) {
        json_decref(list);
        return fail_error(cli, status_of_error(error), "loading the languages", NULL, error);
    }
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
    for (size_t i = 0; (broken = sn_languages_error(languages, i, &path)); i++) {
        if (!status)
            status = STATUS_USAGE;
        if (cli->json)
            json_array_append_new(list, describe_broken(path, broken));
        else
            print_broken(path);
    }
    if (cli->json && json_print(json_incref(list)) < 0)
        status = STATUS_INTERNAL;
    say_and_forget(&messages);
    for (size_t i = 0; (broken = sn_languages_error(languages, i, NULL)); i++)
        say_error(broken);
    json_decref(list);
    sn_languages_free(languages);
    return status;
}

static void tell_checked(const struct cli *cli, json_t *list, const sn_language *language)
{
    const char *file = sn_language_manifest(language), *compile = sn_language_compile_policy(language);

    if (cli->json) {
        json_array_append_new(list,
                              json_pack("{s:o, s:b, s:o, s:n, s:i, s:i}", "manifest", json_text(file), "ok", 1, "name",
                                        json_text(sn_language_name(language)), "error", "line", 0, "column", 0));
        return;
    }
    printf("%s: ok: language %s, %s%s%srun under the policy %s\n", file, sn_language_name(language),
           compile ? "compiled under the policy " : "", compile ? compile : "", compile ? ", " : "",
           sn_language_policy(language));
    fflush(stdout);
}

/* A manifest, or all of a directory: 0, or the exit status. What is said of it as JSON goes into the list. */
static int check_file(const struct cli *cli, const char *file, json_t *list)
{
    sn_languages *languages = NULL;
    sn_error *error = NULL;
    int code = sn_languages_load(file, &languages, &error);
    int status = 0;

    /* a manifest that does not parse is what check is there to find: 1, not bad input */
    if (code < 0)
        status = code == SN_EPARSE ? STATUS_CHECK_FAILED : status_of_error(error);
    for (size_t i = 0; code == 0 && i < sn_languages_count(languages); i++) {
        code = sn_language_check(sn_languages_entry(languages, i), &error);
        if (code < 0)
            status = STATUS_CHECK_FAILED;
        else
            tell_checked(cli, list, sn_languages_entry(languages, i));
    }
    if (code < 0) {
        say_error(error);
        json_array_append_new(list, json_pack("{s:o, s:b, s:n, s:o, s:i, s:i}", "manifest", json_text(file), "ok", 0,
                                              "name", "error", json_text(sn_error_message(error)), "line",
                                              (int)sn_error_line(error), "column", (int)sn_error_column(error)));
    }
    sn_error_free(error);
    sn_languages_free(languages);
    return status;
}

static int check_files(const struct cli *cli, int count, char **files)
{
    json_t *list = json_array();
    int worst = 0;

    if (!count) {
        json_decref(list);
        return fail(cli, STATUS_USAGE, "command line", "languages check needs a FILE");
    }
    for (int i = 0; i < count; i++) {
        int status = check_file(cli, files[i], list);

        worst = status > worst ? status : worst;
    }
    if (cli->json && json_print(json_incref(list)) < 0)
        worst = STATUS_INTERNAL;
    json_decref(list);
    return worst;
}

/* What is not installed, or has nothing to prepare, is passed by unless it was asked for by name. */
static bool is_passed_by(const sn_language *language, int code)
{
    char *version = NULL;
    bool is_missing = code == SN_ETOOLCHAIN && sn_language_probe(language, 0, &version, NULL) == SN_ETOOLCHAIN;

    sn_free(version);
    return is_missing || code == SN_EINVAL;
}

static int prepare_one(const struct cli *cli, const sn_language *language, bool by_name)
{
    sn_error *error = NULL;
    int code = sn_language_prepare(language, NULL, &error);

    if (code == 0) {
        printf("%-12s ready\n", sn_language_name(language));
        fflush(stdout);
        return 0;
    }
    if (!by_name && is_passed_by(language, code)) {
        sn_error_free(error);
        return 0;
    }
    return fail_error(cli, code == SN_EINVAL ? STATUS_USAGE : STATUS_INTERNAL, NULL, NULL, error);
}

static int prepare_languages(const struct cli *cli, int count, char **names)
{
    sn_languages *languages = NULL;
    sn_error *error = NULL;
    int worst = 0;

    if (sn_languages_load(NULL, &languages, &error) < 0)
        return fail_error(cli, status_of_error(error), "loading the languages", NULL, error);
    for (size_t i = 0; !count && i < sn_languages_count(languages); i++) {
        int status = prepare_one(cli, sn_languages_entry(languages, i), false);

        worst = status > worst ? status : worst;
    }
    for (int i = 0; i < count; i++) {
        const sn_language *language = sn_languages_find(languages, names[i]);
        int status = language ? prepare_one(cli, language, true)
                              : fail(cli, STATUS_USAGE, "choose language", "\"%s\" is no language", names[i]);

        worst = status > worst ? status : worst;
    }
    sn_languages_free(languages);
    return worst;
}

int cmd_languages(struct cli *cli, int argc, char **argv)
{
    int first;
    int status = parse_simple(cli, argc, argv, help, true, &first);

    if (status != OPTIONS_GO)
        return status;
    if (first == argc)
        return list_languages(cli);
    if (strcmp(argv[first], "prepare") == 0)
        return prepare_languages(cli, argc - first - 1, argv + first + 1);
    if (strcmp(argv[first], "check") != 0)
        return fail(cli, STATUS_USAGE, "command line", "languages: unknown command \"%s\"; there are check and prepare",
                    argv[first]);
    return check_files(cli, argc - first - 1, argv + first + 1);
}
