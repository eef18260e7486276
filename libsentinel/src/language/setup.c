/* SPDX-License-Identifier: MIT */
#include "base/cleanup.h"
#include "base/error.h"
#include "config/options.h"
#include "language/language.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>

#define MATCHES_MAX 128
#define TRIES_MAX 10000

/* Adds a mount whose strings live elsewhere. */
static void add_mount(struct sn__language_setup *setup, size_t *count, const char *source, const char *target,
                      bool optional)
{
    sn_mount *mount = &setup->mounts[*count];

    sn_mount_init(mount);
    mount->source = source;
    mount->target = target;
    mount->flags = optional ? SN_MOUNT_OPTIONAL : 0;
    setup->list[(*count)++] = mount;
}

/* All that a pattern matches on this host; the names move to setup->matches. */
static int add_matches(struct sn__language_setup *setup, size_t *count, size_t *match_count,
                       const struct sn__manifest_mount *wanted, sn_error **ret_error)
{
    glob_t found = {0};
    int e = glob(wanted->source, 0, NULL, &found), r = 0;

    if (e == GLOB_NOMATCH && wanted->optional)
        return 0;
    if (e == GLOB_NOSPACE)
        r = sn__error_nomem(ret_error);
    else if (e != 0)
        r = sn__error_set(ret_error, SN_ENOENT, "find mounts", "nothing on this host matches %s", wanted->source);
    else if (found.gl_pathc > MATCHES_MAX - *match_count)
        r = sn__error_set(ret_error, SN_ELIMIT, "find mounts", "more than %d paths match %s", MATCHES_MAX,
                          wanted->source);
    for (size_t i = 0; r == 0 && i < found.gl_pathc; i++) {
        char *path = strdup(found.gl_pathv[i]);

        if (!path) {
            r = sn__error_nomem(ret_error);
            break;
        }
        setup->matches[(*match_count)++] = path;
        add_mount(setup, count, path, NULL, true);
    }
    globfree(&found);
    return r;
}

static int add_mounts(struct sn__language_setup *setup, const struct sn__manifest *manifest, const sn_mount *const *own,
                      const char *prepared, sn_error **ret_error)
{
    size_t own_count = 0, count = 0, match_count = 0;
    int r = 0;

    while (own && own[own_count])
        own_count++;
    setup->mounts = calloc(manifest->mounts_count + MATCHES_MAX + 1, sizeof(*setup->mounts));
    setup->list = calloc(manifest->mounts_count + MATCHES_MAX + own_count + 2, sizeof(*setup->list));
    setup->matches = calloc(MATCHES_MAX + 1, sizeof(*setup->matches));
    if (!setup->mounts || !setup->list || !setup->matches)
        return sn__error_nomem(ret_error);
    /* An image brings its toolchain and its settings; the manifest's mounts are about this host's /usr. */
    for (uint32_t i = 0; r == 0 && !setup->options.rootfs && i < manifest->mounts_count; i++) {
        const struct sn__manifest_mount *wanted = &manifest->mounts[i];

        if (sn__manifest_is_pattern(wanted->source))
            r = add_matches(setup, &count, &match_count, wanted, ret_error);
        else
            add_mount(setup, &count, wanted->source, wanted->target, wanted->optional);
    }
    if (r == 0 && prepared)
        add_mount(setup, &count, prepared, SN__PREPARED_TARGET, false);
    for (size_t i = 0; r == 0 && i < own_count; i++)
        setup->list[count++] = own[i];
    return r;
}

int sn__language_setup_make(const sn_language *language, const sn_sandbox_options *caller, const char *prepared,
                            struct sn__language_setup *ret_setup, sn_error **ret_error)
{
    const struct sn__manifest *manifest = language->manifest;
    struct sn__language_setup setup = {0};
    int r = 0;

    sn_sandbox_options_init(&setup.options);
    if (caller)
        r = sn__options_copy(&setup.options, sizeof(setup.options), caller, "sn_sandbox_options", ret_error);
    if (r < 0)
        return r;
    r = add_mounts(&setup, manifest, setup.options.mounts, prepared, ret_error);
    if (r < 0) {
        sn__language_setup_clear(&setup);
        return r;
    }
    setup.options.mounts = setup.list;
    if (!setup.options.work_bytes)
        setup.options.work_bytes = manifest->work_bytes;
    if (!setup.options.tmp_bytes)
        setup.options.tmp_bytes = manifest->tmp_bytes;
    *ret_setup = setup;
    return 0;
}

void sn__language_setup_clear(struct sn__language_setup *setup)
{
    for (char **match = setup->matches; match && *match; match++)
        free(*match);
    free(setup->matches);
    free(setup->mounts);
    free(setup->list);
    *setup = (struct sn__language_setup){0};
}

/*
 * Follows links as a process with this root directory would: Debian's java is a link by way of /etc/alternatives, its
 * go one to ../lib. 1: it is there; 0: it is missing; or -errno.
 */
static int is_there(int root, const char *path)
{
    const struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};

    /* At a ".." it is EAGAIN where anything was renamed or mounted meanwhile, anywhere: openat2(2). */
    for (int tries = 0; tries < TRIES_MAX; tries++) {
        cleanup_close int fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));

        if (fd >= 0)
            return 1;
        if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == EACCES)
            return 0;
        if (errno != EAGAIN)
            return -errno;
    }
    return -EAGAIN;
}

static const char *absolute_program(const struct sn__manifest_step *step)
{
    return step && step->command[0][0] == '/' ? step->command[0] : NULL;
}

int sn__language_check_installed(const sn_language *language, const char *rootfs, sn_error **ret_error)
{
    const struct sn__manifest *manifest = language->manifest;
    const char *const programs[] = {absolute_program(manifest->compile), absolute_program(manifest->run),
                                    absolute_program(manifest->version)};
    const char *missing = NULL;
    int found = 1;
    cleanup_close int root = open(rootfs ? rootfs : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (root < 0 && (errno == ENOENT || errno == ENOTDIR))
        return sn__error_set(ret_error, SN_ENOENT, "find toolchain", "the rootfs %s is not a directory", rootfs);
    if (root < 0)
        return sn__error_errno(ret_error, errno, "find toolchain", "cannot open %s", rootfs ? rootfs : "/");
    for (uint32_t i = 0; found == 1 && i < manifest->required_count; i++)
        found = is_there(root, missing = manifest->required[i]);
    for (size_t i = 0; found == 1 && i < SN_ARRAY_SIZE(programs); i++)
        if (programs[i])
            found = is_there(root, missing = programs[i]);
    if (found == 1)
        return 0;
    if (found < 0)
        return sn__error_errno(ret_error, -found, "find toolchain", "cannot look at %s", missing);
    if (rootfs)
        return sn__error_set(ret_error, SN_ETOOLCHAIN, "find toolchain",
                             "%s is not installed in %s: %s is missing, which the package %s brings",
                             sn_language_title(language), rootfs, missing, manifest->package);
    return sn__error_set(ret_error, SN_ETOOLCHAIN, "find toolchain",
                         "%s is not installed (%s is missing): apt-get install %s", sn_language_title(language),
                         missing, manifest->package);
}
