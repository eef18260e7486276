/* SPDX-License-Identifier: MIT */
#include "base/cleanup.h"
#include "base/datadir.h"
#include "base/error.h"
#include "language/language.h"
#include "language/toolchain.h"
#include "template/template.h"

#include <dirent.h>
#include <stdatomic.h>
#include <string.h>
#include <strings.h>

#define STEP "load languages"
#define LANGUAGES_MAX 512

/* A manifest that was left out. */
struct broken {
    char *path;
    sn_error *error;
};

struct sn_languages {
    struct sn_language *entries; /* by name */
    size_t count;
    struct broken *broken;
    size_t broken_count;
    bool keeps_errors; /* of one manifest: it is left out, and the others are loaded */
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
static int refuse_common_names(const char *path, const struct sn__manifest *manifest, const struct sn__manifest *other,
                               sn_error **ret_error)
{
    const char *common = has_name(other, manifest->name) ? manifest->name : NULL;

    for (uint32_t i = 0; !common && i < manifest->aliases_count; i++)
        common = has_name(other, manifest->aliases[i]) ? manifest->aliases[i] : NULL;
    if (common)
        return sn__error_parse(ret_error, STEP, 0, 0, "%s: the name or alias \"%s\" already belongs to the language %s",
                               path, common, other->name);
    for (uint32_t i = 0; i < manifest->extensions_count; i++) {
        if (has_extension(other, manifest->extensions[i]))
            return sn__error_parse(ret_error, STEP, 0, 0, "%s: the extension \"%s\" already belongs to the language %s",
                                   path, manifest->extensions[i], other->name);
    }
    return 0;
}

/* *ret_manifest stays NULL for one whose name a manifest of an earlier place has. */
static int load_one(const sn_languages *languages, const char *path, unsigned place, struct sn__manifest **ret_manifest,
                    sn_error **ret_error)
{
    struct sn__manifest *manifest = NULL;
    bool is_hidden = false;
    int r = sn__manifest_load(path, &manifest, ret_error);

    for (size_t i = 0; r == 0 && i < languages->count; i++) {
        const struct sn_language *other = &languages->entries[i];

        if (other->place == place)
            r = refuse_common_names(path, manifest, other->manifest, ret_error);
        else if (strcmp(other->manifest->name, manifest->name) == 0)
            is_hidden = true;
    }
    if (r < 0 || is_hidden)
        sn__manifest_free(manifest);
    else
        *ret_manifest = manifest;
    return r;
}

/* Takes `error` over. Nothing can be kept without memory. */
static int keep_error(sn_languages *languages, const char *path, int code, sn_error *error, sn_error **ret_error)
{
    struct broken *grown = NULL;
    char *copy = strdup(path);

    if (code != SN_ENOMEM && copy)
        grown = reallocarray(languages->broken, languages->broken_count + 1, sizeof(*grown));
    if (!grown) {
        free(copy);
        sn_error_free(error);
        return sn__error_nomem(ret_error);
    }
    languages->broken = grown;
    languages->broken[languages->broken_count++] = (struct broken){copy, error};
    return 0;
}

static int add(sn_languages *languages, const char *path, unsigned place, sn_error **ret_error)
{
    struct sn__manifest *manifest = NULL;
    struct sn_language *grown;
    sn_error *error = NULL;
    char *copy;
    int r = load_one(languages, path, place, &manifest, languages->keeps_errors ? &error : ret_error);

    if (r < 0 && languages->keeps_errors)
        return keep_error(languages, path, r, error, ret_error);
    if (r < 0 || !manifest)
        return r;
    copy = strdup(path);
    grown = copy ? reallocarray(languages->entries, languages->count + 1, sizeof(*grown)) : NULL;
    if (!grown) {
        free(copy);
        sn__manifest_free(manifest);
        return sn__error_nomem(ret_error);
    }
    languages->entries = grown;
    languages->entries[languages->count++] =
        (struct sn_language){.manifest = manifest, .path = copy, .place = place, .owner = languages};
    if (manifest->run->template) {
        grown[languages->count - 1].template = sn__template_new(manifest->run);
        if (!grown[languages->count - 1].template)
            return sn__error_nomem(ret_error);
    }
    if (manifest->toolchain) {
        grown[languages->count - 1].toolchain = sn__toolchain_memory_new();
        if (!grown[languages->count - 1].toolchain)
            return sn__error_nomem(ret_error);
    }
    return 0;
}

static int add_listed(sn_languages *languages, const char *directory, struct dirent **names, int count, unsigned place,
                      sn_error **ret_error)
{
    if (count > LANGUAGES_MAX)
        return sn__error_set(ret_error, SN_ELIMIT, STEP, "%s has more than %d manifests", directory, LANGUAGES_MAX);
    for (int i = 0; i < count; i++) {
        cleanup_free char *path = NULL;
        int r;

        if (asprintf(&path, "%s/%s", directory, names[i]->d_name) < 0) {
            path = NULL;
            return sn__error_nomem(ret_error);
        }
        r = add(languages, path, place, ret_error);
        if (r < 0)
            return r;
    }
    return 0;
}

/* A directory of manifests, or one manifest; `remedy` ends the sentence that it is not there. */
static int add_place(sn_languages *languages, const char *path, unsigned place, const char *remedy,
                     sn_error **ret_error)
{
    struct dirent **names = NULL;
    int count = scandir(path, &names, only_manifests, by_file_name), r;

    if (count < 0 && errno == ENOTDIR)
        return add(languages, path, place, ret_error);
    if (count < 0 && errno == ENOENT)
        return sn__error_set(ret_error, SN_ENOENT, STEP, "there is no directory %s with language manifests%s", path,
                             remedy);
    if (count < 0)
        return sn__error_errno(ret_error, errno, STEP, "cannot read the directory %s", path);
    r = add_listed(languages, path, names, count, place, ret_error);
    for (int i = 0; i < count; i++)
        free(names[i]);
    free(names);
    return r;
}

/* The user's places, then the installed one. */
static int add_usual_places(sn_languages *languages, sn_error **ret_error)
{
    cleanup_free char *installed = NULL;
    const char *list = sn__language_path();
    unsigned place = 0;

    for (; *list; list += *list == ':') {
        size_t length = strcspn(list, ":");
        cleanup_free char *path = strndup(list, length);
        sn_error *error = NULL;
        int r = 0;

        if (!path)
            return sn__error_nomem(ret_error);
        if (length)
            r = add_place(languages, path, place++, ", which SENTINEL_LANGUAGE_PATH names", &error);
        if (r < 0)
            r = keep_error(languages, path, r, error, ret_error);
        if (r < 0)
            return r;
        list += length;
    }
    if (asprintf(&installed, "%s/languages", sn__datadir()) < 0) {
        installed = NULL;
        return sn__error_nomem(ret_error);
    }
    return add_place(languages, installed, place, "; SENTINEL_DATA_DIR says where to look", ret_error);
}

int sn_languages_load(const char *path, sn_languages **ret_languages, sn_error **ret_error)
{
    sn_languages *languages;
    int r;

    if (!ret_languages)
        return sn__error_set(ret_error, SN_EINVAL, STEP, "ret_languages must not be NULL");
    languages = calloc(1, sizeof(*languages));
    if (!languages)
        return sn__error_nomem(ret_error);
    atomic_init(&languages->references, 1);
    languages->keeps_errors = !path;
    r = path ? add_place(languages, path, 0, ", nor a manifest of that name", ret_error)
             : add_usual_places(languages, ret_error);
    if (r < 0) {
        sn_languages_free(languages);
        return r;
    }
    if (languages->count)
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
    for (size_t i = 0; i < languages->count; i++) {
        sn__template_free(languages->entries[i].template);
        sn__toolchain_memory_free(languages->entries[i].toolchain);
        sn__manifest_free(languages->entries[i].manifest);
        free(languages->entries[i].path);
    }
    for (size_t i = 0; i < languages->broken_count; i++) {
        free(languages->broken[i].path);
        sn_error_free(languages->broken[i].error);
    }
    free(languages->entries);
    free(languages->broken);
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

const sn_error *sn_languages_error(const sn_languages *languages, size_t index, const char **ret_path)
{
    if (!languages || index >= languages->broken_count)
        return NULL;
    if (ret_path)
        *ret_path = languages->broken[index].path;
    return languages->broken[index].error;
}

/* Of two that have it, the one of the earlier place. */
static const sn_language *find(const sn_languages *languages, const char *word,
                               bool (*has)(const struct sn__manifest *manifest, const char *word))
{
    const sn_language *found = NULL;

    for (size_t i = 0; i < languages->count; i++) {
        const sn_language *entry = &languages->entries[i];

        if (has(entry->manifest, word) && (!found || entry->place < found->place))
            found = entry;
    }
    return found;
}

const sn_language *sn_languages_find(const sn_languages *languages, const char *name)
{
    const sn_language *found = languages && name ? find(languages, name, has_name) : NULL;

    return found ? found : sn_languages_find_by_file(languages, name);
}

const sn_language *sn_languages_find_by_file(const sn_languages *languages, const char *file_name)
{
    const char *slash = file_name ? strrchr(file_name, '/') : NULL;
    const char *dot = file_name ? strrchr(slash ? slash : file_name, '.') : NULL;

    return languages && dot ? find(languages, dot + 1, has_extension) : NULL;
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

const char *sn_language_example(const sn_language *language)
{
    return language ? language->manifest->example : NULL;
}

const char *sn_language_package(const sn_language *language)
{
    return language ? language->manifest->package : NULL;
}

const char *sn_language_manifest(const sn_language *language)
{
    return language ? language->path : NULL;
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
