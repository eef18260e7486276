/* SPDX-License-Identifier: MIT */
#include "cache/stamps.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define LINE_MAX_BYTES (PATH_MAX + 160)
#define DEPTH_MAX 32

static int64_t nanoseconds(const struct timespec *time)
{
    return (int64_t)time->tv_sec * 1000000000 + time->tv_nsec;
}

/* The line of a path as it is now, without its end; its length. */
static int render(const char *path, char line[LINE_MAX_BYTES])
{
    struct stat now;

    if (stat(path, &now) < 0)
        return snprintf(line, LINE_MAX_BYTES, "- %s", path);
    return snprintf(line, LINE_MAX_BYTES, "%" PRIu64 " %o %" PRId64 " %" PRId64 " %" PRId64 " %s", (uint64_t)now.st_ino,
                    (unsigned)now.st_mode, (int64_t)now.st_size, nanoseconds(&now.st_mtim), nanoseconds(&now.st_ctim),
                    path);
}

int sn__stamps_add(struct sn__buffer *list, const char *path)
{
    char line[LINE_MAX_BYTES];
    int length;

    if (path[0] != '/' || strlen(path) >= PATH_MAX || strchr(path, '\n'))
        return -EINVAL;
    length = render(path, line);
    sn__buffer_add(list, line, (size_t)length);
    sn__buffer_add(list, "\n", 1);
    return list->failed ? -ENOMEM : 0;
}

static int add_tree(struct sn__buffer *list, const char *path, bool files, int depth, unsigned *count)
{
    cleanup_dir DIR *directory = NULL;
    const struct dirent *entry;
    int fd, r;

    if (++*count > SN__STAMPS_MAX || depth > DEPTH_MAX)
        return -E2BIG;
    r = sn__stamps_add(list, path);
    if (r < 0)
        return r == -EINVAL ? 0 : r;
    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (depth ? O_NOFOLLOW : 0));
    directory = fd < 0 ? NULL : fdopendir(fd);
    if (!directory) {
        sn__close(fd);
        return 0;
    }
    while (r == 0 && (entry = readdir(directory))) {
        char below[PATH_MAX];
        struct stat about;
        bool is_directory = entry->d_type == DT_DIR;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (entry->d_type == DT_UNKNOWN)
            is_directory =
                fstatat(dirfd(directory), entry->d_name, &about, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(about.st_mode);
        if ((!is_directory && !files) || snprintf(below, sizeof(below), "%s/%s", path, entry->d_name) >= PATH_MAX)
            continue;
        if (is_directory)
            r = add_tree(list, below, files, depth + 1, count);
        else if (++*count > SN__STAMPS_MAX)
            r = -E2BIG;
        else if (sn__stamps_add(list, below) == -ENOMEM)
            r = -ENOMEM;
    }
    return r;
}

int sn__stamps_add_tree(struct sn__buffer *list, const char *path, bool files)
{
    unsigned count = 0;

    return add_tree(list, path, files, 0, &count);
}

/* Where the path begins in a line: behind its one field or its five. NULL if it is no line. */
static const char *path_of(const char *line)
{
    int fields = line[0] == '-' ? 1 : 5;

    while (fields-- > 0) {
        line = strchr(line, ' ');
        if (!line)
            return NULL;
        line++;
    }
    return line[0] == '/' ? line : NULL;
}

bool sn__stamps_hold(const char *list, size_t length)
{
    char line[LINE_MAX_BYTES], now[LINE_MAX_BYTES];

    for (size_t at = 0; at < length;) {
        const char *end = memchr(list + at, '\n', length - at), *path;
        size_t n = end ? (size_t)(end - (list + at)) : 0;

        if (n == 0 || n >= sizeof(line) || memchr(list + at, '\0', n))
            return false;
        memcpy(line, list + at, n);
        line[n] = '\0';
        path = path_of(line);
        if (!path || strlen(path) >= PATH_MAX)
            return false;
        render(path, now);
        if (strcmp(line, now) != 0)
            return false;
        at += n + 1;
    }
    return length > 0;
}
