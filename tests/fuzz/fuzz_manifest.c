/* SPDX-License-Identifier: MIT */
/* A language manifest; the commands and variables of one that is good are expanded as for a run. */
#include "config/manifest.h"
#include "fuzz.h"
#include "language/language.h"

static void expand(const char *text, const sn_limits *limits)
{
    static const char *const sources[] = {"main.c", "a", ".c", "dir.d/x"};
    size_t offset, length;

    if (sn__template_find_unknown(text, &offset, &length))
        MUST(offset + length <= strlen(text) && text[offset] == '{' && text[offset + length - 1] == '}',
             "an unknown placeholder at %zu", offset);
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        char *expanded = sn__template_expand(text, sources[i], limits);

        MUST(expanded, "nothing from %s", text);
        free(expanded);
    }
}

/* argv and envp as for a run, with what a caller adds, and without. */
static void make_command(const struct sn__manifest_step *step)
{
    static const char *const args[] = {"one", "{source}", NULL}, *const env[] = {"PATH=/x", "", "A", "A=1", NULL};

    for (int i = 0; i < 2; i++) {
        struct sn__language_command command = {0};
        int r = sn__language_command_make(step, "main.x", &step->limits, NULL, i ? args : NULL, i ? env : NULL,
                                          &command, NULL);

        MUST(r == 0 && command.argv[0] && command.argv[0][0], "no program to run");
        sn__language_command_clear(&command);
    }
}

static void expand_step(const struct sn__manifest_step *step)
{
    size_t offset, length;

    if (!step)
        return;
    MUST(step->command_count > 0 && step->limits.cpu_ms && step->limits.memory_bytes && step->limits.processes,
         "a step without a command or limits");
    for (uint32_t i = 0; i < step->command_count; i++) {
        MUST(strcmp(step->command[i], SN__TEMPLATE_ARGS) == 0 || strcmp(step->command[i], SN__TEMPLATE_PREPARED) == 0 ||
                 !sn__template_find_unknown(step->command[i], &offset, &length),
             "accepted: %s", step->command[i]);
        expand(step->command[i], &step->limits);
    }
    for (uint32_t i = 0; i < step->env_count; i++)
        expand(step->env[i], &step->limits);
    make_command(step);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    struct sn__manifest *manifest = NULL;
    sn_error *error = NULL;
    sn_limits limits = {.memory_bytes = 1 << 20, .stack_bytes = UINT64_MAX, .cpu_ms = UINT64_MAX};

    if (sn__manifest_parse(text, size, "input", &manifest, &error) == 0) {
        MUST(manifest->name && manifest->file && manifest->package && manifest->run, "incomplete, and accepted");
        expand_step(manifest->compile);
        expand_step(manifest->run);
        expand_step(manifest->version);
        if (manifest->prepare) {
            MUST(manifest->prepare->build && manifest->prepare->files_count && manifest->toolchain,
                 "nothing to build, and accepted");
            expand_step(manifest->prepare->build);
        }
        for (uint32_t i = 0; i < manifest->mounts_count; i++)
            sn__manifest_is_pattern(manifest->mounts[i].source);
        sn__manifest_free(manifest);
    } else {
        MUST(!manifest && sn_error_code(error) < 0 && *sn_error_message(error), "a failure without an error");
    }
    expand(text, &limits);
    sn_error_free(error);
    free(text);
    return 0;
}
