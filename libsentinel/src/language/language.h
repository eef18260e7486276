/* SPDX-License-Identifier: MIT */
#ifndef SN_LANGUAGE_LANGUAGE_H
#define SN_LANGUAGE_LANGUAGE_H

#include "config/manifest.h"

#include <sentinel/language.h>

struct sn__template;
struct sn__toolchain_memory;

/* One language of a collection: an immutable manifest, and what is remembered for it, which locks itself. */
struct sn_language {
    struct sn__manifest *manifest;
    char *path;     /* of the manifest */
    unsigned place; /* which directory it is from, the first being 0: what is in an earlier one comes first */
    sn_languages *owner;
    struct sn__template *template; /* that its programs' runs may be forked from; NULL: the manifest names none */
    struct sn__toolchain_memory *toolchain; /* NULL: the manifest does not say what it is */
};

/* Programs keep the collection of their language alive: sn_languages_free() drops the caller's reference only. */
void sn__languages_ref(sn_languages *languages);

/* What a sandbox for a language is made of: the caller's options with the manifest's mounts and sizes put in. */
struct sn__language_setup {
    sn_sandbox_options options;
    sn_mount *mounts;      /* the manifest's, patterns resolved */
    const sn_mount **list; /* those, then the caller's, NULL-terminated */
    char **matches;        /* strings that `mounts` points to, NULL-terminated */
};

/*
 * `caller` may be NULL. It and what it points to must outlive the setup. `prepared` (NULL: nothing is) is a directory
 * of the host, which must outlive it too.
 */
int sn__language_setup_make(const sn_language *language, const sn_sandbox_options *caller, const char *prepared,
                            struct sn__language_setup *ret_setup, sn_error **ret_error);
void sn__language_setup_clear(struct sn__language_setup *setup);

/* SN_ETOOLCHAIN unless everything the manifest requires is there, below `rootfs` if that is not NULL. */
int sn__language_check_installed(const sn_language *language, const char *rootfs, sn_error **ret_error);

/* A step as it is handed to sn_run(). */
struct sn__language_command {
    char **argv;
    char **envp;
};

/*
 * `args` (may be NULL) go where the command has {args}, else to its end; `prepared` (NULL: nothing is) to {prepared}
 * and the environment. `env` (may be NULL) is added to that and the manifest's, and these to PATH, HOME and LANG: of
 * one name the last counts.
 */
int sn__language_command_make(const struct sn__manifest_step *step, const char *source, const sn_limits *limits,
                              const struct sn__manifest_additions *prepared, const char *const *args,
                              const char *const *env, struct sn__language_command *ret_command, sn_error **ret_error);
void sn__language_command_clear(struct sn__language_command *command);

/* The version in what a tool prints about itself: "go version go1.19.8 linux/amd64" is 1.19.8. NULL without memory. */
char *sn__version_find(const char *text);

/* The policy a step names; else "default" for the run, "compile" for the compile step, and that of the tool for
 * version. */
const char *sn__language_policy_name(const struct sn__manifest *manifest, const struct sn__manifest_step *step);

#endif
