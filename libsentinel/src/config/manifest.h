/* SPDX-License-Identifier: MIT */
#ifndef SN_CONFIG_MANIFEST_H
#define SN_CONFIG_MANIFEST_H

#include <sentinel/error.h>
#include <sentinel/limits.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A language manifest (docs/languages.md is its reference). The strings and lists are libcyaml's, filled in by the
 * schema in manifest.c; lists carry their length and are not NULL-terminated.
 */

#define SN__MANIFEST_MAX_BYTES (64 * 1024)
#define SN__EXAMPLE_MAX_BYTES 4096

/* As written in the file: NULL is "not given". */
struct sn__manifest_limits {
    char *cpu_ms;
    char *wall_ms;
    char *memory_mb;
    char *processes;
    char *output_kb;
    char *file_mb;
    char *open_files;
    char *stack_mb;
    char *cpu_percent;
};

struct sn__manifest_step {
    char **command;
    uint32_t command_count;
    char **env;
    uint32_t env_count;
    char *policy;
    char *template; /* what a run of it may be forked from; NULL: it is exec'd */
    char **preload; /* "modules": what the template imports */
    uint32_t preload_count;
    struct sn__manifest_limits *written_limits;
    sn_limits limits; /* resolved: every field has its value */
};

struct sn__manifest_mount {
    char *source; /* may be a glob pattern; then there is no target */
    char *target; /* NULL: the same as source */
    int32_t optional;
};

/* "toolchain": what, beside the source, decides what a compile step makes. Without it nothing is kept or prepared. */
struct sn__manifest_toolchain {
    char **files; /* each itself */
    uint32_t files_count;
    char **directories; /* each, and those below: where packages put files in whole, or take them away */
    uint32_t directories_count;
    char **trees; /* the same, with every file: where files may be written to in place */
    uint32_t trees_count;
};

/* What a step's command and environment get where what was prepared is there. */
struct sn__manifest_additions {
    char **args; /* in place of {prepared} */
    uint32_t args_count;
    char **env;
    uint32_t env_count;
};

/* "prepare": files that are made once and shown to the steps of many programs, at SN__PREPARED_TARGET. */
struct sn__manifest_prepare {
    struct sn__manifest_step *build; /* {args} in its command: the flags it is made for */
    char **files;                    /* that it leaves, relative to /work */
    uint32_t files_count;
    char *depends; /* a file that it leaves, too: a line for each absolute path that the others were made of */
    char **words;  /* it is for sources that have one of these; none: for all */
    uint32_t words_count;
    char **flags; /* how arguments begin that do not keep it from being used */
    uint32_t flags_count;
    char **exact; /* of these: how those begin that nothing is used with but what was made for them */
    uint32_t exact_count;
    char *
        *betrayed_by; /* in the compiler's output: what would not be there without it, so that the step is run again */
    uint32_t betrayed_by_count;
    struct sn__manifest_additions *compile;
    struct sn__manifest_additions *run;
    char *work_mb;
    uint64_t work_bytes; /* resolved; 0: the sandbox's default */
};

#define SN__PREPARED_TARGET "/prepared"

struct sn__manifest {
    char *name;
    char *title;
    char **aliases;
    uint32_t aliases_count;
    char **extensions;
    uint32_t extensions_count;
    char *file;
    char *package;
    char *example;   /* NULL: none */
    char **required; /* "requires": host programs without which the language is not installed */
    uint32_t required_count;
    struct sn__manifest_step *compile; /* NULL: nothing to compile */
    struct sn__manifest_step *run;
    struct sn__manifest_step *version; /* NULL: no version is told */
    struct sn__manifest_mount *mounts;
    uint32_t mounts_count;
    struct sn__manifest_toolchain *toolchain; /* NULL: not said */
    struct sn__manifest_prepare *prepare;     /* NULL: nothing to prepare */
    char **changing;                          /* "volatile": words of sources whose artifacts are not kept */
    uint32_t changing_count;
    char *work_mb;
    char *tmp_mb;
    uint64_t work_bytes; /* resolved; 0: the sandbox's default */
    uint64_t tmp_bytes;
};

/* Parses and checks one manifest, a NUL behind its last byte; `label` (a file name) begins every message. SN_EPARSE,
 * SN_ELIMIT, SN_ENOMEM. */
int sn__manifest_parse(const char *text, size_t length, const char *label, struct sn__manifest **ret_manifest,
                       sn_error **ret_error);
/* The same from a file of at most SN__MANIFEST_MAX_BYTES. SN_ENOENT, SN_ESYS and those above. */
int sn__manifest_load(const char *path, struct sn__manifest **ret_manifest, sn_error **ret_error);
void sn__manifest_free(struct sn__manifest *manifest);

/* "/etc/java-*": a mount source that names whatever matches. */
bool sn__manifest_is_pattern(const char *source);

/* The entry of a command that stands for all arguments of the caller; without it they come last. */
#define SN__TEMPLATE_ARGS "{args}"
/* The entry of a command that stands for what a preparation adds to it; without that, for nothing. */
#define SN__TEMPLATE_PREPARED "{prepared}"
/* All others, for who has written one that there is not. */
#define SN__TEMPLATE_NAMES                                                                                             \
    "{source}, {stem}, {memory_bytes}, {memory_mb}, {heap_mb}, {stack_kb}, {processes}, {cpu_seconds}"

/*
 * One argument of a command with its placeholders replaced, to be freed; NULL without memory. A placeholder is
 * {lower_case_word}; {{word}} stands for a literal {word}; every other brace is itself. `source` is the file name
 * of the source inside, `limits` are those of the step.
 */
char *sn__template_expand(const char *text, const char *source, const sn_limits *limits);
/* The first placeholder that nobody knows, as its offset and length in `text`; false if there is none. */
bool sn__template_find_unknown(const char *text, size_t *ret_offset, size_t *ret_length);

#endif
