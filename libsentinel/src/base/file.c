/* SPDX-License-Identifier: MIT */
#include "base/file.h"

#include "base/buffer.h"
#include "base/cleanup.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

int sn__file_read_at(int dirfd, const char *path, size_t max, char **ret_text, size_t *ret_length)
{
    cleanup_buffer struct sn__buffer buffer = {0};
    cleanup_close int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    char *text;

    if (fd < 0)
        return -errno;
    for (;;) {
        char *room = sn__buffer_reserve(&buffer, 4096);
        ssize_t n;

        if (!room)
            return -ENOMEM;
        n = read(fd, room, 4096);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        buffer.length += (size_t)n;
        if (buffer.length > max)
            return -EFBIG;
    }
    sn__buffer_add(&buffer, "", 0);
    text = sn__buffer_steal(&buffer, ret_length);
    if (!text)
        return -ENOMEM;
    *ret_text = text;
    return 0;
}

ssize_t sn__fd_write_quietly(int fd, const void *data, size_t length)
{
    const struct timespec at_once = {0};
    sigset_t raised, old, pending;
    ssize_t n;
    int saved, which;

    sigemptyset(&raised);
    sigaddset(&raised, SIGPIPE);
    sigaddset(&raised, SIGXFSZ);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &raised, &old);
    do
        n = write(fd, data, length);
    while (n < 0 && errno == EINTR);
    saved = errno;
    which = n >= 0 ? 0 : saved == EPIPE ? SIGPIPE : saved == EFBIG ? SIGXFSZ : 0;
    if (which && sigismember(&pending, which) != 1) {
        sigemptyset(&raised);
        sigaddset(&raised, which);
        while (sigtimedwait(&raised, NULL, &at_once) < 0 && errno == EINTR)
            ;
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    errno = saved;
    return n;
}

int sn__fd_write_all(int fd, const void *data, size_t length)
{
    const char *at = data;

    while (length) {
        ssize_t n = sn__fd_write_quietly(fd, at, length);

        if (n < 0)
            return -errno;
        at += n;
        length -= (size_t)n;
    }
    return 0;
}

int sn__file_write_at(int dirfd, const char *path, const char *text)
{
    cleanup_close int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    ssize_t n;

    if (fd < 0)
        return -errno;
    do /* the kernel's own files take all of it at once */
        n = write(fd, text, strlen(text));
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : 0;
}

static int parse_u64(const char *text, uint64_t *ret_value)
{
    char *end;
    unsigned long long value;

    if (strncmp(text, "max", 3) == 0) {
        *ret_value = UINT64_MAX;
        return 0;
    }
    errno = 0;
    value = strtoull(text, &end, 10);
    if (end == text || errno)
        return -EINVAL;
    *ret_value = value;
    return 0;
}

/* Counters are read many times in a run, and never longer than this: no allocation. */
static int read_short(int fd, char *text, size_t size)
{
    ssize_t n;

    do
        n = pread(fd, text, size - 1, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
    text[n] = '\0';
    return 0;
}

int sn__fd_read_u64(int fd, uint64_t *ret_value)
{
    char text[64];
    int r = read_short(fd, text, sizeof(text));

    return r < 0 ? r : parse_u64(text, ret_value);
}

int sn__file_read_u64_at(int dirfd, const char *path, uint64_t *ret_value)
{
    cleanup_close int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);

    return fd < 0 ? -errno : sn__fd_read_u64(fd, ret_value);
}

int sn__text_find_key(const char *text, const char *key, uint64_t *ret_value)
{
    size_t length = strlen(key);

    for (const char *at = text; at; at = strchr(at, '\n')) {
        if (*at == '\n')
            at++;
        if (strncmp(at, key, length) == 0 && at[length] == ' ')
            return parse_u64(at + length + 1, ret_value);
    }
    return -ENOENT;
}

int sn__fd_read_key(int fd, const char *key, uint64_t *ret_value)
{
    char text[4096];
    int r = read_short(fd, text, sizeof(text));

    return r < 0 ? r : sn__text_find_key(text, key, ret_value);
}

int sn__file_read_key_at(int dirfd, const char *path, const char *key, uint64_t *ret_value)
{
    cleanup_close int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);

    return fd < 0 ? -errno : sn__fd_read_key(fd, key, ret_value);
}

int sn__file_write_u64_at(int dirfd, const char *path, uint64_t value)
{
    char text[32];

    snprintf(text, sizeof(text), "%" PRIu64, value);
    return sn__file_write_at(dirfd, path, text);
}

int sn__file_sealed_memfd(const char *name, const void *data, size_t length)
{
    cleanup_close int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    int r;

    if (fd < 0)
        return -errno;
    r = sn__fd_write_all(fd, data, length);
    if (r < 0)
        return r;
    if (lseek(fd, 0, SEEK_SET) < 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
        return -errno;
    return steal_fd(&fd);
}
