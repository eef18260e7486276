/* SPDX-License-Identifier: MIT */
#include "language/warm.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "config/options.h"
#include "language/key.h"
#include "language/toolchain.h"
#include "result/result.h"

#include <sentinel/version.h>

#include <string.h>

static void note(struct sn__warm *warm, const char *what, const char *why)
{
    sn__buffer_addf(&warm->notes, "%s: %s\n", what, why);
}

/* Takes the error over. Only memory is more than a note. */
static int note_error(struct sn__warm *warm, const char *what, int code, sn_error *error, sn_error **ret_error)
{
    if (code == SN_ENOMEM) {
        sn_error_free(error);
        return sn__error_nomem(ret_error);
    }
    note(warm, what, sn_error_message(error));
    sn_error_free(error);
    return 0;
}

static bool contains(const void *data, size_t length, char *const *words, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (length && memmem(data, length, words[i], strlen(words[i])))
            return true;
    }
    return false;
}

static bool inputs_contain(const struct sn__warm *warm, char *const *words, uint32_t count)
{
    for (size_t i = 0; i < warm->input_count; i++) {
        if (contains(warm->inputs[i].data, warm->inputs[i].length, words, count))
            return true;
    }
    return false;
}

/* ---- inputs ---- */

static int add_input(struct sn__warm *warm, const char *path, const void *data, size_t length, uint32_t mode,
                     sn_error **ret_error)
{
    struct sn__input *input = &warm->inputs[warm->input_count];
    char normal[4096];
    int r = sn__path_relative(path, normal, ret_error);

    if (r < 0)
        return r;
    *input = (struct sn__input){.path = strdup(normal), .data = data, .length = length, .mode = mode ? mode : 0644};
    if (!input->path)
        return sn__error_nomem(ret_error);
    warm->input_count++;
    return 0;
}

static int add_inputs(struct sn__warm *warm, const char *source_path, sn_error **ret_error)
{
    const sn_program_options *options = warm->options;
    size_t count = 0;
    int r = 0;

    while (options->files && options->files[count])
        count++;
    warm->inputs = calloc(count + 1, sizeof(*warm->inputs));
    if (!warm->inputs)
        return sn__error_nomem(ret_error);
    for (size_t i = 0; r == 0 && i < count; i++) {
        sn_file file;

        r = sn__options_copy(&file, sizeof(file), options->files[i], "sn_file", ret_error);
        if (r == 0 && (!file.path || (!file.data && file.length)))
            r = sn__error_set(ret_error, SN_EINVAL, "put file", "an sn_file has no %s", file.path ? "data" : "path");
        if (r == 0)
            r = add_input(warm, file.path, file.data, file.length, file.mode, ret_error);
    }
    return r < 0 ? r : add_input(warm, source_path, options->source, options->source_length, 0, ret_error);
}

/* ---- the artifact ---- */

/* Why artifacts of this program are not kept; NULL: they are. */
static const char *why_not_kept(const struct sn__warm *warm, const sn_sandbox_options *sandbox)
{
    const struct sn__manifest *manifest = warm->language->manifest;

    if (sandbox->rootfs)
        return "not used with a root file system of the caller's";
    if (sandbox->mounts && sandbox->mounts[0])
        return "not used with mounts of the caller's, which a compiler may read";
    if (sandbox->relax & SN_LAYER_NETWORK_NS)
        return "not used with the layer network-ns relaxed: a compiler may read from the network";
    if (inputs_contain(warm, manifest->changing, manifest->changing_count))
        return "not used for a source that asks for the time of its compilation";
    return NULL;
}

static void add_sandbox(struct sn__digest *digest, const sn_sandbox_options *sandbox)
{
    sn__digest_add_number(digest, sandbox->relax);
    sn__digest_add_text(digest, sandbox->hostname);
    sn__digest_add_number(digest, sandbox->work_bytes);
    sn__digest_add_number(digest, sandbox->work_inodes);
    sn__digest_add_number(digest, sandbox->tmp_bytes);
    sn__digest_add_number(digest, sandbox->tmp_inodes);
    sn__digest_add_number(digest, sandbox->shm_bytes);
    sn__digest_add_number(digest, sandbox->network);
    sn__digest_add_text(digest, sandbox->cpus); /* how many there are, a compiler can see */
}

/* Which mounts the manifest's patterns stand for, on this host. */
static void add_mounts(struct sn__digest *digest, const sn_mount *const *mounts)
{
    for (; *mounts; mounts++) {
        sn__digest_add_text(digest, (*mounts)->source);
        sn__digest_add_text(digest, (*mounts)->target);
        sn__digest_add_number(digest, (*mounts)->flags);
    }
    sn__digest_add_text(digest, NULL);
}

/* Over everything that decides what the compile step makes. What is prepared does not: it only makes it sooner. */
static int make_key(struct sn__warm *warm, const sn_sandbox_options *sandbox, const char *source_path,
                    const sn_limits *limits, sn_error **ret_error)
{
    const struct sn__manifest *manifest = warm->language->manifest;
    struct sn__language_command command = {0};
    struct sn__language_setup setup = {0};
    struct sn__digest digest;
    int r;

    sn__digest_init(&digest);
    sn__digest_add_text(&digest, "artifact 1");
    sn__digest_add_text(&digest, sn_version_string());
    sn__digest_add_text(&digest, manifest->name);
    sn__digest_add(&digest, warm->toolchain, sizeof(warm->toolchain));
    sn__key_add_processor(&digest);
    sn__key_add_limits(&digest, limits);
    r = sn__key_add_policy(&digest, sn__language_policy_name(manifest, manifest->compile), NULL, ret_error);
    if (r == 0)
        r = sn__language_setup_make(warm->language, sandbox, NULL, &setup, ret_error);
    if (r < 0)
        return r;
    add_sandbox(&digest, &setup.options);
    add_mounts(&digest, setup.list);
    sn__language_setup_clear(&setup);
    r = sn__language_command_make(manifest->compile, source_path, limits, NULL, warm->options->compile_args, NULL,
                                  &command, ret_error);
    if (r < 0)
        return r;
    sn__key_add_command(&digest, &command);
    sn__language_command_clear(&command);
    sn__digest_add_number(&digest, warm->input_count);
    for (size_t i = 0; i < warm->input_count; i++) {
        sn__digest_add_text(&digest, warm->inputs[i].path);
        sn__digest_add_number(&digest, warm->inputs[i].mode);
        sn__digest_add(&digest, warm->inputs[i].data, warm->inputs[i].length);
    }
    sn__digest_end(&digest, warm->key);
    return 0;
}

static int look_up(struct sn__warm *warm, const sn_sandbox_options *sandbox, const char *source_path,
                   const sn_limits *limits, sn_error **ret_error)
{
    const char *why = why_not_kept(warm, sandbox);
    sn_error *error = NULL;
    size_t length = 0;
    int r;

    if (why) {
        note(warm, "cache", why);
        return 0;
    }
    r = make_key(warm, sandbox, source_path, limits, &error);
    if (r < 0)
        return note_error(warm, "cache", r, error, ret_error);
    warm->keeps = true;
    r = sn__cache_get(warm->cache, SN__CACHE_ARTIFACTS, warm->key, &warm->found, &length);
    if (r == -ENOMEM)
        return sn__error_nomem(ret_error);
    warm->has_artifact =
        r == 1 && sn__artifact_parse(warm->found, length, warm->inputs, warm->input_count, &warm->artifact);
    return 0;
}

/* ---- what is prepared ---- */

static bool begins_with_one_of(const char *text, char *const *beginnings, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (strncmp(text, beginnings[i], strlen(beginnings[i])) == 0)
            return true;
    }
    return false;
}

static bool is_prepare_used(const struct sn__warm *warm, const sn_sandbox_options *sandbox)
{
    const struct sn__manifest *manifest = warm->language->manifest;
    const struct sn__manifest_prepare *prepare = manifest->prepare;
    const char *const *arg = warm->options->compile_args;

    /* of an artifact only the run step is left to be helped */
    if (!prepare || sandbox->rootfs || (warm->has_artifact && !prepare->run))
        return false;
    if (prepare->words_count && !inputs_contain(warm, prepare->words, prepare->words_count))
        return false;
    for (; arg && *arg; arg++) {
        if ((*arg)[0] == '-' && !begins_with_one_of(*arg, prepare->flags, prepare->flags_count))
            return false;
    }
    for (const sn_mount *const *mount = sandbox->mounts; mount && *mount; mount++) {
        const char *target = (*mount)->target ? (*mount)->target : (*mount)->source;

        if (!target || sn__toolchain_is_hidden_by(manifest, target))
            return false;
    }
    return true;
}

/* The caller's flags among the compile arguments; to be freed, the strings are the caller's. */
static const char **flags_of(const sn_program_options *options)
{
    size_t count = 0, n = 0;
    const char **flags;

    while (options->compile_args && options->compile_args[count])
        count++;
    flags = calloc(count + 1, sizeof(*flags));
    for (size_t i = 0; flags && i < count; i++) {
        if (options->compile_args[i][0] == '-')
            flags[n++] = options->compile_args[i];
    }
    return flags;
}

static bool needs_its_own(const struct sn__warm *warm, const char *const *flags)
{
    const struct sn__manifest_prepare *prepare = warm->language->manifest->prepare;

    for (; *flags; flags++)
        if (begins_with_one_of(*flags, prepare->exact, prepare->exact_count))
            return true;
    return false;
}

/*
 * Made for exactly these flags if somebody had that done; else for none, which a compiler that wants others passes by,
 * or the manifest says that it does not.
 */
static int find_prepared(struct sn__warm *warm, struct sn__prepare_request *request, sn_error **ret_error)
{
    int r = sn__prepare_find(request, &warm->prepared, ret_error);

    if (r == 0 && needs_its_own(warm, request->flags))
        return 0;
    if (r == 0 && request->flags[0]) {
        request->flags = NULL;
        r = sn__prepare_find(request, &warm->prepared, ret_error);
    }
    if (r != 0)
        return r;
    request->flags = NULL;
    r = sn__prepare_build(request, ret_error);
    return r < 0 ? r : sn__prepare_find(request, &warm->prepared, ret_error);
}

static int prepare(struct sn__warm *warm, const sn_sandbox_options *sandbox, sn_error **ret_error)
{
    cleanup_free const char **flags = flags_of(warm->options);
    struct sn__prepare_request request = {
        .cache = warm->cache,
        .language = warm->language,
        .toolchain = warm->toolchain,
        .caller = sandbox,
        .flags = flags,
        .cancel_fd = warm->options->cancel_fd,
    };
    sn_error *error = NULL;
    int r;

    if (!flags)
        return sn__error_nomem(ret_error);
    r = find_prepared(warm, &request, &error);
    return r < 0 ? note_error(warm, "prepared", r, error, ret_error) : 0;
}

/* ---- all of it ---- */

static int use_cache(struct sn__warm *warm, const char *source_path, const sn_limits *limits, sn_error **ret_error)
{
    const struct sn__manifest *manifest = warm->language->manifest;
    sn_sandbox_options sandbox;
    int r = 0;

    sn_sandbox_options_init(&sandbox);
    if (warm->options->sandbox)
        r = sn__options_copy(&sandbox, sizeof(sandbox), warm->options->sandbox, "sn_sandbox_options", ret_error);
    if (r == 0)
        r = add_inputs(warm, source_path, ret_error);
    if (r < 0)
        return r;
    r = sn__toolchain_fingerprint_recent(warm->cache, warm->language, warm->toolchain);
    if (r == -ENOMEM)
        return sn__error_nomem(ret_error);
    if (r < 0) {
        note(warm, "cache", "not used: the files of the toolchain cannot be listed");
        return 0;
    }
    if (manifest->compile && (warm->options->flags & SN_PROGRAM_CACHED))
        r = look_up(warm, &sandbox, source_path, limits, ret_error);
    if (r == 0 && (warm->options->flags & SN_PROGRAM_PREPARED) && is_prepare_used(warm, &sandbox))
        r = prepare(warm, &sandbox, ret_error);
    return r;
}

int sn__warm_begin(const sn_language *language, const sn_program_options *options, const char *source_path,
                   const sn_limits *limits, struct sn__warm *ret_warm, sn_error **ret_error)
{
    const struct sn__manifest *manifest = language->manifest;
    struct sn__warm warm = {.language = language, .options = options};
    sn_error *error = NULL;
    uint32_t wanted = (manifest->compile ? SN_PROGRAM_CACHED : 0) | (manifest->prepare ? SN_PROGRAM_PREPARED : 0);
    int r;

    *ret_warm = warm;
    /* without the manifest's word about its toolchain, nobody would see that it changed */
    if (!manifest->toolchain || !(options->flags & wanted))
        return 0;
    /* the sandbox's creation says what is missing */
    if (sn__language_check_installed(language, NULL, NULL) < 0)
        return 0;
    r = sn__cache_open(options->cache_dir, options->cache_bytes, &warm.cache, &error);
    if (r < 0)
        r = note_error(&warm, "cache", r, error, ret_error);
    else
        r = use_cache(&warm, source_path, limits, ret_error);
    if (r < 0)
        sn__warm_clear(&warm);
    *ret_warm = warm;
    return r;
}

bool sn__warm_is_betrayed(const struct sn__warm *warm, const sn_result *compiled)
{
    const struct sn__manifest_prepare *prepare = warm->language->manifest->prepare;

    if (!warm->prepared)
        return false;
    for (int i = 0; i < 2; i++) {
        if (contains(compiled->out[i].data, compiled->out[i].length, prepare->betrayed_by, prepare->betrayed_by_count))
            return true;
    }
    return false;
}

int sn__warm_keep(struct sn__warm *warm, sn_sandbox *sandbox, sn_result *compiled, sn_error **ret_error)
{
    cleanup_buffer struct sn__buffer bytes = {0};
    uint8_t now[SN__DIGEST_SIZE];
    const char *why = NULL;
    sn_error *error = NULL;
    int r;

    if (!warm->keeps || sn_result_verdict(compiled) != SN_VERDICT_OK)
        return 0;
    r = sn__artifact_save(sandbox, compiled, warm->inputs, warm->input_count, &bytes, &why, &error);
    if (r < 0)
        return note_error(warm, "cache: not kept", r, error, ret_error);
    /* a toolchain that was replaced meanwhile may have made it from both */
    if (r == 1 && (sn__toolchain_fingerprint(warm->cache, warm->language->manifest, now) < 0 ||
                   memcmp(now, warm->toolchain, sizeof(now)) != 0))
        why = "the toolchain changed meanwhile";
    if (!why) {
        r = sn__cache_put(warm->cache, SN__CACHE_ARTIFACTS, warm->key, bytes.data, bytes.length);
        why = r == -EFBIG ? "it is larger than the cache may be" : r < 0 ? strerrordesc_np(-r) : NULL;
    }
    if (why)
        sn__buffer_addf(&warm->notes, "cache: not kept: %s\n", why);
    return 0;
}

static int prepare_now(struct sn__warm *warm, struct sn__prepare_request *request, sn_error **ret_error)
{
    int r = sn__toolchain_fingerprint(warm->cache, warm->language->manifest, warm->toolchain);

    if (r < 0)
        return sn__error_errno(ret_error, -r, "prepare language", "cannot list the files of the toolchain");
    r = sn__prepare_find(request, &warm->prepared, ret_error);
    return r == 0 ? sn__prepare_build(request, ret_error) : r < 0 ? r : 0;
}

int sn__warm_prepare(const sn_language *language, const sn_program_options *options, sn_error **ret_error)
{
    const struct sn__manifest_prepare *prepare = language->manifest->prepare;
    struct sn__warm warm = {.language = language, .options = options};
    cleanup_free const char **flags = flags_of(options);
    struct sn__prepare_request request = {
        .language = language,
        .toolchain = warm.toolchain,
        .caller = options->sandbox,
        .flags = flags,
        .cancel_fd = options->cancel_fd,
        .again = true,
    };
    int r;

    if (!flags)
        return sn__error_nomem(ret_error);
    if (!prepare)
        return sn__error_set(ret_error, SN_EINVAL, "prepare language", "there is nothing to prepare for %s",
                             sn_language_title(language));
    for (const char **flag = flags; *flag; flag++) {
        if (!begins_with_one_of(*flag, prepare->flags, prepare->flags_count))
            return sn__error_set(ret_error, SN_EINVAL, "prepare language",
                                 "%s: with this argument nothing that is prepared for %s is used", *flag,
                                 sn_language_title(language));
    }
    r = sn__cache_open(options->cache_dir, options->cache_bytes, &warm.cache, ret_error);
    request.cache = warm.cache;
    if (r == 0)
        r = prepare_now(&warm, &request, ret_error);
    sn__warm_clear(&warm);
    return r;
}

void sn__warm_clear(struct sn__warm *warm)
{
    for (size_t i = 0; i < warm->input_count; i++)
        free(warm->inputs[i].path);
    free(warm->inputs);
    if (warm->has_artifact)
        sn__artifact_clear(&warm->artifact);
    free(warm->found);
    free(warm->prepared);
    sn__buffer_clear(&warm->notes);
    sn__cache_close(warm->cache);
    *warm = (struct sn__warm){0};
}
