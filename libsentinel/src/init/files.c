/* SPDX-License-Identifier: MIT */
/*
 * File operations for the host, between runs. PID 1 does the look-up because only it may enter the work directory of
 * every sandbox (rootless too) and because here nothing of the host can be reached: every path is resolved beneath the
 * work directory without following a link, and what is opened is a regular file or it is refused. The host gets a
 * descriptor, never a name to open again.
 */
#include "init/init.h"

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/openat2.h>
#include <linux/stat.h>

#include <asm/statfs.h>

static long open_beneath(int dirfd, const char *path, uint64_t flags, uint64_t mode)
{
    struct open_how how = {
        .flags = flags | O_CLOEXEC,
        .mode = mode,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
    };

    return sn__sys(__NR_openat2, dirfd, path[0] ? path : ".", &how, sizeof(how));
}

static long file_type(long fd, struct statx *ret_stat)
{
    return sn__sys(__NR_statx, fd, "", 0x1000 /* AT_EMPTY_PATH */, STATX_BASIC_STATS, ret_stat);
}

/* What the files of /work and /tmp take of memory. */
uint64_t files_bytes(const struct init *init)
{
    uint64_t bytes = 0;

    for (int i = 0; i < 2; i++) {
        struct statfs fs;

        if (sn__sys(__NR_fstatfs, init->kept_fds[i], &fs) == 0)
            bytes += (uint64_t)(fs.f_blocks - fs.f_bfree) * (uint64_t)fs.f_bsize;
    }
    return bytes;
}

static long read_file(const struct init *init, const char *path)
{
    struct statx stat;
    /* O_NONBLOCK: a FIFO is opened and refused instead of waited for */
    long fd = open_beneath(init->work_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    long r;

    if (fd < 0)
        return fd;
    r = file_type(fd, &stat);
    if (r == 0 && (stat.stx_mode & S_IFMT) != S_IFREG)
        r = (stat.stx_mode & S_IFMT) == S_IFDIR ? -EISDIR : -ENXIO;
    if (r < 0) {
        sn__sys(__NR_close, fd);
        return r;
    }
    return fd;
}

/* The path above the last component, "" for the work directory itself; *ret_name points to that component. */
static void split_path(const char *path, char parent[static SN__PATH_MAX], const char **ret_name)
{
    size_t length = strlen(path);

    while (length > 0 && path[length - 1] != '/')
        length--;
    *ret_name = path + length;
    memcpy(parent, path, length ? length - 1 : 0);
    parent[length ? length - 1 : 0] = '\0';
}

static long open_parent(const struct init *init, const char *path, const char **ret_name)
{
    char parent[SN__PATH_MAX];

    split_path(path, parent, ret_name);
    return open_beneath(init->work_fd, parent, O_PATH | O_DIRECTORY, 0);
}

static long make_directory(const struct init *init, const char *path)
{
    char part[SN__PATH_MAX];
    size_t length = strlen(path);

    for (size_t i = 1; i <= length; i++) {
        const char *name;
        long fd, parent, r;

        if (i < length && path[i] != '/')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        fd = open_beneath(init->work_fd, part, O_PATH | O_DIRECTORY, 0);
        if (fd == -ENOENT) {
            parent = open_parent(init, part, &name);
            if (parent < 0)
                return parent;
            r = sn__sys(__NR_mkdirat, parent, name, 0755);
            if (r == 0)
                r = sn__sys(__NR_fchownat, parent, name, init->plan->uid, init->plan->gid, AT_SYMLINK_NOFOLLOW);
            sn__sys(__NR_close, parent);
            if (r < 0)
                return r;
            continue;
        }
        if (fd < 0)
            return fd;
        sn__sys(__NR_close, fd);
    }
    return 0;
}

/*
 * A new inode always: what the program may have made of the old one (a hard link, a mapping) is not written to.
 * Something that is not a regular file keeps its place and is refused.
 */
static long create_file(const struct init *init, const char *path, uint32_t mode)
{
    const char *name;
    struct statx stat;
    char parent_path[SN__PATH_MAX];
    long parent, fd, r;

    split_path(path, parent_path, &name);
    r = make_directory(init, parent_path);
    if (r < 0)
        return r;
    parent = open_beneath(init->work_fd, parent_path, O_PATH | O_DIRECTORY, 0);
    if (parent < 0)
        return parent;
    r = sn__sys(__NR_statx, parent, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &stat);
    if (r == 0) {
        if ((stat.stx_mode & S_IFMT) == S_IFREG)
            r = sn__sys(__NR_unlinkat, parent, name, 0);
        else
            r = (stat.stx_mode & S_IFMT) == S_IFDIR ? -EISDIR : (stat.stx_mode & S_IFMT) == S_IFLNK ? -ELOOP : -ENXIO;
    } else if (r == -ENOENT) {
        r = 0;
    }
    fd = r < 0 ? r : open_beneath((int)parent, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
    sn__sys(__NR_close, parent);
    if (fd < 0)
        return fd;
    r = sn__sys(__NR_fchown, fd, init->plan->uid, init->plan->gid);
    if (r == 0)
        r = sn__sys(__NR_fchmod, fd, mode & 0777);
    if (r < 0) {
        sn__sys(__NR_close, fd);
        return r;
    }
    return fd;
}

static long remove_file(const struct init *init, const char *path)
{
    const char *name;
    long parent = open_parent(init, path, &name);
    long r;

    if (parent < 0)
        return parent;
    r = sn__sys(__NR_unlinkat, parent, name, 0);
    sn__sys(__NR_close, parent);
    return r;
}

static long list_entries(long directory, long out)
{
    static char bytes[32768] __attribute__((aligned(8)));
    uint32_t count = 0;
    long n;

    while ((n = sn__sys(__NR_getdents64, directory, bytes, sizeof(bytes))) > 0) {
        for (long at = 0; at < n;) {
            const struct directory_entry *entry = (const struct directory_entry *)(const void *)(bytes + at);
            struct sn__list_entry item = {.name_length = (uint32_t)strlen(entry->name)};
            struct statx stat;
            long r;

            at += entry->length;
            if (entry->name[0] == '.' && (item.name_length == 1 || (item.name_length == 2 && entry->name[1] == '.')))
                continue;
            if (++count > SN__LIST_MAX)
                return -E2BIG;
            r = sn__sys(__NR_statx, directory, entry->name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &stat);
            if (r < 0)
                return r;
            item.bytes = stat.stx_size;
            item.mode = stat.stx_mode;
            r = sn__sys(__NR_write, out, &item, sizeof(item));
            if (r == sizeof(item))
                r = sn__sys(__NR_write, out, entry->name, item.name_length);
            if (r < 0 || r != item.name_length)
                return r < 0 ? r : -ENOSPC;
        }
    }
    return n;
}

static long list_directory(const struct init *init, const char *path)
{
    long directory = open_beneath(init->work_fd, path, O_RDONLY | O_DIRECTORY, 0);
    long out, r;

    if (directory < 0)
        return directory;
    out = sn__sys(__NR_memfd_create, "listing", 1 /* MFD_CLOEXEC */);
    r = out < 0 ? out : list_entries(directory, out);
    sn__sys(__NR_close, directory);
    if (r < 0) {
        if (out >= 0)
            sn__sys(__NR_close, out);
        return r;
    }
    return out;
}

static int file_operation(const struct init *init, const struct sn__message_file *request, int *ret_fd)
{
    long r;

    switch (request->op) {
    case SN__FILE_READ:
        r = read_file(init, request->path);
        break;
    case SN__FILE_CREATE:
        r = create_file(init, request->path, request->mode);
        break;
    case SN__FILE_MKDIR:
        return (int)make_directory(init, request->path);
    case SN__FILE_REMOVE:
        return (int)remove_file(init, request->path);
    case SN__FILE_LIST:
        r = list_directory(init, request->path);
        break;
    default:
        return -EINVAL;
    }
    if (r < 0)
        return (int)r;
    *ret_fd = (int)r;
    return 0;
}

void files_serve(struct init *init, const struct sn__message *request)
{
    struct sn__message reply = {.type = SN__MSG_FILE_REPLY, .serial = request->serial};
    int fd = -1, r;

    reply.failure.error = -file_operation(init, &request->file, &fd);
    init->is_handing_over = 1;
    r = init_send(&reply, fd);
    if (fd >= 0)
        sn__sys(__NR_close, fd);
    init->is_handing_over = 0;
    if (r < 0) { /* perhaps it is the descriptor that cannot go (ETOOMANYREFS, ENOMEM) */
        reply.failure.error = -r;
        init_must_send(&reply);
    }
}
