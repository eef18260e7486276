/* SPDX-License-Identifier: MIT */
#include "language/prepare.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "cache/stamps.h"
#include "language/key.h"
#include "language/toolchain.h"

#include <sentinel/version.h>

#include <inttypes.h>
#include <string.h>
#include <time.h>

#define STEP "prepare language"
#define FILE_MAX_BYTES (UINT64_C(1) << 30)
#define DEPENDS_MAX_BYTES (UINT64_C(4) << 20)
#define RETRY_SECONDS 600

static uint64_t relax_of(const struct sn__prepare_request *request)
{
    return request->caller ? request->caller->relax : 0;
}

static int make_key(const struct sn__prepare_request *request, const char *purpose, uint8_t ret_key[SN__DIGEST_SIZE],
                    sn_error **ret_error)
{
    const struct sn__manifest *manifest = request->language->manifest;
    const struct sn__manifest_prepare *prepare = manifest->prepare;
    struct sn__language_command command = {0};
    struct sn__digest digest;
    int r;

    sn__digest_init(&digest);
    sn__digest_add_text(&digest, purpose);
    sn__digest_add_text(&digest, sn_version_string());
    sn__digest_add_text(&digest, manifest->name);
    sn__digest_add(&digest, request->toolchain, SN__DIGEST_SIZE);
    sn__digest_add_number(&digest, relax_of(request));
    sn__digest_add_number(&digest, prepare->work_bytes);
    sn__key_add_limits(&digest, &prepare->build->limits);
    for (uint32_t i = 0; i < prepare->files_count; i++)
        sn__digest_add_text(&digest, prepare->files[i]);
    sn__digest_add_text(&digest, prepare->depends);
    r = sn__key_add_policy(&digest, sn__language_policy_name(manifest, prepare->build), NULL, ret_error);
    if (r == 0)
        r = sn__language_command_make(prepare->build, manifest->file, &prepare->build->limits, NULL, request->flags,
                                      NULL, &command, ret_error);
    if (r < 0)
        return r;
    sn__key_add_command(&digest, &command);
    sn__language_command_clear(&command);
    sn__digest_end(&digest, ret_key);
    return 0;
}

int sn__prepare_find(const struct sn__prepare_request *request, char **ret_path, sn_error **ret_error)
{
    uint8_t key[SN__DIGEST_SIZE];
    int r = make_key(request, "prepared 1", key, ret_error);

    if (r < 0)
        return r;
    r = sn__prepared_find(request->cache, key, ret_path);
    return r < 0 ? sn__error_errno(ret_error, -r, STEP, "cannot read what is prepared") : r;
}

/* ---- a build that said no is not tried for every program that comes ---- */

static void remember_failure(const struct sn__prepare_request *request, const char *why)
{
    cleanup_buffer struct sn__buffer text = {0};
    uint8_t key[SN__DIGEST_SIZE];

    sn__buffer_addf(&text, "%" PRId64 " %s", (int64_t)time(NULL), why);
    if (!text.failed && make_key(request, "failed 1", key, NULL) == 0)
        (void)sn__cache_put(request->cache, SN__CACHE_TOOLCHAINS, key, text.data, text.length);
}

static int check_failure(const struct sn__prepare_request *request, sn_error **ret_error)
{
    cleanup_free char *text = NULL;
    uint8_t key[SN__DIGEST_SIZE];
    int64_t since, now = (int64_t)time(NULL);
    size_t length;
    char *why;
    int r = make_key(request, "failed 1", key, ret_error);

    if (r < 0)
        return r;
    if (request->again || sn__cache_get(request->cache, SN__CACHE_TOOLCHAINS, key, &text, &length) != 1)
        return 0;
    since = strtoll(text, &why, 10);
    if (since > now || now - since > RETRY_SECONDS)
        return 0;
    return sn__error_set(ret_error, SN_ETOOLCHAIN, STEP, "%s, %" PRId64 " s ago", why + (*why == ' '), now - since);
}

/* ---- the build ---- */

struct built {
    struct sn__prepared_file *files;
    size_t count;
    struct sn__buffer stamps;
};

static void built_clear(struct built *built)
{
    for (size_t i = 0; i < built->count; i++)
        free((void *)built->files[i].data);
    free(built->files);
    sn__buffer_clear(&built->stamps);
}

/* The file that lists what the others were made of: one that is anything else is a mistake of the manifest. */
static int take_stamps(sn_sandbox *sandbox, const char *path, struct sn__buffer *stamps, sn_error **ret_error)
{
    cleanup_free char *text = NULL;
    void *data = NULL;
    size_t length;
    int r = sn_sandbox_get(sandbox, path, DEPENDS_MAX_BYTES, &data, &length, ret_error);

    if (r < 0)
        return r;
    text = data;
    for (char *line = text, *end; line < text + length; line = end + 1) {
        end = memchr(line, '\n', (size_t)(text + length - line));
        if (!end)
            end = text + length;
        *end = '\0';
        r = end > line ? sn__stamps_add(stamps, line) : 0;
        if (r == -ENOMEM)
            return sn__error_nomem(ret_error);
        if (r < 0)
            return sn__error_set(ret_error, SN_ETOOLCHAIN, STEP, "%s, which it left, lists '%.80s': no absolute path",
                                 path, line);
    }
    return 0;
}

static int take_files(sn_sandbox *sandbox, const struct sn__manifest_prepare *prepare, struct built *built,
                      sn_error **ret_error)
{
    int r = 0;

    built->files = calloc(prepare->files_count, sizeof(*built->files));
    if (!built->files)
        return sn__error_nomem(ret_error);
    for (uint32_t i = 0; r == 0 && i < prepare->files_count; i++) {
        void *data = NULL;
        size_t length = 0;

        r = sn_sandbox_get(sandbox, prepare->files[i], FILE_MAX_BYTES, &data, &length, ret_error);
        if (r == 0)
            built->files[built->count++] = (struct sn__prepared_file){prepare->files[i], data, length};
    }
    if (r == 0 && prepare->depends)
        r = take_stamps(sandbox, prepare->depends, &built->stamps, ret_error);
    return r;
}

static int refuse_build(const struct sn__prepare_request *request, const sn_result *result, sn_error **ret_error)
{
    size_t length;
    const char *said = sn_result_stderr(result, &length);
    char why[400];

    if (!length)
        said = sn_result_stdout(result, &length);
    snprintf(why, sizeof(why), "preparing %s ended with %s: %.*s", sn_language_title(request->language),
             sn_verdict_name(sn_result_verdict(result)), (int)(length < 200 ? length : 200), said);
    why[strcspn(why, "\r\n")] = '\0';
    if (sn_result_verdict(result) != SN_VERDICT_CANCELLED)
        remember_failure(request, why);
    return sn__error_set(ret_error, SN_ETOOLCHAIN, STEP, "%s", why);
}

static int run_build(const struct sn__prepare_request *request, sn_sandbox *sandbox, struct built *built,
                     sn_error **ret_error)
{
    const struct sn__manifest *manifest = request->language->manifest;
    const struct sn__manifest_step *step = manifest->prepare->build;
    struct sn__language_command command = {0};
    sn_result *result = NULL;
    sn_run_options run;
    int r =
        sn__language_command_make(step, manifest->file, &step->limits, NULL, request->flags, NULL, &command, ret_error);

    if (r == 0) {
        sn_run_options_init(&run);
        run.argv = (const char *const *)command.argv;
        run.envp = (const char *const *)command.envp;
        run.cancel_fd = request->cancel_fd;
        r = sn_run(sandbox, &run, &result, ret_error);
    }
    if (r == 0 && sn_result_verdict(result) != SN_VERDICT_OK)
        r = refuse_build(request, result, ret_error);
    if (r == 0)
        r = take_files(sandbox, manifest->prepare, built, ret_error);
    sn_result_free(result);
    sn__language_command_clear(&command);
    return r;
}

/* In a sandbox that only this build sees. */
static int build(const struct sn__prepare_request *request, struct built *built, sn_error **ret_error)
{
    const struct sn__manifest *manifest = request->language->manifest;
    struct sn__language_setup setup = {0};
    sn_sandbox_options options;
    sn_sandbox *sandbox = NULL;
    sn_policy *policy = NULL;
    int r;

    sn_sandbox_options_init(&options);
    options.relax = relax_of(request);
    options.cgroup_parent = request->caller ? request->caller->cgroup_parent : NULL;
    options.work_bytes = manifest->prepare->work_bytes;
    r = sn_policy_load(sn__language_policy_name(manifest, manifest->prepare->build), &policy, ret_error);
    if (r == 0)
        r = sn__language_setup_make(request->language, &options, NULL, &setup, ret_error);
    if (r == 0) {
        setup.options.policy = policy;
        setup.options.limits = &manifest->prepare->build->limits;
        r = sn_sandbox_create(&setup.options, &sandbox, ret_error);
    }
    if (r == 0)
        r = run_build(request, sandbox, built, ret_error);
    sn_sandbox_destroy(sandbox);
    sn__language_setup_clear(&setup);
    sn_policy_free(policy);
    return r;
}

static int keep(const struct sn__prepare_request *request, const struct built *built,
                const uint8_t key[SN__DIGEST_SIZE], sn_error **ret_error)
{
    uint8_t now[SN__DIGEST_SIZE];
    int r = sn__toolchain_fingerprint(request->cache, request->language->manifest, now);

    if (r == 0 && memcmp(now, request->toolchain, sizeof(now)) != 0)
        return sn__error_set(ret_error, SN_EBUSY, STEP, "the toolchain changed while %s was prepared",
                             sn_language_title(request->language));
    if (r == 0)
        r = sn__prepared_put(request->cache, key, built->files, built->count,
                             built->stamps.data ? built->stamps.data : "", built->stamps.length);
    if (r < 0)
        return sn__error_errno(ret_error, -r, STEP, "cannot keep what is prepared in %s", request->cache->path);
    return 0;
}

int sn__prepare_build(const struct sn__prepare_request *request, sn_error **ret_error)
{
    struct built built = {0};
    uint8_t key[SN__DIGEST_SIZE];
    cleanup_close int lock = -1;
    int r = check_failure(request, ret_error);

    if (r == 0)
        r = make_key(request, "prepared 1", key, ret_error);
    if (r < 0)
        return r;
    lock = sn__prepared_lock(request->cache, key);
    if (lock == -EWOULDBLOCK)
        return sn__error_set(ret_error, SN_EBUSY, STEP, "%s is being prepared by somebody else",
                             sn_language_title(request->language));
    if (lock < 0)
        return sn__error_errno(ret_error, -lock, STEP, "cannot write to %s", request->cache->path);
    r = build(request, &built, ret_error);
    if (r == 0)
        r = keep(request, &built, key, ret_error);
    built_clear(&built);
    return r;
}
