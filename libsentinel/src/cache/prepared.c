/* SPDX-License-Identifier: MIT */
/* Prepared directories: large files that sandboxes are shown, whole or not at all. */
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "cache/cache.h"
#include "cache/stamps.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

/*
 * <key>/files/ is what a sandbox is shown: readable for everybody, which only matters inside, as the cache itself is
 * closed to others. <key>/record is sealed: a line for each file with its inode, size, time and path, an empty line,
 * and the stamps of what they were made of.
 */

/* A line of the record, as the file is now. */
static int describe(int files, const char *path, struct sn__buffer *out)
{
    struct stat about;

    if (fstatat(files, path, &about, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    if (!S_ISREG(about.st_mode) || about.st_uid != geteuid() || (about.st_mode & 07777) != 0644)
        return -EPERM;
    sn__buffer_addf(out, "%" PRIu64 " %" PRId64 " %" PRId64 ".%09ld %s\n", (uint64_t)about.st_ino,
                    (int64_t)about.st_size, (int64_t)about.st_mtim.tv_sec, about.st_mtim.tv_nsec, path);
    return out->failed ? -ENOMEM : 0;
}

/* Is each file that the record lists as it was written? *ret_stamps is what follows the list. */
static bool files_hold(int files, const char *record, size_t length, const char **ret_stamps)
{
    const char *end = record + length;

    while (record < end && *record != '\n') {
        cleanup_buffer struct sn__buffer now = {0};
        const char *stop = memchr(record, '\n', (size_t)(end - record));
        const char *path = record;
        char name[PATH_MAX];

        for (int fields = 3; stop && path && fields > 0; fields--) {
            path = memchr(path, ' ', (size_t)(stop - path));
            path = path ? path + 1 : NULL;
        }
        if (!stop || !path || stop - path >= PATH_MAX)
            return false;
        memcpy(name, path, (size_t)(stop - path));
        name[stop - path] = '\0';
        if (describe(files, name, &now) < 0 || now.length != (size_t)(stop + 1 - record) ||
            memcmp(now.data, record, now.length) != 0)
            return false;
        record = stop + 1;
    }
    *ret_stamps = record + 1;
    return record < end;
}

static bool is_whole(int at, const uint8_t key[SN__DIGEST_SIZE])
{
    cleanup_close int files = openat(at, "files", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    cleanup_free char *record = NULL;
    const char *stamps = NULL;
    struct stat about;
    size_t length = 0;

    if (files < 0 || fstat(files, &about) < 0 || about.st_uid != geteuid() || (about.st_mode & 07777) != 0755)
        return false;
    if (sn__sealed_read(at, "record", key, &record, &length) != 1 || !files_hold(files, record, length, &stamps))
        return false;
    return stamps == record + length || sn__stamps_hold(stamps, length - (size_t)(stamps - record));
}

int sn__prepared_find(struct sn__cache *cache, const uint8_t key[SN__DIGEST_SIZE], char **ret_path)
{
    char name[SN__DIGEST_HEX_SIZE];
    cleanup_close int at = -1;
    char *path;

    sn__digest_hex(key, name);
    at = openat(cache->prepared, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (at < 0 && (errno == EMFILE || errno == ENFILE))
        return -errno;
    if (at < 0 || !is_whole(at, key)) {
        sn__cache_remove(cache->prepared, name);
        return 0;
    }
    if (asprintf(&path, "%s/prepared/%s/files", cache->path, name) < 0)
        return -ENOMEM;
    *ret_path = path;
    return 1;
}

int sn__prepared_lock(struct sn__cache *cache, const uint8_t key[SN__DIGEST_SIZE])
{
    char name[SN__DIGEST_HEX_SIZE + 8];
    cleanup_close int fd = -1;

    /* below tmp/ the sweep takes it away once nobody holds it; whoever then makes the same twice does no harm */
    sn__digest_hex(key, name);
    memcpy(name + SN__DIGEST_HEX_SIZE - 1, ".lock", 6);
    fd = openat(cache->tmp, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
        return -errno;
    return steal_fd(&fd);
}

/* Makes the directories that a path goes through, readable for all. A descriptor of the last one, or -errno. */
static int open_parent(int files, const char *path, const char **ret_name)
{
    cleanup_close int fd = openat(files, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const char *slash;

    while (fd >= 0 && (slash = strchr(path, '/'))) {
        char part[NAME_MAX + 1];
        int below;

        if (slash - path > NAME_MAX)
            return -ENAMETOOLONG;
        memcpy(part, path, (size_t)(slash - path));
        part[slash - path] = '\0';
        if (mkdirat(fd, part, 0755) < 0 && errno != EEXIST)
            return -errno;
        below = openat(fd, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (below < 0 || fchmod(below, 0755) < 0) {
            sn__close(below);
            return -errno;
        }
        sn__close(fd);
        fd = below;
        path = slash + 1;
    }
    *ret_name = path;
    return fd < 0 ? -errno : steal_fd(&fd);
}

static int write_file(int files, const struct sn__prepared_file *file)
{
    const char *name = NULL;
    cleanup_close int parent = open_parent(files, file->path, &name);
    cleanup_close int fd = -1;
    int r;

    if (parent < 0)
        return parent;
    fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return -errno;
    r = sn__fd_write_all(fd, file->data, file->length);
    if (r == 0 && (fchmod(fd, 0644) < 0 || fsync(fd) < 0 || fsync(parent) < 0))
        r = -errno;
    return r;
}

static int write_all(int at, const uint8_t key[SN__DIGEST_SIZE], const struct sn__prepared_file *list, size_t count,
                     const char *stamps, size_t stamps_length)
{
    cleanup_buffer struct sn__buffer record = {0};
    cleanup_close int files = -1, fd = -1;
    int r = 0;

    if (mkdirat(at, "files", 0755) < 0)
        return -errno;
    files = openat(at, "files", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (files < 0 || fchmod(files, 0755) < 0)
        return -errno;
    for (size_t i = 0; r == 0 && i < count; i++) {
        r = write_file(files, &list[i]);
        if (r == 0)
            r = describe(files, list[i].path, &record);
    }
    if (r < 0)
        return r;
    sn__buffer_add(&record, "\n", 1);
    sn__buffer_add(&record, stamps, stamps_length);
    if (record.failed)
        return -ENOMEM;
    r = sn__sealed_write(at, "record", key, record.data, record.length, &fd);
    if (r == 0 && (fsync(fd) < 0 || fsync(files) < 0 || fsync(at) < 0))
        r = -errno;
    return r;
}

/* So many may stay; the record's time is that of the last use. */
static void evict(const struct sn__cache *cache)
{
    for (;;) {
        int fd = openat(cache->prepared, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        cleanup_dir DIR *directory = fd < 0 ? NULL : fdopendir(fd);
        char oldest[NAME_MAX + 1] = "", path[NAME_MAX + 16];
        struct timespec least = {0};
        const struct dirent *entry;
        unsigned count = 0;

        if (!directory) {
            sn__close(fd);
            return;
        }
        while ((entry = readdir(directory))) {
            struct stat about = {0};

            if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                continue;
            count++;
            snprintf(path, sizeof(path), "%s/record", entry->d_name);
            /* one without a record is the oldest of all */
            (void)fstatat(cache->prepared, path, &about, AT_SYMLINK_NOFOLLOW);
            if (!oldest[0] || about.st_mtim.tv_sec < least.tv_sec ||
                (about.st_mtim.tv_sec == least.tv_sec && about.st_mtim.tv_nsec < least.tv_nsec)) {
                least = about.st_mtim;
                snprintf(oldest, sizeof(oldest), "%s", entry->d_name);
            }
        }
        if (count < SN__CACHE_PREPARED_MAX)
            return;
        sn__cache_remove(cache->prepared, oldest);
        if (faccessat(cache->prepared, oldest, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
            return;
    }
}

int sn__prepared_put(struct sn__cache *cache, const uint8_t key[SN__DIGEST_SIZE], const struct sn__prepared_file *files,
                     size_t count, const char *stamps, size_t stamps_length)
{
    char name[SN__DIGEST_HEX_SIZE], temporary[64];
    cleanup_close int at = -1;
    int r = sn__cache_lock(cache);

    if (r < 0)
        return r;
    sn__cache_sweep(cache);
    sn__cache_unlock(cache);
    sn__digest_hex(key, name);
    sn__cache_unique_name(temporary);
    at = sn__cache_open_directory(cache->tmp, temporary);
    if (at < 0)
        return at;
    r = flock(at, LOCK_EX | LOCK_NB) < 0 ? -errno : write_all(at, key, files, count, stamps, stamps_length);
    if (r == 0)
        r = sn__cache_lock(cache);
    if (r == 0) {
        evict(cache);
        sn__cache_remove(cache->prepared, name);
        r = renameat(cache->tmp, temporary, cache->prepared, name) < 0 || fsync(cache->prepared) < 0 ? -errno : 0;
        sn__cache_unlock(cache);
    }
    if (r < 0)
        sn__cache_remove(cache->tmp, temporary);
    return r;
}
