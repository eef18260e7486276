/* SPDX-License-Identifier: MIT */
#include "cache/cache.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#define STEP "open cache"
#define DEPTH_MAX 64

static bool is_private(const struct stat *about)
{
    return about->st_uid == geteuid() && !(about->st_mode & (S_IWGRP | S_IWOTH));
}

int sn__cache_open_directory(int at, const char *name)
{
    cleanup_close int fd = -1;
    struct stat about;
    bool made = mkdirat(at, name, 0700) == 0;

    if (!made && errno != EEXIST)
        return -errno;
    /* whatever the umask took: it is the host program's, and stays as it is */
    if (made && fchmodat(at, name, 0700, 0) < 0)
        return -errno;
    fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &about) < 0)
        return -errno;
    return is_private(&about) ? steal_fd(&fd) : -EPERM;
}

/*
 * Can somebody else put another directory in the place of this one? What it is in must belong to root or to the caller
 * and be writable for nobody else, or be sticky, as /tmp is.
 */
static int check_ancestors(const char *real, sn_error **ret_error)
{
    char part[PATH_MAX];

    for (size_t i = 0; real[i]; i++) {
        struct stat about;

        if (real[i] != '/')
            continue;
        memcpy(part, real, i);
        part[i] = '\0';
        if (lstat(i ? part : "/", &about) < 0)
            return sn__error_errno(ret_error, errno, STEP, "cannot look at %s", i ? part : "/");
        if ((about.st_uid != 0 && about.st_uid != geteuid()) ||
            ((about.st_mode & (S_IWGRP | S_IWOTH)) && !(about.st_mode & S_ISVTX)))
            return sn__error_set(ret_error, SN_EHOST, STEP,
                                 "the cache directory %s is not used: others can change %s, which it is in", real,
                                 i ? part : "/");
    }
    return 0;
}

/* Where the user's caches are; `ret_path` is made if it is not there. */
static int user_base(char *ret_path, size_t size, sn_error **ret_error)
{
    const char *xdg = secure_getenv("XDG_CACHE_HOME"), *home = secure_getenv("HOME");
    int n;

    if (xdg && xdg[0] == '/')
        n = snprintf(ret_path, size, "%s", xdg);
    else if (home && home[0] == '/')
        n = snprintf(ret_path, size, "%s/.cache", home);
    else
        return sn__error_set(ret_error, SN_EHOST, STEP,
                             "there is no place for a cache: neither XDG_CACHE_HOME nor HOME is an absolute path; "
                             "SENTINEL_CACHE_DIR names one");
    if (n < 0 || (size_t)n >= size)
        return sn__error_set(ret_error, SN_EHOST, STEP, "the path of the user's cache directory is too long");
    if (mkdir(ret_path, 0700) == 0 && chmod(ret_path, 0700) < 0)
        return sn__error_errno(ret_error, errno, STEP, "cannot set the mode of %s", ret_path);
    return 0;
}

/* In the order of cache.h. */
static int choose_path(const char *asked, char ret_path[PATH_MAX], sn_error **ret_error)
{
    char base[PATH_MAX - 16];
    int r;

    if (!asked)
        asked = secure_getenv("SENTINEL_CACHE_DIR");
    if (asked && *asked) {
        if (asked[0] != '/' || strlen(asked) >= PATH_MAX)
            return sn__error_set(ret_error, SN_EINVAL, STEP, "the cache directory '%.80s' is not an absolute path",
                                 asked);
        memcpy(ret_path, asked, strlen(asked) + 1);
        return 0;
    }
    if (geteuid() == 0) {
        snprintf(ret_path, PATH_MAX, "/var/cache/sentinel");
        return 0;
    }
    r = user_base(base, sizeof(base), ret_error);
    if (r == 0)
        snprintf(ret_path, PATH_MAX, "%s/sentinel", base);
    return r;
}

static int open_parts(struct sn__cache *cache)
{
    static const char *const names[] = {[SN__CACHE_ARTIFACTS] = "artifacts", [SN__CACHE_TOOLCHAINS] = "toolchains"};
    struct stat about;

    for (size_t i = 0; i < SN__CACHE_KINDS; i++) {
        cache->kinds[i] = sn__cache_open_directory(cache->fd, names[i]);
        if (cache->kinds[i] < 0)
            return cache->kinds[i];
    }
    cache->tmp = sn__cache_open_directory(cache->fd, "tmp");
    if (cache->tmp < 0)
        return cache->tmp;
    cache->prepared = sn__cache_open_directory(cache->fd, "prepared");
    if (cache->prepared < 0)
        return cache->prepared;
    cache->lock = openat(cache->fd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (cache->lock < 0 || fstat(cache->lock, &about) < 0)
        return -errno;
    return S_ISREG(about.st_mode) && is_private(&about) ? 0 : -EPERM;
}

static int open_all(struct sn__cache *cache, const char *path, sn_error **ret_error)
{
    int r;

    /* one that is there may be named by a link; what we make is a directory */
    if (mkdir(path, 0700) == 0 && chmod(path, 0700) < 0)
        return sn__error_errno(ret_error, errno, STEP, "cannot set the mode of the cache directory %s", path);
    cache->path = realpath(path, NULL);
    if (!cache->path)
        return sn__error_errno(ret_error, errno, STEP, "cannot make the cache directory %s", path);
    r = check_ancestors(cache->path, ret_error);
    if (r < 0)
        return r;
    cache->fd = sn__cache_open_directory(AT_FDCWD, cache->path);
    r = cache->fd < 0 ? cache->fd : open_parts(cache);
    if (r == -EPERM)
        return sn__error_set(ret_error, SN_EHOST, STEP,
                             "the cache directory %s is not used: it or a part of it belongs to another user or can be "
                             "written by others",
                             cache->path);
    if (r < 0)
        return sn__error_errno(ret_error, -r, STEP, "cannot use the cache directory %s", cache->path);
    return 0;
}

int sn__cache_open(const char *path, uint64_t max_bytes, struct sn__cache **ret_cache, sn_error **ret_error)
{
    char chosen[PATH_MAX];
    struct sn__cache *cache;
    int r = choose_path(path, chosen, ret_error);

    if (r < 0)
        return r;
    cache = calloc(1, sizeof(*cache));
    if (!cache)
        return sn__error_nomem(ret_error);
    cache->fd = cache->lock = cache->tmp = cache->prepared = -1;
    for (size_t i = 0; i < SN__CACHE_KINDS; i++)
        cache->kinds[i] = -1;
    cache->max_bytes = max_bytes ? max_bytes : SN__CACHE_STANDARD_BYTES;
    r = open_all(cache, chosen, ret_error);
    if (r < 0) {
        sn__cache_close(cache);
        return r;
    }
    *ret_cache = cache;
    return 0;
}

void sn__cache_close(struct sn__cache *cache)
{
    if (!cache)
        return;
    for (size_t i = 0; i < SN__CACHE_KINDS; i++)
        sn__close(cache->kinds[i]);
    sn__close(cache->prepared);
    sn__close(cache->tmp);
    sn__close(cache->lock);
    sn__close(cache->fd);
    free(cache->path);
    free(cache);
}

static void remove_tree(int at, const char *name, int depth)
{
    cleanup_dir DIR *directory = NULL;
    const struct dirent *entry;
    int fd;

    if (unlinkat(at, name, 0) == 0 || (errno != EISDIR && errno != EPERM) || depth > DEPTH_MAX)
        return;
    fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    directory = fd < 0 ? NULL : fdopendir(fd);
    if (!directory) {
        sn__close(fd);
        unlinkat(at, name, AT_REMOVEDIR);
        return;
    }
    while ((entry = readdir(directory))) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            remove_tree(dirfd(directory), entry->d_name, depth + 1);
    }
    unlinkat(at, name, AT_REMOVEDIR);
}

void sn__cache_remove(int at, const char *name)
{
    remove_tree(at, name, 0);
}

void sn__cache_sweep(const struct sn__cache *cache)
{
    int fd = openat(cache->tmp, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_dir DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;

    if (!directory) {
        sn__close(fd);
        return;
    }
    while ((entry = readdir(directory))) {
        cleanup_close int held = -1;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        held = openat(cache->tmp, entry->d_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (held < 0 ? errno != ENOENT : flock(held, LOCK_EX | LOCK_NB) == 0)
            sn__cache_remove(cache->tmp, entry->d_name);
    }
}

void sn__cache_unique_name(char ret_name[64])
{
    uint64_t random[2] = {0};

    /* a name that somebody has all the same is met by O_EXCL */
    if (getrandom(random, sizeof(random), GRND_NONBLOCK) < 0)
        random[0] = (uint64_t)(uintptr_t)ret_name;
    snprintf(ret_name, 64, "%ld.%016" PRIx64 "%016" PRIx64, (long)getpid(), random[0], random[1]);
}

int sn__cache_lock(const struct sn__cache *cache)
{
    while (flock(cache->lock, LOCK_EX) < 0) {
        if (errno != EINTR)
            return -errno;
    }
    return 0;
}

void sn__cache_unlock(const struct sn__cache *cache)
{
    flock(cache->lock, LOCK_UN);
}
