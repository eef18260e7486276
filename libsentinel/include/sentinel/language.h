/* SPDX-License-Identifier: MIT */
/* languages, and programs that are compiled and run */
#ifndef SENTINEL_LANGUAGE_H
#define SENTINEL_LANGUAGE_H

#include <sentinel/run.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The languages of a directory of manifests (docs/languages.md says what a manifest is). Owned by the caller, who frees
 * it with sn_languages_free(); programs made of it keep what they need. Immutable after loading, so it may be used from
 * any thread.
 */
typedef struct sn_languages sn_languages;
/* One language of a collection. It and its strings live as long as the collection. */
typedef struct sn_language sn_language;

/*
 * Loads every *.yaml manifest of a directory, or a single manifest of any name. Reads files, starts nothing.
 * *ret_languages is freed with sn_languages_free().
 *
 * With path NULL, what there is on this host: the directories and manifests that $SENTINEL_LANGUAGE_PATH names, with
 * colons between them, then the installed ones (those of $SENTINEL_DATA_DIR/languages where that is set). Of two
 * languages with one name, alias or extension, that of the earlier place is the one that is found; within one directory
 * that is an error.
 *
 * A caller's own directory is loaded as a whole or not at all: a program is not to start with fewer languages than it
 * was given. What there is on the host is everybody's: a manifest that somebody broke must not take the other languages
 * away, so with NULL it is left out, and sn_languages_error() tells of it.
 * Errors: SN_ENOENT, SN_EPARSE (unknown key, wrong type, two languages of one name), SN_EINVAL (no regular file),
 * SN_ELIMIT, SN_ESYS, SN_ENOMEM.
 */
SN_API int sn_languages_load(const char *path, sn_languages **ret_languages, sn_error **ret_error);
/* Drops the collection; it goes when the last program of it is destroyed. NULL is accepted. */
SN_API void sn_languages_free(sn_languages *languages);
/* How many languages it has. */
SN_API size_t sn_languages_count(const sn_languages *languages);
/* In order of their names; NULL past the end. They live as long as the collection. */
SN_API const sn_language *sn_languages_entry(const sn_languages *languages, size_t index);
/*
 * What is wrong with the index-th manifest that was left out; NULL past the end. *ret_path (ret_path may be NULL) is
 * the file, or the directory that could not be read. Both live as long as the collection.
 */
SN_API const sn_error *sn_languages_error(const sn_languages *languages, size_t index, const char **ret_path);
/*
 * By name or alias, else by the extension of a file name ("a.py"); NULL if there is none. Lives as long as the
 * collection.
 */
SN_API const sn_language *sn_languages_find(const sn_languages *languages, const char *name);
/* By the extension of a file name ("a.py"); NULL if there is none. Lives as long as the collection. */
SN_API const sn_language *sn_languages_find_by_file(const sn_languages *languages, const char *file_name);

/* What --language takes ("cpp"); lives as long as the collection. */
SN_API const char *sn_language_name(const sn_language *language);
/* Its name for people ("C++"); lives as long as the collection. */
SN_API const char *sn_language_title(const sn_language *language);
/* The index-th alias, or NULL past the end; lives as long as the collection. */
SN_API const char *sn_language_alias(const sn_language *language, size_t index);
/* The name the source gets when the caller gives none ("main.cpp"); lives as long as the collection. */
SN_API const char *sn_language_file_name(const sn_language *language);
/* The Debian package that brings the toolchain; lives as long as the collection. */
SN_API const char *sn_language_package(const sn_language *language);
/* A small program in it, to begin with; NULL if its manifest has none. Lives as long as the collection. */
SN_API const char *sn_language_example(const sn_language *language);
/* The file of its manifest; lives as long as the collection. */
SN_API const char *sn_language_manifest(const sn_language *language);
/*
 * The policies of its run step and of its compile step (NULL if it has none); they live as long as the collection. In a
 * sandbox with a network its programs run under "network" instead, unless the caller names a policy.
 */
SN_API const char *sn_language_policy(const sn_language *language);
SN_API const char *sn_language_compile_policy(const sn_language *language);
/*
 * The default limits of its steps, into a struct that sn_limits_init() was called for, whose size says what of them
 * fits. 0, or SN_EINVAL (no compile step; no size).
 */
SN_API int sn_language_run_limits(const sn_language *language, sn_limits *ret_limits);
SN_API int sn_language_compile_limits(const sn_language *language, sn_limits *ret_limits);

/*
 * Are the policies that its steps name there, and do they parse and compile? Reads files, starts nothing.
 * Errors: SN_EINVAL, and those of sn_policy_load() and sn_policy_compile().
 */
SN_API int sn_language_check(const sn_language *language, sn_error **ret_error);
/*
 * Is the toolchain here, and which version? Runs the manifest's version command in a sandbox made without the layers
 * `relax`; blocks. *ret_version ("12.2.0", "" if the manifest has no such command) is freed with sn_free().
 * Errors: SN_ETOOLCHAIN (the message names the package), and those of sn_sandbox_create().
 */
SN_API int sn_language_probe(const sn_language *language, uint64_t relax, char **ret_version, sn_error **ret_error);

/* A file to lay beside the source. Call sn_file_init() first. */
typedef struct sn_file {
    size_t size;       /* sizeof(sn_file), set by sn_file_init() */
    const char *path;  /* relative to the work directory */
    const void *data;  /* copied; NULL: an empty file */
    size_t length;     /* of data, bytes */
    uint32_t mode;     /* permission bits; 0: 0644 */
    uint32_t reserved; /* 0 */
} sn_file;

/* Makes it all zero but the size. The _sized form is for bindings, with the size of their own layout. */
SN_API void sn_file_init_sized(sn_file *file, size_t size);
static inline void sn_file_init(sn_file *file)
{
    sn_file_init_sized(file, sizeof(*file));
}

/* What may spare a program its compile step, or a part of it; docs/languages.md says how. */
#define SN_PROGRAM_CACHED (1U << 0)   /* keep what compilers make, and use it for the same input again */
#define SN_PROGRAM_PREPARED (1U << 1) /* use what the language's manifest prepares, built when it is first needed */

/*
 * A language whose manifest names a template can start a run as a fork of an interpreter that is warm already, instead
 * of by exec of a new one. It is as confined; what the program can tell is in docs/languages.md.
 */
enum {
    SN_START_AUTO = 0, /* by the template once runs of the collection's programs are many enough, and where it fits */
    SN_START_TEMPLATE = 1, /* from the first run on, waiting for it; a run that it does not fit is told by a note */
    SN_START_EXEC = 2      /* never */
};

/* What a program is made of. Call sn_program_options_init() first; nothing it points to is kept. */
typedef struct sn_program_options {
    size_t size;                       /* sizeof(sn_program_options), set by sn_program_options_init() */
    const char *file_name;             /* name of the source inside; NULL: the manifest's */
    const void *source;                /* copied */
    size_t source_length;              /* bytes */
    const sn_file *const *files;       /* NULL-terminated, or NULL; one of the source's name is replaced by it */
    const char *const *compile_args;   /* NULL-terminated, or NULL: appended to the compile command */
    const sn_limits *compile_limits;   /* fields that are 0 come from the manifest; NULL: all */
    const sn_sandbox_options *sandbox; /* NULL: defaults; its mounts are added to the manifest's */
    int32_t cancel_fd;     /* cancels the compile step when it becomes readable (see sn_run_options); 0: none */
    uint32_t start;        /* SN_START_...: how its runs begin */
    uint32_t flags;        /* SN_PROGRAM_...; 0: nothing is read from or written to a cache */
    uint32_t reserved2;    /* 0 */
    const char *cache_dir; /* absolute; NULL: $SENTINEL_CACHE_DIR, else /var/cache/sentinel or the user's cache */
    uint64_t cache_bytes;  /* what is kept of compilers, at most, bytes; 0: 1 GiB */
} sn_program_options;

/* Makes it all zero but the size. The _sized form is for bindings, with the size of their own layout. */
SN_API void sn_program_options_init_sized(sn_program_options *options, size_t size);
static inline void sn_program_options_init(sn_program_options *options)
{
    sn_program_options_init_sized(options, sizeof(*options));
}

/*
 * A source that was laid into a sandbox of its own and compiled, ready to be run any number of times. Owned by the
 * caller, who ends it with sn_program_destroy(). Used by one thread at a time, like its sandbox.
 */
typedef struct sn_program sn_program;

/*
 * Creates the sandbox, writes the files, compiles. A source that does not compile is not an error: look at
 * sn_program_compile_result(). Blocks as long as the compiler takes. *ret_program ends by sn_program_destroy(). Errors:
 * those of sn_sandbox_create() and sn_sandbox_put(), and SN_ETOOLCHAIN.
 */
SN_API int sn_program_create(const sn_language *language, const sn_program_options *options, sn_program **ret_program,
                             sn_error **ret_error);
/* Kills what runs of it and removes its sandbox. Blocks until done. NULL is accepted. */
SN_API void sn_program_destroy(sn_program *program);
/* The result of the compile step, NULL for a language without one; lives as long as the program. */
SN_API const sn_result *sn_program_compile_result(const sn_program *program);
/*
 * 1 if the compiler was not run, because the same had been compiled before (SN_PROGRAM_CACHED): the result of the
 * compile step is then that of the earlier one, with its output and its figures, and a note says so. Else 0.
 */
SN_API int32_t sn_program_is_cached(const sn_program *program);
/* 1 if there is something to run (it compiled, or needs no compiling), else 0. */
SN_API int32_t sn_program_is_runnable(const sn_program *program);
/* Its sandbox, for files in and out. Owned by the program: lives as long as that, and is not to be destroyed. */
SN_API sn_sandbox *sn_program_sandbox(sn_program *program);

/*
 * Builds what programs with these options (NULL: defaults) would find prepared, for the flags among their compile_args;
 * does nothing if it is there already. Of the options, compile_args, cache_dir, cancel_fd and what the sandbox relaxes
 * count. Blocks for seconds. Thread-safe. Errors: SN_EINVAL (nothing to prepare, a flag that it is not made for),
 * SN_EBUSY (somebody else is building it), SN_ETOOLCHAIN (not installed, or the build failed), SN_EHOST, SN_ESYS (the
 * cache), those of sn_sandbox_create().
 */
SN_API int sn_language_prepare(const sn_language *language, const sn_program_options *options, sn_error **ret_error);

/*
 * Runs it. In `options`, argv (may be NULL) holds the program's arguments only; envp is added to the manifest's;
 * limits that are 0 and a NULL policy come from the manifest (with a network, the policy is "network"); cwd should stay
 * NULL, because commands name the source and the artifact relative to /work. options NULL: all of that.
 * sn_program_run() blocks like sn_run(), its result is freed with sn_result_free(); sn_program_run_start() does not,
 * like sn_run_start(), and what it starts is freed with sn_running_free(). Errors: those of sn_run(), and SN_EINVAL for
 * a program that did not compile.
 */
SN_API int sn_program_run(sn_program *program, const sn_run_options *options, sn_result **ret_result,
                          sn_error **ret_error);
SN_API int sn_program_run_start(sn_program *program, const sn_run_options *options, sn_running **ret_running,
                                sn_error **ret_error);

#ifdef __cplusplus
}
#endif
#endif
