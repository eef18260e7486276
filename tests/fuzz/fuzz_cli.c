/* SPDX-License-Identifier: MIT */
/* The command line of `sentinel run` (even first byte) and `exec`: words, each with a newline behind it. */
#include "../../sentinel-cli/options.h"
#include "fuzz.h"

#include <getopt.h>

#define WORDS_MAX 64

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    FILE *nowhere = fopen("/dev/null", "w");

    /* Help and complaints go where the sanitizers, which write to descriptor 2, do not. */
    (void)argc;
    (void)argv;
    MUST(nowhere, "/dev/null");
    stdout = stderr = nowhere;
    return 0;
}

/* The command parses once in its life; getopt keeps where it was. */
static void reset_getopt(unsigned command)
{
    char name[] = "x";
    char *const nothing[] = {name, NULL};

    optind = 0;
    getopt(1, nothing, command == FOR_RUN ? "-:h" : "+:h");
}

static void check(const struct settings *settings, int status)
{
    MUST(status == OPTIONS_GO || status == 0 || status == STATUS_USAGE, "%d", status);
    if (status != OPTIONS_GO)
        return;
    for (size_t i = 0; i < settings->file_count; i++)
        MUST(settings->files[i].host && *settings->files[i].host, "--file without a host path");
    for (size_t i = 0; i < settings->get_count; i++)
        MUST(settings->gets[i].inside && !relative_path_fault(settings->gets[i].inside), "--get %s",
             settings->gets[i].inside);
    for (size_t i = 0; i < settings->bind_count; i++)
        MUST(settings->binds[i].source[0] == '/', "--bind %s", settings->binds[i].source);
    for (size_t i = 0; i < settings->env.count; i++)
        MUST(strchr(settings->env.items[i], '='), "--env %s", settings->env.items[i]);
}

static void resolve(const struct settings *settings)
{
    struct sandbox_setup setup = {0};
    sn_limits limits;

    resolve_limits(&settings->limits, NULL, &limits);
    MUST(limits.cpu_ms && limits.wall_ms && limits.memory_bytes, "a limit of 0");
    sandbox_setup_fill(&setup, settings, &limits);
    sandbox_setup_clear(&setup);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned command = fuzz_take(&data, &size, 1) & 1 ? FOR_EXEC : FOR_RUN;
    char *text = fuzz_text(data, size), *rest = text, *word;
    char name[] = "sentinel";
    char *argv[WORDS_MAX + 2] = {name};
    struct settings settings;
    struct cli cli = {0};
    int argc = 1, status;

    while (argc <= WORDS_MAX && (word = strsep(&rest, "\n")))
        if (rest || *word)
            argv[argc++] = word;
    reset_getopt(command);
    status = parse_options(&cli, command, argc, argv, &settings);
    check(&settings, status);
    if (status == OPTIONS_GO)
        resolve(&settings);
    settings_clear(&settings);
    free(text);
    return 0;
}
