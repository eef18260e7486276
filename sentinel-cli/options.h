/* SPDX-License-Identifier: MIT */
#ifndef SENTINEL_OPTIONS_H
#define SENTINEL_OPTIONS_H

#include "cli.h"
#include "parse.h"

#include <sentinel/sentinel.h>

/* A growing list of strings, NULL-terminated once it has been added to. The strings belong to whoever made them. */
struct string_list {
    const char **items;
    size_t count;
};
void string_list_add(struct string_list *list, const char *text);

/* --file PATH[:NAME] and --get NAME[:PATH] */
struct transfer {
    char *host;   /* path on the host */
    char *inside; /* relative to the work directory; NULL: the base name */
};

/* What the command line of run and exec asks for. A number that is 0 was not given. */
struct settings {
    sn_limits limits;
    sn_limits compile_limits;
    uint64_t work_bytes;
    uint64_t tmp_bytes;
    uint64_t shm_bytes;
    uint64_t relax;
    uint32_t arm;
    uint32_t start;
    uint32_t network;
    const char *language;
    const char *rootfs;
    const char *policy;
    const char *cwd;
    const char *hostname;
    const char *cgroup_parent;
    const char *cpus;
    const char *stdin_path;
    struct string_list env;
    struct string_list compile_args;
    struct bind *binds;
    size_t bind_count;
    struct transfer *files;
    size_t file_count;
    struct transfer *gets;
    size_t get_count;
    bool no_cache;
    bool json;
    bool quiet;
    /* what is left: FILE and ARGS, or COMMAND and ARGS */
    struct string_list operands;
};

enum {
    FOR_RUN = 1,
    FOR_EXEC = 2,
};

/* parse_options() when the command line is fine and there is something to do. */
#define OPTIONS_GO (-1)

/*
 * Parses the command line of `command` (FOR_...) and checks what can be checked without the library: OPTIONS_GO, or the
 * exit status to end with (0 after --help). cli->json and ->quiet are set on the way.
 */
int parse_options(struct cli *cli, unsigned command, int argc, char **argv, struct settings *settings);
void settings_clear(struct settings *settings);

/* The small commands take --help and at most --json: the same contract; the operands are argv[*ret_first..]. */
int parse_simple(struct cli *cli, int argc, char **argv, const char *help, bool takes_json, int *ret_first);

/*
 * The limits that are in force: those asked for, else those of `base` (may be NULL), else the documented defaults.
 * Without --wall-ms, the wall limit is at least twice --cpu-ms.
 */
void resolve_limits(const sn_limits *asked, const sn_limits *base, sn_limits *ret_limits);

/* The sandbox options these settings ask for. The arrays inside live as long as the settings and this struct. */
struct sandbox_setup {
    sn_sandbox_options options;
    sn_mount *mounts;
    const sn_mount **mount_list;
};
void sandbox_setup_fill(struct sandbox_setup *setup, const struct settings *settings, const sn_limits *limits);
void sandbox_setup_clear(struct sandbox_setup *setup);

#endif
