/* SPDX-License-Identifier: MIT */
#include "base/cleanup.h"
#include "base/error.h"
#include "config/options.h"
#include "language/language.h"
#include "language/warm.h"
#include "result/result.h"
#include "spawn/sandbox.h"
#include "supervise/start.h"

#include <string.h>

/*
 * Theory of operation
 *
 * A program is a sandbox of its own in which the source lies at /work/<file>. The compile step is one run in it, with
 * its own policy and limits; every run of the program is another one, in the same sandbox: what the compiler left in
 * /work is there for all of them, and so is what earlier runs wrote there. The source stays too: tracebacks of
 * interpreted languages quote it, and it hides nothing from a program that was made from it.
 *
 * Where the caller wants it, what an earlier compile step left for the same input is laid into /work instead
 * (warm.c), or the compiler finds its headers compiled beforehand. The first is as if it had been compiled; for the
 * second the manifest says which words in the compiler's output give it away, and then all is done again without.
 */

struct sn_program {
    const sn_language *language; /* the program holds a reference to its collection */
    sn_sandbox *sandbox;
    char *source;        /* its path inside, relative to /work */
    sn_result *compiled; /* NULL: no compile step */
    bool is_cached;      /* the compile step was another program's */
    uint64_t
        laid_bytes;   /* of the artifact that was laid in place of one: memory of the runs, as if it were left by one */
    bool is_prepared; /* the sandbox shows what is prepared for the language */
    sn_policy *policy; /* of the run step; NULL: the caller gave one for the sandbox */
    sn_limits limits;  /* of the run step: the caller's for the sandbox, else the manifest's */
    uint32_t start;    /* SN_START_... */
};

void sn_file_init_sized(sn_file *file, size_t size)
{
    sn__options_init(file, size);
}

void sn_program_options_init_sized(sn_program_options *options, size_t size)
{
    sn__options_init(options, size);
}

/*
 * The name becomes an argument of compilers and interpreters, so it must not look like anything but a file: -x is an
 * option, @x a file of options. Before a sandbox is made it is also seen to be beneath /work.
 */
static int check_file_name(const char *name, sn_error **ret_error)
{
    size_t length = strlen(name);
    char normal[4096];

    if (length == 0 || length > 255)
        return sn__error_set(ret_error, SN_EINVAL, "check source",
                             "the source's file name must have 1 to 255 bytes, not %zu", length);
    if (strchr("-@/~", name[0]) || name[length - 1] == '/')
        return sn__error_set(ret_error, SN_EINVAL, "check source",
                             "\"%s\" cannot be a source's file name: it must be relative, name a file, and not begin "
                             "with '-', '@' or '~'",
                             name);
    for (const char *at = name; *at; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            return sn__error_set(ret_error, SN_EINVAL, "check source",
                                 "the source's file name contains a control character");
    }
    return sn__path_relative(name, normal, ret_error);
}

static int put_file(sn_sandbox *sandbox, const sn_file *file, sn_error **ret_error)
{
    sn_file copy;
    int r = sn__options_copy(&copy, sizeof(copy), file, "sn_file", ret_error);

    if (r < 0)
        return r;
    if (copy.reserved)
        return sn__error_set(ret_error, SN_EINVAL, "put file", "sn_file.reserved is not 0");
    if (!copy.path || (!copy.data && copy.length > 0))
        return sn__error_set(ret_error, SN_EINVAL, "put file", "an sn_file has no %s", copy.path ? "data" : "path");
    return sn_sandbox_put(sandbox, copy.path, copy.data ? copy.data : "", copy.length, copy.mode, ret_error);
}

static int put_files(sn_program *program, const sn_program_options *options, sn_error **ret_error)
{
    int r = 0;

    for (size_t i = 0; r == 0 && options->files && options->files[i]; i++)
        r = put_file(program->sandbox, options->files[i], ret_error);
    if (r < 0)
        return r;
    /* last, so that no file of the same name replaces it */
    return sn_sandbox_put(program->sandbox, program->source, options->source ? options->source : "",
                          options->source_length, 0, ret_error);
}

/*
 * Whatever makes a compiler fail by itself, even its own crash, is about the source; limits and denied system calls
 * keep their verdicts.
 */
static void judge_compiler(sn_result *result)
{
    if (sn_result_verdict(result) == SN_VERDICT_RUNTIME_ERROR)
        sn__result_set_verdict(result, SN_VERDICT_COMPILATION_ERROR);
}

static int run_compiler(sn_program *program, const sn_program_options *options, const sn_limits *limits,
                        sn_error **ret_error)
{
    const struct sn__manifest *manifest = program->language->manifest;
    struct sn__language_command command = {0};
    sn_policy *policy = NULL;
    sn_run_options run;
    int r = sn_policy_load(sn__language_policy_name(manifest, manifest->compile), &policy, ret_error);

    if (r == 0)
        r = sn__language_command_make(manifest->compile, program->source, limits,
                                      program->is_prepared ? manifest->prepare->compile : NULL, options->compile_args,
                                      NULL, &command, ret_error);
    if (r == 0) {
        sn_run_options_init(&run);
        run.argv = (const char *const *)command.argv;
        run.envp = (const char *const *)command.envp;
        run.limits = limits;
        run.policy = policy;
        run.cancel_fd = options->cancel_fd;
        r = sn_run(program->sandbox, &run, &program->compiled, ret_error);
    }
    if (r == 0)
        judge_compiler(program->compiled);
    sn__language_command_clear(&command);
    sn_policy_free(policy);
    return r;
}

static int make_sandbox(sn_program *program, const sn_sandbox_options *options, sn_error **ret_error)
{
    struct sn__spec spec;
    int r = sn__spec_make(options, &spec, ret_error);

    if (r < 0)
        return r;
    spec.is_joined = program->language->template && program->start != SN_START_EXEC;
    r = sn__sandbox_create(&spec, &program->sandbox, ret_error);
    sn__spec_clear(&spec);
    return r;
}

/*
 * The sandbox, with the run step's policy and limits as its defaults unless the caller has others. No language's policy
 * allows a network; where there is one, the policy is that for it.
 */
static int create_sandbox(sn_program *program, const sn_program_options *options, const char *prepared,
                          sn_error **ret_error)
{
    const struct sn__manifest *manifest = program->language->manifest;
    struct sn__language_setup setup = {0};
    int r = sn__language_setup_make(program->language, options->sandbox, prepared, &setup, ret_error);

    if (r == 0)
        r = sn__limits_resolve(setup.options.limits, &manifest->run->limits, &program->limits, ret_error);
    if (r == 0)
        r = sn__language_check_installed(program->language, setup.options.rootfs, ret_error);
    if (r == 0 && !setup.options.policy) {
        r = sn_policy_load(setup.options.network == SN_NETWORK_NONE ? sn__language_policy_name(manifest, manifest->run)
                                                                    : "network",
                           &program->policy, ret_error);
        setup.options.policy = program->policy;
    }
    if (r == 0) {
        setup.options.limits = &program->limits;
        r = make_sandbox(program, &setup.options, ret_error);
        program->is_prepared = r == 0 && prepared;
    }
    sn__language_setup_clear(&setup);
    return r;
}

/* As it was before create_sandbox(). */
static void drop_sandbox(sn_program *program)
{
    sn_sandbox_destroy(program->sandbox);
    sn_result_free(program->compiled);
    sn_policy_free(program->policy);
    program->sandbox = NULL;
    program->compiled = NULL;
    program->policy = NULL;
    program->is_prepared = false;
}

/* 1 if the artifact of an earlier compile step is there now. */
static int lay_artifact(sn_program *program, struct sn__warm *warm, sn_error **ret_error)
{
    int r;

    /* layers that this host had then and has not now, or the other way round, are another sandbox to compile in */
    if (!warm->has_artifact || warm->artifact.result->layers != sn_sandbox_layers(program->sandbox))
        return 0;
    r = sn__artifact_lay(&warm->artifact, program->sandbox, ret_error);
    if (r < 0)
        return r;
    program->compiled = steal_ptr(&warm->artifact.result);
    program->is_cached = true;
    program->laid_bytes = warm->artifact.left_bytes;
    sn__buffer_add_string(&program->compiled->notes,
                          "cache: the compiler was not run: its output and figures are those of an earlier compile of "
                          "the same input\n");
    return 1;
}

/* One attempt: 1 if it has to be made again without what is prepared. */
static int make(sn_program *program, const sn_program_options *options, const sn_limits *limits, struct sn__warm *warm,
                sn_error **ret_error)
{
    const struct sn__manifest *manifest = program->language->manifest;
    int r = create_sandbox(program, options, warm->prepared, ret_error);

    if (r == 0)
        r = lay_artifact(program, warm, ret_error);
    if (r != 0)
        return r < 0 ? r : 0;
    r = put_files(program, options, ret_error);
    if (r == 0 && manifest->compile)
        r = run_compiler(program, options, limits, ret_error);
    if (r < 0 || !manifest->compile)
        return r;
    if (sn__warm_is_betrayed(warm, program->compiled))
        return 1;
    r = sn__warm_keep(warm, program->sandbox, program->compiled, ret_error);
    if (r == 0 && warm->notes.length)
        sn__buffer_add(&program->compiled->notes, warm->notes.data, warm->notes.length);
    return r;
}

static int make_all(sn_program *program, const sn_program_options *options, sn_error **ret_error)
{
    const struct sn__manifest *manifest = program->language->manifest;
    struct sn__warm warm = {0};
    sn_limits limits = {0};
    int r = 0;

    if (manifest->compile)
        r = sn__limits_resolve(options->compile_limits, &manifest->compile->limits, &limits, ret_error);
    if (r == 0)
        r = sn__warm_begin(program->language, options, program->source, &limits, &warm, ret_error);
    if (r == 0)
        r = make(program, options, &limits, &warm, ret_error);
    if (r == 1) {
        drop_sandbox(program);
        free(steal_ptr(&warm.prepared));
        r = make(program, options, &limits, &warm, ret_error);
    }
    sn__warm_clear(&warm);
    return r;
}

static int check_options(const sn_program_options *options, sn_error **ret_error)
{
    if (options->cancel_fd < 0 || options->start > SN_START_EXEC)
        return sn__error_set(ret_error, SN_EINVAL, "check options",
                             "sn_program_options.cancel_fd is negative, or start is no known value");
    if ((options->flags & ~(SN_PROGRAM_CACHED | SN_PROGRAM_PREPARED)) || options->reserved2)
        return sn__error_set(ret_error, SN_EINVAL, "check options",
                             "sn_program_options.flags has unknown bits, or reserved2 is not 0");
    if (!options->source && options->source_length > 0)
        return sn__error_set(ret_error, SN_EINVAL, "check options", "source is NULL but source_length is not 0");
    return 0;
}

int sn_program_create(const sn_language *language, const sn_program_options *options, sn_program **ret_program,
                      sn_error **ret_error)
{
    sn_program_options own;
    sn_program *program;
    int r;

    if (!language || !options || !ret_program)
        return sn__error_set(ret_error, SN_EINVAL, "check options",
                             "language, options and ret_program must not be NULL");
    r = sn__options_copy(&own, sizeof(own), options, "sn_program_options", ret_error);
    if (r < 0)
        return r;
    r = check_options(&own, ret_error);
    if (r < 0)
        return r;
    if (!own.file_name)
        own.file_name = language->manifest->file;
    r = check_file_name(own.file_name, ret_error);
    if (r < 0)
        return r;
    program = calloc(1, sizeof(*program));
    if (!program)
        return sn__error_nomem(ret_error);
    program->language = language;
    program->start = own.start;
    sn__languages_ref(language->owner);
    program->source = strdup(own.file_name);
    r = program->source ? 0 : sn__error_nomem(ret_error);
    if (r == 0)
        r = make_all(program, &own, ret_error);
    if (r < 0) {
        sn_program_destroy(program);
        return r;
    }
    *ret_program = program;
    return 0;
}

void sn_program_destroy(sn_program *program)
{
    if (!program)
        return;
    drop_sandbox(program);
    free(program->source);
    sn_languages_free(program->language->owner);
    free(program);
}

const sn_result *sn_program_compile_result(const sn_program *program)
{
    return program ? program->compiled : NULL;
}

int32_t sn_program_is_runnable(const sn_program *program)
{
    return program && (!program->compiled || sn_result_verdict(program->compiled) == SN_VERDICT_OK);
}

int32_t sn_program_is_cached(const sn_program *program)
{
    return program && program->is_cached;
}

sn_sandbox *sn_program_sandbox(sn_program *program)
{
    return program ? program->sandbox : NULL;
}

/* The caller's options (or NULL) made into those of a run; they point into *ret_command and *ret_limits. */
static int prepare(sn_program *program, const sn_run_options *options, struct sn__language_command *ret_command,
                   sn_limits *ret_limits, sn_run_options *ret_run, sn_error **ret_error)
{
    const struct sn__manifest *manifest;
    sn_run_options run;
    int r = 0;

    if (!program)
        return sn__error_set(ret_error, SN_EINVAL, "run program", "program must not be NULL");
    if (!sn_program_is_runnable(program))
        return sn__error_set(ret_error, SN_EINVAL, "run program",
                             "the program did not compile (%s): there is nothing to run",
                             sn_verdict_name(sn_result_verdict(program->compiled)));
    manifest = program->language->manifest;
    sn_run_options_init(&run);
    if (options)
        r = sn__options_copy(&run, sizeof(run), options, "sn_run_options", ret_error);
    if (r == 0)
        r = sn__limits_resolve(run.limits, &program->limits, ret_limits, ret_error);
    if (r == 0)
        r = sn__language_command_make(manifest->run, program->source, ret_limits,
                                      program->is_prepared ? manifest->prepare->run : NULL, run.argv, run.envp,
                                      ret_command, ret_error);
    if (r < 0)
        return r;
    run.argv = (const char *const *)ret_command->argv;
    run.envp = (const char *const *)ret_command->envp;
    run.limits = ret_limits;
    *ret_run = run;
    return 0;
}

/*
 * PID 1 takes the artifact for the caller's, and says after each run how much there is beside those files: what is laid
 * is added before each.
 */
static uint64_t add_laid(sn_program *program)
{
    uint64_t left = program->sandbox->left_bytes;

    program->sandbox->left_bytes = left + program->laid_bytes;
    return left;
}

static struct sn__start start_of(const sn_program *program)
{
    struct sn__start start = {.is_wanted = program->start == SN_START_TEMPLATE};

    if (program->start != SN_START_EXEC)
        start.template = program->language->template;
    return start;
}

int sn_program_run(sn_program *program, const sn_run_options *options, sn_result **ret_result, sn_error **ret_error)
{
    struct sn__language_command command = {0};
    sn_run_options run;
    sn_limits limits;
    uint64_t left;
    int r = prepare(program, options, &command, &limits, &run, ret_error);

    if (r < 0)
        return r;
    left = add_laid(program);
    r = sn__run(program->sandbox, &run, start_of(program), ret_result, ret_error);
    /* a run that came to its end has set it */
    if (r < 0 && program->sandbox->left_bytes == left + program->laid_bytes)
        program->sandbox->left_bytes = left;
    sn__language_command_clear(&command);
    return r;
}

int sn_program_run_start(sn_program *program, const sn_run_options *options, sn_running **ret_running,
                         sn_error **ret_error)
{
    struct sn__language_command command = {0};
    sn_run_options run;
    sn_limits limits;
    uint64_t left;
    int r = prepare(program, options, &command, &limits, &run, ret_error);

    if (r < 0)
        return r;
    left = add_laid(program);
    r = sn__run_start(program->sandbox, &run, start_of(program), ret_running, ret_error);
    program->sandbox->left_bytes = left;
    sn__language_command_clear(&command);
    return r;
}

int sn_language_prepare(const sn_language *language, const sn_program_options *options, sn_error **ret_error)
{
    sn_program_options own;
    int r = 0;

    if (!language)
        return sn__error_set(ret_error, SN_EINVAL, "prepare language", "language must not be NULL");
    sn_program_options_init(&own);
    if (options)
        r = sn__options_copy(&own, sizeof(own), options, "sn_program_options", ret_error);
    if (r == 0)
        r = check_options(&own, ret_error);
    if (r == 0)
        r = sn__language_check_installed(language, NULL, ret_error);
    return r < 0 ? r : sn__warm_prepare(language, &own, ret_error);
}
