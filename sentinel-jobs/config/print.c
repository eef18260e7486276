/* SPDX-License-Identifier: MIT */
#include "config/config.h"

#include "base/cleanup.h"
#include "config/table.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/*
 * Scheme, user, host and path. What follows a '?' may be a password, too; and where a password has one of "/?#" in it
 * that was not escaped, nobody can tell what is what: then all of it is left out.
 */
static void print_url(const char *text, FILE *to)
{
    const char *authority = strstr(text, "://");
    const char *rest = authority ? authority + 3 : text;
    const char *at = authority ? strrchr(rest, '@') : NULL; /* those without are paths */
    const char *end = rest + strcspn(rest, "/?#");

    if (at && at > end) {
        fprintf(to, "%.*s(set)", (int)(rest - text), text);
        return;
    }
    fprintf(to, "%.*s", (int)(rest - text), text);
    if (at) {
        fprintf(to, "%.*s@", (int)strcspn(rest, ":@"), rest);
        rest = at + 1;
    }
    end = rest + strcspn(rest, "?#");
    fprintf(to, "%.*s%s", (int)(end - rest), rest, *end ? "?(set)" : "");
}

static void print_list(char *const *list, FILE *to)
{
    for (size_t i = 0; list[i]; i++)
        fprintf(to, "%s%s", i ? "," : "", list[i]);
}

static void print_size(uint64_t value, FILE *to)
{
    if (value && value % (1 << 20) == 0)
        fprintf(to, "%" PRIu64 "M", value >> 20);
    else if (value && value % (1 << 10) == 0)
        fprintf(to, "%" PRIu64 "k", value >> 10);
    else
        fprintf(to, "%" PRIu64, value);
}

static void print_value(const struct config *config, const struct config_key *key, FILE *to)
{
    const void *field = (const char *)config + key->offset;

    switch (key->kind) {
    case KIND_URL:
        print_url(*(char *const *)field, to);
        break;
    case KIND_SECRET:
        fputs(**(char *const *)field ? "(set)" : "", to);
        break;
    case KIND_LISTEN:
    case KIND_PATH:
    case KIND_PATHS:
    case KIND_USER:
    case KIND_WORD:
        fputs(*(char *const *)field, to);
        break;
    case KIND_NUMBER:
        fprintf(to, "%" PRIu64, *(const uint64_t *)field);
        break;
    case KIND_SIZE:
        print_size(*(const uint64_t *)field, to);
        break;
    case KIND_YES_NO:
        fputs(*(const bool *)field ? "yes" : "no", to);
        break;
    case KIND_RANGES:
    case KIND_ORIGINS:
    case KIND_LAYERS:
        print_list(*(char *const *const *)field, to);
        break;
    }
}

static int result_of(FILE *to)
{
    return fflush(to) == 0 && !ferror(to) ? 0 : FAIL_UNAVAILABLE;
}

int config_print(const struct config *config, enum config_program program, FILE *to)
{
    for (size_t i = 0; i < config_key_count; i++) {
        if (!(config_keys[i].programs & program))
            continue;
        fprintf(to, "%s=", config_keys[i].name);
        print_value(config, &config_keys[i], to);
        fputc('\n', to);
    }
    return result_of(to);
}

static const char *programs_of(const struct config_key *key)
{
    switch (key->programs) {
    case CONFIG_SERVER:
        return "server";
    case CONFIG_WORKER:
        return "worker";
    default:
        return "server, worker";
    }
}

/* Comments of at most 100 columns. */
static void print_wrapped(const char *text, FILE *to)
{
    size_t column = 0;

    while (*text) {
        size_t length = strcspn(text, " ");

        if (column > 0 && column + 1 + length > 100) {
            fputc('\n', to);
            column = 0;
        }
        fputs(column == 0 ? "# " : " ", to);
        column += column == 0 ? 2 : 1;
        fprintf(to, "%.*s", (int)length, text);
        column += length;
        text += length + (text[length] == ' ');
    }
    fputc('\n', to);
}

int config_print_example(FILE *to)
{
    fputs(
        "# Configuration of sentinel-server and sentinel-worker: every key, with its default.\n"
        "# For --config, for systemd's EnvironmentFile= and for docker's --env-file; what is in the environment wins.\n"
        "# A comment has a line of its own, nothing is expanded, an empty value is the default. Make it chmod 600:\n"
        "# URLs have passwords in them. \"sentinel-server --check-config\" says what is in force.\n",
        to);
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];
        char expected[CONFIG_EXPECTED_SIZE];

        if (key->heading)
            fprintf(to, "\n# ---- %s ----\n", key->heading);
        fputc('\n', to);
        print_wrapped(key->meaning, to);
        config_expected(key, expected);
        if (key->kind == KIND_NUMBER || key->kind == KIND_SIZE || key->kind == KIND_SECRET || key->kind == KIND_WORD)
            fprintf(to, "# Expected: %s.\n", expected);
        if (key->programs != (CONFIG_SERVER | CONFIG_WORKER))
            fprintf(to, "# Of the %s only.\n", programs_of(key));
        if (key->worker_fallback)
            fprintf(to, "# The worker's default is %s.\n", key->worker_fallback);
        fprintf(to, "#%s=%s\n", key->name, key->fallback);
    }
    return result_of(to);
}

/* A cell: a bar would end it. */
static void print_cell(const char *text, FILE *to)
{
    for (; *text; text++)
        fprintf(to, *text == '|' ? "\\%c" : "%c", *text);
}

int config_print_markdown(FILE *to)
{
    fputs("| key | of | default | meaning |\n|---|---|---|---|\n", to);
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];
        char expected[CONFIG_EXPECTED_SIZE];

        fprintf(to, "| `%s` | %s | ", key->name, programs_of(key));
        if (*key->fallback)
            fprintf(to, "`%s`", key->fallback);
        if (key->worker_fallback)
            fprintf(to, " (worker: `%s`)", key->worker_fallback);
        fputs(" | ", to);
        print_cell(key->meaning, to);
        config_expected(key, expected);
        if (key->kind == KIND_NUMBER || key->kind == KIND_SIZE || key->kind == KIND_SECRET)
            fprintf(to, " (%s)", expected);
        fputs(" |\n", to);
    }
    return result_of(to);
}
