/* SPDX-License-Identifier: MIT */
/* Sealed files: named by what they were made for, and compared with their digest whenever they are read. */
#include "base/cleanup.h"
#include "base/file.h"
#include "cache/cache.h"

#include <endian.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

static const char mark[16] = "sentinel-cache1\n";

/* Where the parts of a seal begin. */
enum { AT_KEY = 16, AT_LENGTH = AT_KEY + SN__DIGEST_SIZE, AT_DIGEST = AT_LENGTH + 8 };
_Static_assert(AT_DIGEST + SN__DIGEST_SIZE == SN__SEAL_BYTES, "the seal is longer or shorter than is said");

void sn__seal_make(const uint8_t key[SN__DIGEST_SIZE], const void *data, size_t length,
                   uint8_t ret_seal[SN__SEAL_BYTES])
{
    uint64_t bytes = htole64(length);
    struct sn__digest digest;

    memcpy(ret_seal, mark, sizeof(mark));
    memcpy(ret_seal + AT_KEY, key, SN__DIGEST_SIZE);
    memcpy(ret_seal + AT_LENGTH, &bytes, sizeof(bytes));
    sn__digest_init(&digest);
    sn__digest_add(&digest, ret_seal, AT_DIGEST);
    sn__digest_add(&digest, data, length);
    sn__digest_end(&digest, ret_seal + AT_DIGEST);
}

bool sn__seal_holds(const uint8_t seal[SN__SEAL_BYTES], const uint8_t key[SN__DIGEST_SIZE], const void *data,
                    size_t length)
{
    uint8_t wanted[SN__SEAL_BYTES];

    sn__seal_make(key, data, length, wanted);
    return memcmp(seal, wanted, sizeof(wanted)) == 0;
}

/* All of an open file of this size, the seal first. */
static int read_whole(int fd, size_t length, uint8_t seal[SN__SEAL_BYTES], char **ret_data)
{
    cleanup_free char *data = malloc(length + 1);

    if (!data)
        return -ENOMEM;
    for (size_t done = 0; done < SN__SEAL_BYTES + length;) {
        bool in_seal = done < SN__SEAL_BYTES;
        char *to = in_seal ? (char *)seal + done : data + (done - SN__SEAL_BYTES);
        size_t room = in_seal ? SN__SEAL_BYTES - done : length - (done - SN__SEAL_BYTES);
        ssize_t n = read(fd, to, room);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EBADMSG;
        done += (size_t)n;
    }
    data[length] = '\0';
    *ret_data = steal_ptr(&data);
    return 0;
}

static bool is_as_written(const struct stat *about)
{
    return S_ISREG(about->st_mode) && about->st_uid == geteuid() && (about->st_mode & 07777) == 0600 &&
           about->st_nlink == 1 && about->st_size >= SN__SEAL_BYTES &&
           (uint64_t)about->st_size <= SN__SEAL_BYTES + SN__CACHE_ENTRY_MAX_BYTES;
}

int sn__sealed_read(int at, const char *name, const uint8_t key[SN__DIGEST_SIZE], char **ret_data, size_t *ret_length)
{
    cleanup_close int fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    cleanup_free char *data = NULL;
    uint8_t seal[SN__SEAL_BYTES];
    struct stat about;
    size_t length;
    int r;

    if (fd < 0 && errno == ENOENT)
        return 0;
    /* a program that has no descriptor or memory left is no reason to remove anything */
    if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM))
        return -errno;
    if (fd < 0 || fstat(fd, &about) < 0 || !is_as_written(&about)) {
        sn__cache_remove(at, name);
        return 0;
    }
    length = (size_t)about.st_size - SN__SEAL_BYTES;
    r = read_whole(fd, length, seal, &data);
    if (r == -ENOMEM)
        return r;
    if (r < 0 || !sn__seal_holds(seal, key, data, length)) {
        sn__cache_remove(at, name);
        return 0;
    }
    /* the last use, for who removes the longest unused; where it cannot be written, it is the first */
    futimens(fd, NULL);
    *ret_data = steal_ptr(&data);
    *ret_length = length;
    return 1;
}

int sn__sealed_write(int at, const char *name, const uint8_t key[SN__DIGEST_SIZE], const void *data, size_t length,
                     int *ret_fd)
{
    cleanup_close int fd = openat(at, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    uint8_t seal[SN__SEAL_BYTES];
    int r = 0;

    if (fd < 0)
        return -errno;
    if (flock(fd, LOCK_EX | LOCK_NB) < 0 || fchmod(fd, 0600) < 0)
        r = -errno;
    if (r == 0) {
        sn__seal_make(key, data, length, seal);
        r = sn__fd_write_all(fd, seal, sizeof(seal));
    }
    if (r == 0)
        r = sn__fd_write_all(fd, data, length);
    if (r < 0) {
        unlinkat(at, name, 0);
        return r;
    }
    *ret_fd = steal_fd(&fd);
    return 0;
}

int sn__cache_get(struct sn__cache *cache, enum sn__cache_kind kind, const uint8_t key[SN__DIGEST_SIZE],
                  char **ret_data, size_t *ret_length)
{
    char name[SN__DIGEST_HEX_SIZE];

    sn__digest_hex(key, name);
    return sn__sealed_read(cache->kinds[kind], name, key, ret_data, ret_length);
}

/* ---- the bound ---- */

struct kept {
    char name[SN__DIGEST_HEX_SIZE];
    struct timespec used;
    uint64_t bytes;
};

static uint64_t on_disk(uint64_t bytes)
{
    return (bytes + 4095) / 4096 * 4096;
}

static int by_use(const void *a, const void *b)
{
    const struct timespec *x = &((const struct kept *)a)->used, *y = &((const struct kept *)b)->used;

    if (x->tv_sec != y->tv_sec)
        return x->tv_sec < y->tv_sec ? -1 : 1;
    return x->tv_nsec < y->tv_nsec ? -1 : x->tv_nsec > y->tv_nsec;
}

/* What is there; what cannot be an entry is removed on the way. */
static int list_kept(int at, struct kept **ret_list, size_t *ret_count, uint64_t *ret_bytes)
{
    int fd = openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_dir DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    cleanup_free struct kept *list = NULL;
    size_t count = 0, capacity = 0;
    const struct dirent *entry;
    uint64_t bytes = 0;

    if (!directory) {
        sn__close(fd);
        return -errno;
    }
    while ((entry = readdir(directory))) {
        struct stat about;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (fstatat(at, entry->d_name, &about, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        if (!is_as_written(&about) || strlen(entry->d_name) != SN__DIGEST_HEX_SIZE - 1) {
            sn__cache_remove(at, entry->d_name);
            continue;
        }
        if (count == capacity) {
            struct kept *grown = reallocarray(list, capacity ? 2 * capacity : 64, sizeof(*list));

            if (!grown)
                return -ENOMEM;
            list = grown;
            capacity = capacity ? 2 * capacity : 64;
        }
        memcpy(list[count].name, entry->d_name, SN__DIGEST_HEX_SIZE);
        list[count].used = about.st_mtim;
        list[count++].bytes = on_disk((uint64_t)about.st_size);
        bytes += on_disk((uint64_t)about.st_size);
    }
    *ret_list = steal_ptr(&list);
    *ret_count = count;
    *ret_bytes = bytes;
    return 0;
}

/* Removes the longest unused until there is room for `bytes` more, and a tenth beside: the next ones need not look. */
static int evict(const struct sn__cache *cache, uint64_t bytes, uint64_t *ret_used)
{
    int at = cache->kinds[SN__CACHE_ARTIFACTS];
    uint64_t used = 0, most = cache->max_bytes - bytes;
    cleanup_free struct kept *list = NULL;
    size_t count = 0;
    int r = list_kept(at, &list, &count, &used);

    if (r < 0)
        return r;
    if (used > most) {
        qsort(list, count, sizeof(*list), by_use);
        most -= most / 10;
    }
    for (size_t i = 0; used > most && i < count; i++) {
        if (unlinkat(at, list[i].name, 0) < 0 && errno != ENOENT)
            return -errno;
        used -= list[i].bytes;
    }
    *ret_used = used;
    return 0;
}

/*
 * How much is kept is written down, as adding it up takes a look at every file. The figure is never too small: it is
 * raised before an entry gets its name, and not lowered when one that is broken is removed. Without it, or where it
 * reaches the bound, they are added up.
 */
static int make_room(const struct sn__cache *cache, uint64_t bytes)
{
    uint64_t used = 0;
    int r = sn__file_read_u64_at(cache->fd, "usage", &used);
    cleanup_close int fd = -1;
    char text[32];

    if (r < 0 || used > cache->max_bytes || bytes > cache->max_bytes - used) {
        r = evict(cache, bytes, &used);
        if (r < 0)
            return r;
    }
    snprintf(text, sizeof(text), "%020" PRIu64 "\n", used + bytes);
    fd = openat(cache->fd, "usage", O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    r = fd < 0 ? -errno : sn__fd_write_all(fd, text, strlen(text));
    if (r < 0)
        sn__cache_remove(cache->fd, "usage");
    return 0;
}

static int publish(const struct sn__cache *cache, enum sn__cache_kind kind, const char *temporary, const char *name,
                   uint64_t bytes)
{
    int r = sn__cache_lock(cache);

    if (r < 0)
        return r;
    if (kind == SN__CACHE_ARTIFACTS)
        r = make_room(cache, bytes);
    if (r == 0 && renameat(cache->tmp, temporary, cache->kinds[kind], name) < 0)
        r = -errno;
    if (r == -EISDIR) { /* something that was planted there */
        sn__cache_remove(cache->kinds[kind], name);
        r = renameat(cache->tmp, temporary, cache->kinds[kind], name) < 0 ? -errno : 0;
    }
    sn__cache_unlock(cache);
    return r;
}

int sn__cache_put(struct sn__cache *cache, enum sn__cache_kind kind, const uint8_t key[SN__DIGEST_SIZE],
                  const void *data, size_t length)
{
    uint64_t bytes = on_disk(SN__SEAL_BYTES + (uint64_t)length);
    char name[SN__DIGEST_HEX_SIZE], temporary[64];
    cleanup_close int fd = -1;
    int r;

    if (length > SN__CACHE_ENTRY_MAX_BYTES || (kind == SN__CACHE_ARTIFACTS && bytes > cache->max_bytes))
        return -EFBIG;
    r = sn__cache_lock(cache);
    if (r < 0)
        return r;
    sn__cache_sweep(cache);
    sn__cache_unlock(cache);
    sn__digest_hex(key, name);
    sn__cache_unique_name(temporary);
    /* somebody's sweep may take the file before its lock is: then there is one entry less */
    r = sn__sealed_write(cache->tmp, temporary, key, data, length, &fd);
    if (r < 0)
        return r;
    r = publish(cache, kind, temporary, name, bytes);
    if (r < 0)
        unlinkat(cache->tmp, temporary, 0);
    return r;
}
