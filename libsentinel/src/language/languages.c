/* SPDX-License-Identifier: MIT */
#include "base/cleanup.h"
#include "base/datadir.h"
#include "base/error.h"
#include "language/language.h"

#include <dirent.h>
#include <stdatomic.h>
#include <string.h>
#include <strings.h>

#define STEP "load languages"
#define LANGUAGES_MAX 512

struct sn_languages {
    struct sn_language *entries; /* by name */
    size_t count;
    atomic_uint references;
};

static bool is_manifest_name(const char *name)
{
    size_t length = strlen(name);

    return name[0] != '.' && length > 5 && strcmp(name + length - 5, ".yaml") == 0;
}

static int only_manifests(const struct dirent *entry)
{
    return is_manifest_name(entry->d_name);
}

/* Not alphasort(): the order must not depend on the caller's locale. */
static int by_file_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct sn_language *)a)->manifest->name, ((const struct sn_language *)b)->manifest->name);
}

static bool has_name(const struct sn__manifest *manifest, const char *name)
{
    if (strcasecmp(manifest->name, name) == 0)
        return true;
    for (uint32_t i = 0; i < manifest->aliases_count; i++) {
        if (strcasecmp(manifest->aliases[i], name) == 0)
            return true;
    }
    return false;
}

static bool has_extension(const struct sn__manifest *manifest, const char *extension)
{
    for (uint32_t i = 0; i < manifest->extensions_count; i++) {
        if (strcmp(manifest->extensions[i], extension) == 0)
            return true;
    }
    return false;
}

/* Whoever asks by a name or a file must get one answer. */
static int refuse_common_names(const char *directory, const char *file, const struct sn__manifest *manifest,
                               const struct sn__manifest *other, sn_error **ret_error)
{
    const char *common = has_name(other, manifest->name) ? manifest->name : NULL;

    for (uint32_t i = 0; !common && i < manifest->aliases_count; i++)
        common = has_name(other, manifest->aliases[i]) ? manifest->aliases[i] : NULL;
    if (common)
        return sn__error_parse(ret_error, STEP, 0, 0,
                               "%s/%s: the name or alias \"%s\" already belongs to the language %s", directory, file,
                               common, other->name);
    for (uint32_t i = 0; i < manifest->extensions_count; i++) {
        if (has_extension(other, manifest->extensions[i]))
            return sn__error_parse(ret_error, STEP, 0, 0,
                                   "%s/%s: the extension \"%s\" already belongs to the language %s", directory, file,
                                   manifest->extensions[i], other->name);
    }
    return 0;
}

static int add(sn_languages *languages, const char *directory, const char *file, sn_error **ret_error)
{
    struct sn__manifest *manifest = NULL;
    cleanup_free char *path = NULL;
    int r;

    if (asprintf(&path, "%s/%s", directory, file) < 0) {
        path = NULL;
        return sn__error_nomem(ret_error);
    }
    r = sn__manifest_load(path, &manifest, ret_error);
    for (size_t i = 0; r == 0 && i < languages->count; i++)
        r = refuse_common_names(directory, file, manifest, languages->entries[i].manifest, ret_error);
    if (r < 0) {
        sn__manifest_free(manifest);
        return r;
    }
    languages->entries[languages->count++] = (struct sn_language){.manifest = manifest, .owner = languages};
    return 0;
}

int sn_languages_load(const char *directory, sn_languages **ret_languages, sn_error **ret_error)
{
    cleanup_free char *installed = NULL;
    sn_languages *languages = NULL;
    struct dirent **names = NULL;
    int count, r = 0;

    if (!ret_languages)
        return sn__error_set(ret_error, SN_EINVAL, STEP, "ret_languages must not be NULL");
    if (!directory) {
        if (asprintf(&installed, "%s/languages", sn__datadir()) < 0) {
            installed = NULL;
            return sn__error_nomem(ret_error);
        }
        directory = installed;
    }
    count = scandir(directory, &names, only_manifests, by_file_name);
    if (count < 0 && errno == ENOENT)
        return sn__error_set(ret_error, SN_ENOENT, STEP,
                             "there is no directory %s with language manifests; SENTINEL_DATA_DIR says where to look",
                             directory);
    if (count < 0)
        return sn__error_errno(ret_error, errno, STEP, "cannot read the directory %s", directory);
    if (count > LANGUAGES_MAX)
        r = sn__error_set(ret_error, SN_ELIMIT, STEP, "%s has more than %d manifests", directory, LANGUAGES_MAX);
    if (r == 0) {
        languages = calloc(1, sizeof(*languages));
        if (languages)
            languages->entries = calloc((size_t)count + 1, sizeof(*languages->entries));
        if (!languages || !languages->entries)
            r = sn__error_nomem(ret_error);
        else
            atomic_init(&languages->references, 1);
    }
    for (int i = 0; r == 0 && i < count; i++)
        r = add(languages, directory, names[i]->d_name, ret_error);
    for (int i = 0; i < count; i++)
        free(names[i]);
    free(names);
    if (r < 0) {
        sn_languages_free(languages);
        return r;
    }
    qsort(languages->entries, languages->count, sizeof(*languages->entries), by_name);
    *ret_languages = languages;
    return 0;
}

void sn__languages_ref(sn_languages *languages)
{
    atomic_fetch_add_explicit(&languages->references, 1, memory_order_relaxed);
}

void sn_languages_free(sn_languages *languages)
{
    if (!languages || atomic_fetch_sub_explicit(&languages->references, 1, memory_order_acq_rel) > 1)
        return;
    for (size_t i = 0; i < languages->count; i++)
        sn__manifest_free(languages->entries[i].manifest);
    free(languages->entries);
    free(languages);
}

size_t sn_languages_count(const sn_languages *languages)
{
    return languages ? languages->count : 0;
}

const sn_language *sn_languages_entry(const sn_languages *languages, size_t index)
{
    return languages && index < languages->count ? &languages->entries[index] : NULL;
}

const sn_language *sn_languages_find(const sn_languages *languages, const char *name)
{
    const sn_language *found = NULL;

    for (size_t i = 0; languages && name && !found && i < languages->count; i++) {
        if (has_name(languages->entries[i].manifest, name))
            found = &languages->entries[i];
    }
    return found ? found : sn_languages_find_by_file(languages, name);
}

const sn_language *sn_languages_find_by_file(const sn_languages *languages, const char *file_name)
{
    const char *slash = file_name ? strrchr(file_name, '/') : NULL;
    const char *dot = file_name ? strrchr(slash ? slash : file_name, '.') : NULL;

    for (size_t i = 0; languages && dot && i < languages->count; i++) {
        if (has_extension(languages->entries[i].manifest, dot + 1))
            return &languages->entries[i];
    }
    return NULL;
}

const char *sn_language_name(const sn_language *language)
{
    return language ? language->manifest->name : NULL;
}

const char *sn_language_title(const sn_language *language)
{
    if (!language)
        return NULL;
    return language->manifest->title ? language->manifest->title : language->manifest->name;
}

const char *sn_language_alias(const sn_language *language, size_t index)
{
    return language && index < language->manifest->aliases_count ? language->manifest->aliases[index] : NULL;
}

const char *sn_language_file_name(const sn_language *language)
{
    return language ? language->manifest->file : NULL;
}

const char *sn_language_package(const sn_language *language)
{
    return language ? language->manifest->package : NULL;
}

const char *sn__language_policy_name(const struct sn__manifest *manifest, const struct sn__manifest_step *step)
{
    if (step->policy)
        return step->policy;
    if (step == manifest->version)
        return sn__language_policy_name(manifest, manifest->compile ? manifest->compile : manifest->run);
    return step == manifest->run ? "default" : "compile";
}

const char *sn_language_policy(const sn_language *language)
{
    return language ? sn__language_policy_name(language->manifest, language->manifest->run) : NULL;
}

const char *sn_language_compile_policy(const sn_language *language)
{
    if (!language || !language->manifest->compile)
        return NULL;
    return sn__language_policy_name(language->manifest, language->manifest->compile);
}

/* Into a struct of the caller's size, which may be an older or a newer one. */
static int give_limits(const sn_limits *limits, sn_limits *ret_limits)
{
    size_t size = ret_limits->size;

    if (size < sizeof(size_t) || size > 65536)
        return SN_EINVAL;
    memset(ret_limits, 0, size);
    memcpy(ret_limits, limits, size < sizeof(*limits) ? size : sizeof(*limits));
    ret_limits->size = size;
    return 0;
}

int sn_language_run_limits(const sn_language *language, sn_limits *ret_limits)
{
    return language && ret_limits ? give_limits(&language->manifest->run->limits, ret_limits) : SN_EINVAL;
}

int sn_language_compile_limits(const sn_language *language, sn_limits *ret_limits)
{
    if (!language || !ret_limits || !language->manifest->compile)
        return SN_EINVAL;
    return give_limits(&language->manifest->compile->limits, ret_limits);
}
