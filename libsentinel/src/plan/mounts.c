/* SPDX-License-Identifier: MIT */
/* What the sandbox sees, as data: this file reads like a listing of its root directory. */
#include "plan/plan.h"

#include "base/error.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define SYMLINK_MAX 4096

static int add(struct sn__planner *planner, const struct sn__plan_mount *shape, const char *source, const char *target)
{
    struct sn__plan_mount mount = *shape;

    mount.source = sn__planner_string(planner, source);
    mount.target = sn__planner_string(planner, target);
    sn__buffer_add(&planner->mounts, &mount, sizeof(mount));
    return 0;
}

static void add_directory(struct sn__planner *planner, const char *target)
{
    add(planner, &(struct sn__plan_mount){.kind = SN__MOUNT_DIRECTORY, .fd = -1}, "", target);
}

static void add_symlink(struct sn__planner *planner, const char *points_to, const char *target)
{
    add(planner, &(struct sn__plan_mount){.kind = SN__MOUNT_SYMLINK, .fd = -1}, points_to, target);
}

static void add_file(struct sn__planner *planner, const char *content, const char *target)
{
    add(planner, &(struct sn__plan_mount){.kind = SN__MOUNT_FILE, .fd = -1}, content, target);
}

static void add_tmpfs(struct sn__planner *planner, const char *target, uint64_t bytes, uint64_t inodes, uint32_t mode,
                      uint32_t flags)
{
    add(planner,
        &(struct sn__plan_mount){.kind = SN__MOUNT_TMPFS,
                                 .fd = -1,
                                 .bytes = bytes,
                                 .inodes = inodes,
                                 .mode = mode,
                                 .flags = flags | SN__MOUNT_FLAG_WRITABLE | SN__MOUNT_FLAG_IS_DIR},
        "", target);
}

static int add_bind(struct sn__planner *planner, const char *source, const char *target, uint32_t flags,
                    sn_error **ret_error)
{
    struct sn__plan_mount mount = {.kind = SN__MOUNT_BIND, .fd = -1, .flags = flags};
    struct sn__plan_source id;
    struct stat stat_of_source;

    if (stat(source, &stat_of_source) < 0)
        return sn__error_errno(ret_error, errno, "plan mounts", "cannot use '%s'", source);
    if (S_ISDIR(stat_of_source.st_mode))
        mount.flags |= SN__MOUNT_FLAG_IS_DIR;
    id = (struct sn__plan_source){stat_of_source.st_dev, stat_of_source.st_ino};
    mount.fd = (int32_t)(planner->sources.length / sizeof(id));
    sn__buffer_add(&planner->sources, &id, sizeof(id));
    return add(planner, &mount, source, target);
}

/* A name directly below the root of a tree: a symbolic link becomes the same link, anything else a read-only bind. */
static int add_top_level(struct sn__planner *planner, const char *tree, const char *name, sn_error **ret_error)
{
    char source[PATH_MAX], target[NAME_MAX + 2], link[SYMLINK_MAX];
    struct stat stat_of_source;
    ssize_t n;

    snprintf(target, sizeof(target), "/%s", name);
    if (snprintf(source, sizeof(source), "%s/%s", strcmp(tree, "/") == 0 ? "" : tree, name) >= (int)sizeof(source))
        return sn__error_set(ret_error, SN_EINVAL, "plan mounts", "the path of '%s' is too long", name);
    if (lstat(source, &stat_of_source) < 0)
        return errno == ENOENT ? 0 : sn__error_errno(ret_error, errno, "plan mounts", "cannot use '%s'", source);
    if (S_ISLNK(stat_of_source.st_mode)) {
        n = readlink(source, link, sizeof(link) - 1);
        if (n < 0)
            return sn__error_errno(ret_error, errno, "plan mounts", "cannot read the link '%s'", source);
        link[n] = '\0';
        add_symlink(planner, link, target);
        return 0;
    }
    if (!S_ISDIR(stat_of_source.st_mode) && !S_ISREG(stat_of_source.st_mode))
        return 0;
    return add_bind(planner, source, target, 0, ret_error);
}

static int add_optional_bind(struct sn__planner *planner, const char *path, sn_error **ret_error)
{
    cleanup_free char *source = realpath(path, NULL);

    /* absent, or out of reach for this user: the program is none the worse */
    return source && access(source, R_OK) == 0 ? add_bind(planner, source, path, 0, ret_error) : 0;
}

/* The host's programs and libraries, and of /etc what the loader and the tools need: no accounts, keys or settings. */
static int add_host_directories(struct sn__planner *planner, sn_error **ret_error)
{
    static const char *const top_level[] = {"usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32"};
    static const char *const etc[] = {"/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d",
                                      "/etc/localtime"};
    int r;

    for (size_t i = 0; i < SN_ARRAY_SIZE(top_level); i++) {
        r = add_top_level(planner, "/", top_level[i], ret_error);
        if (r < 0)
            return r;
    }
    for (size_t i = 0; i < SN_ARRAY_SIZE(etc); i++) {
        r = add_optional_bind(planner, etc[i], ret_error);
        if (r < 0)
            return r;
    }
    add_file(planner,
             "root:x:0:0:root:/:/usr/sbin/nologin\n"
             "sandbox:x:1000:1000:sandbox:/work:/bin/sh\n"
             "nobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n",
             "/etc/passwd");
    add_file(planner, "root:x:0:\nsandbox:x:1000:\nnogroup:x:65534:\n", "/etc/group");
    add_file(planner, "127.0.0.1 localhost\n::1 localhost\n", "/etc/hosts");
    add_file(planner, "passwd: files\ngroup: files\nhosts: files\n", "/etc/nsswitch.conf");
    return 0;
}

/* These are the sandbox's own whatever the tree has; a tree without them (or with links in their place) is fine. */
static bool is_provided(const char *name)
{
    static const char *const provided[] = {".", "..", "dev", "proc", "sys", "tmp", "work", ".old"};

    for (size_t i = 0; i < SN_ARRAY_SIZE(provided); i++)
        if (strcmp(name, provided[i]) == 0)
            return true;
    return false;
}

static int add_tree(struct sn__planner *planner, const char *tree, sn_error **ret_error)
{
    cleanup_dir DIR *dir = opendir(tree);
    struct dirent *entry;
    bool is_empty = true;

    if (!dir)
        return sn__error_errno(ret_error, errno, "plan mounts", "cannot read the rootfs '%s'", tree);
    while ((errno = 0, entry = readdir(dir))) {
        int r;

        if (is_provided(entry->d_name))
            continue;
        is_empty = false;
        r = add_top_level(planner, tree, entry->d_name, ret_error);
        if (r < 0)
            return r;
    }
    if (errno)
        return sn__error_errno(ret_error, errno, "plan mounts", "cannot read the rootfs '%s'", tree);
    if (is_empty)
        return sn__error_set(ret_error, SN_EINVAL, "plan mounts", "the rootfs '%s' has nothing in it to run", tree);
    return 0;
}

static int add_dev(struct sn__planner *planner, sn_error **ret_error)
{
    static const char *const devices[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"};

    /* a read-only mount does not keep anybody from writing to a device, only from changing its node: its times, say */
    for (size_t i = 0; i < SN_ARRAY_SIZE(devices); i++) {
        int r = add_bind(planner, devices[i], devices[i], SN__MOUNT_FLAG_DEVICE, ret_error);

        if (r < 0)
            return r;
    }
    add_symlink(planner, "/proc/self/fd", "/dev/fd");
    add_symlink(planner, "/proc/self/fd/0", "/dev/stdin");
    add_symlink(planner, "/proc/self/fd/1", "/dev/stdout");
    add_symlink(planner, "/proc/self/fd/2", "/dev/stderr");
    planner->shm = (uint32_t)(planner->mounts.length / sizeof(struct sn__plan_mount));
    add_tmpfs(planner, "/dev/shm", planner->spec->shm_bytes, 1024, 01777, 0);
    return 0;
}

static bool is_below(const char *path, const char *directory)
{
    size_t n = strlen(directory);

    return strncmp(path, directory, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

static int add_callers(struct sn__planner *planner, sn_error **ret_error)
{
    for (size_t i = 0; i < planner->spec->mount_count; i++) {
        const struct sn__spec_mount *mount = &planner->spec->mounts[i];
        uint32_t flags = 0;
        int r;

        if (is_below(mount->target, "/proc") || is_below(mount->target, "/dev") || is_below(mount->target, "/.old"))
            return sn__error_set(ret_error, SN_EINVAL, "plan mounts", "a mount cannot have its target in %s",
                                 mount->target);
        if (mount->flags & SN_MOUNT_WRITABLE)
            flags |= SN__MOUNT_FLAG_WRITABLE;
        if (mount->flags & SN_MOUNT_NOEXEC)
            flags |= SN__MOUNT_FLAG_NOEXEC;
        r = add_bind(planner, mount->source, mount->target, flags, ret_error);
        if (r < 0)
            return r;
    }
    return 0;
}

int sn__plan_mounts(struct sn__planner *planner, sn_error **ret_error)
{
    const struct sn__spec *spec = planner->spec;
    int r;

    if (spec->rootfs)
        r = add_tree(planner, spec->rootfs, ret_error);
    else if (spec->layers & SN_LAYER_ROOT)
        r = add_host_directories(planner, ret_error);
    else
        r = add_tree(planner, "/", ret_error);
    if (r == 0)
        r = add_dev(planner, ret_error);
    if (r < 0)
        return r;
    if (spec->layers & SN_LAYER_PROC)
        add(planner, &(struct sn__plan_mount){.kind = SN__MOUNT_PROC, .fd = -1}, "", "/proc");
    else
        add_directory(planner, "/proc");
    add_tmpfs(planner, "/tmp", spec->tmp_bytes, spec->tmp_inodes, 01777, 0);
    add_tmpfs(planner, "/work", spec->work_bytes, spec->work_inodes, 0700, SN__MOUNT_FLAG_OWNED);
    return add_callers(planner, ret_error);
}

int sn__plan_open_sources(struct sn__planner *planner, sn_error **ret_error)
{
    struct sn__plan_mount *mounts = (struct sn__plan_mount *)(void *)planner->mounts.data;
    size_t count = planner->mounts.length / sizeof(*mounts);

    if (planner->mounts.failed || planner->strings.failed)
        return sn__error_nomem(ret_error);
    for (size_t i = 0; i < count; i++) {
        const char *source = planner->strings.data + mounts[i].source;
        int fd;

        if (mounts[i].kind != SN__MOUNT_BIND)
            continue;
        if (planner->fd_count >= SN__SETUP_SOURCES_MAX)
            return sn__error_set(ret_error, SN_EINVAL, "plan mounts", "too many mounts: at most %d",
                                 SN__SETUP_SOURCES_MAX);
        fd = open_tree(AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_SYMLINK_NOFOLLOW);
        if (fd < 0 && errno != EPERM)
            return sn__error_errno(ret_error, errno, "plan mounts", "cannot open the mount source '%s'", source);
        mounts[i].fd = fd < 0 ? -1 : (int32_t)planner->fd_count;
        if (fd >= 0)
            planner->fds[planner->fd_count++] = fd;
    }
    return 0;
}

/* Is it in a file system that each sandbox has for itself? */
static bool is_in_own(const struct sn__planner *whole, const char *target)
{
    const struct sn__plan_mount *mounts = (const struct sn__plan_mount *)(const void *)whole->mounts.data;

    for (size_t i = 0; i < whole->mounts.length / sizeof(*mounts); i++)
        if (mounts[i].kind == SN__MOUNT_TMPFS && is_below(target, whole->strings.data + mounts[i].target))
            return true;
    return false;
}

int sn__plan_split(const struct sn__planner *whole, struct sn__planner *ret_tree, struct sn__planner *ret_rest,
                   sn_error **ret_error)
{
    const struct sn__plan_mount *mounts = (const struct sn__plan_mount *)(const void *)whole->mounts.data;

    if (whole->mounts.failed || whole->strings.failed || whole->sources.failed)
        return sn__error_nomem(ret_error);
    ret_tree->spec = ret_rest->spec = whole->spec;
    ret_tree->ids = ret_rest->ids = whole->ids;
    for (size_t i = 0; i < whole->mounts.length / sizeof(*mounts); i++) {
        const char *source = whole->strings.data + mounts[i].source;
        const char *target = whole->strings.data + mounts[i].target;

        switch (mounts[i].kind) {
        case SN__MOUNT_TMPFS:
        case SN__MOUNT_PROC:
            add_directory(ret_tree, target);
            if (i == whole->shm)
                ret_rest->shm = (uint32_t)(ret_rest->mounts.length / sizeof(*mounts));
            add(ret_rest, &mounts[i], source, target);
            break;
        case SN__MOUNT_BIND:
            /* what is writable belongs to a sandbox, and Landlock has to hear of it */
            if ((mounts[i].flags & SN__MOUNT_FLAG_WRITABLE) || is_in_own(whole, target))
                return 1;
            sn__buffer_add(&ret_tree->sources,
                           whole->sources.data + (size_t)mounts[i].fd * sizeof(struct sn__plan_source),
                           sizeof(struct sn__plan_source));
            add(ret_tree, &mounts[i], source, target);
            break;
        default:
            add(ret_tree, &mounts[i], source, target);
            break;
        }
    }
    /*
     * The kernel mounts a proc only where one can be seen already. This one is of processes that are gone by then:
     * there is nothing in it, and the sandbox's own is mounted over it.
     */
    add(ret_tree, &(struct sn__plan_mount){.kind = SN__MOUNT_PROC, .fd = -1}, "", "/proc");
    return ret_tree->mounts.failed || ret_tree->strings.failed || ret_tree->sources.failed || ret_rest->mounts.failed ||
                   ret_rest->strings.failed
               ? sn__error_nomem(ret_error)
               : 0;
}
