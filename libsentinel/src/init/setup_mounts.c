/* SPDX-License-Identifier: MIT */
/*
 * The mount tree: a small tmpfs becomes the root at once, with the old root at /.old beneath it; everything the plan
 * declares is made in the new root; then the old one goes and the new one is made read-only.
 *
 * The new mount interface (fsopen, open_tree, move_mount, mount_setattr; Linux 5.12) works on descriptors, so a source
 * is what was opened, not what its path means a moment later.
 */
#include "init/init.h"

#include <sentinel/layer.h>

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/stat.h>

#include <asm/statfs.h>

#define MNT_DETACH 2
#define AT_RECURSIVE 0x8000
#define OLD_ROOT "/.old"
#define STAGING "/tmp" /* exists everywhere; hidden for the blink until pivot_root */

static long set_number(long fs, const char *key, uint64_t value, unsigned base)
{
    char text[32];

    rt_append_u64(text, sizeof(text), 0, value, base);
    return sn__sys(__NR_fsconfig, fs, FSCONFIG_SET_STRING, key, text, 0);
}

struct tmpfs {
    uint64_t bytes, inodes;
    uint32_t mode, uid, gid;
    unsigned attributes;
};

/* A detached tmpfs, or -errno. */
static long make_tmpfs(const struct tmpfs *tmpfs)
{
    long fs = sn__sys(__NR_fsopen, "tmpfs", FSOPEN_CLOEXEC);
    long r, mount;

    if (fs < 0)
        return fs;
    r = set_number(fs, "size", tmpfs->bytes, 10);
    if (r == 0)
        r = set_number(fs, "nr_inodes", tmpfs->inodes, 10);
    if (r == 0)
        r = set_number(fs, "mode", tmpfs->mode, 8);
    if (r == 0)
        r = set_number(fs, "uid", tmpfs->uid, 10);
    if (r == 0)
        r = set_number(fs, "gid", tmpfs->gid, 10);
    if (r == 0)
        r = sn__sys(__NR_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
    mount = r < 0 ? r : sn__sys(__NR_fsmount, fs, FSMOUNT_CLOEXEC, tmpfs->attributes);
    sn__sys(__NR_close, fs);
    return mount;
}

static long make_proc(void)
{
    long fs = sn__sys(__NR_fsopen, "proc", FSOPEN_CLOEXEC);
    long r, mount;

    if (fs < 0)
        return fs;
    r = sn__sys(__NR_fsconfig, fs, FSCONFIG_SET_STRING, "subset", "pid", 0);
    if (r == 0)
        r = sn__sys(__NR_fsconfig, fs, FSCONFIG_SET_STRING, "hidepid", "invisible", 0);
    if (r == 0)
        r = sn__sys(__NR_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
    mount = r < 0
                ? r
                : sn__sys(__NR_fsmount, fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    sn__sys(__NR_close, fs);
    return mount;
}

/* Opens below the new root without following any link: an untrusted root file system cannot lead us elsewhere. */
static long open_target(const char *path, uint64_t flags, uint64_t mode)
{
    struct open_how how = {
        .flags = flags | O_CLOEXEC, .mode = mode, .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};

    return sn__sys(__NR_openat2, AT_FDCWD, path, &how, sizeof(how));
}

static long close_ok(long fd)
{
    if (fd >= 0)
        sn__sys(__NR_close, fd);
    return fd < 0 ? fd : 0;
}

/* mkdir -p of `path` up to `length` bytes of it. */
static long make_directories(const char *path, size_t length)
{
    char part[SN__PATH_MAX];

    for (size_t i = 1; i <= length; i++) {
        long r;

        if (i < length && path[i] != '/')
            continue;
        if (i >= sizeof(part))
            return -ENAMETOOLONG;
        memcpy(part, path, i);
        part[i] = '\0';
        /* look before making: mkdir on an existing directory of a read-only mount is EROFS, not EEXIST */
        r = close_ok(open_target(part, O_PATH | O_DIRECTORY, 0));
        if (r == -ENOENT)
            r = sn__sys(__NR_mkdirat, AT_FDCWD, part, 0755);
        if (r < 0 && r != -EEXIST)
            return r;
    }
    return 0;
}

static long make_parent(const char *target)
{
    size_t length = strlen(target);

    while (length > 1 && target[length - 1] != '/')
        length--;
    return length > 1 ? make_directories(target, length - 1) : 0;
}

static long make_file(const char *target, const char *content)
{
    long fd = open_target(target, O_WRONLY | O_CREAT | O_EXCL, 0644);
    size_t length = content ? strlen(content) : 0;
    long r = 0;

    if (fd == -EEXIST && !content)
        return 0;
    if (fd < 0)
        return fd;
    if (length)
        r = sn__sys(__NR_write, fd, content, length);
    sn__sys(__NR_close, fd);
    return r < 0 ? r : r == (long)length ? 0 : -ENOSPC;
}

/* Attaches a detached mount at an existing place. */
static long attach(long mount, const char *target)
{
    long at = open_target(target, O_PATH, 0);
    long r;

    if (at < 0)
        return at;
    r = sn__sys(__NR_move_mount, mount, "", at, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
    sn__sys(__NR_close, at);
    return r;
}

/*
 * The source as a detached copy: handed over by a privileged host, or found beneath the old root by its path. The host
 * has resolved that to the end: a link that is in it now was put there since, by a program that may write to a rootfs,
 * say, and would show what this user may read.
 */
static long open_source(const struct init *init, struct received *received, const struct sn__plan_mount *mount)
{
    struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS};
    long old, source, tree;

    if (mount->fd >= 0) {
        uint32_t i = SN__SETUP_FD_SOURCES + (uint32_t)mount->fd;
        int fd;

        if (i >= received->fd_count)
            return -EBADMSG;
        fd = received->fds[i];
        received->fds[i] = -1;
        return fd;
    }
    old = sn__sys(__NR_openat, AT_FDCWD, OLD_ROOT, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    if (old < 0)
        return old;
    source = sn__sys(__NR_openat2, old, plan_string(init, mount->source), &how, sizeof(how));
    sn__sys(__NR_close, old);
    if (source < 0)
        return source == -ELOOP ? -ESTALE : source; /* ELOOP says it of a target */
    tree = sn__sys(__NR_open_tree, source, "",
                   OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | 0x1000 /* AT_EMPTY_PATH */);
    sn__sys(__NR_close, source);
    return tree;
}

static long attach_source(const struct init *init, struct received *received, const struct sn__plan_mount *mount)
{
    /*
     * A clone is a peer of what it was cloned from: where the host's mounts are shared (systemd makes them so), what is
     * mounted there would appear here without our flags, and what we mount beneath it would appear on the host.
     */
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_NOSUID, .propagation = MS_PRIVATE};
    long tree = open_source(init, received, mount);
    long r;

    if (tree < 0)
        return tree;
    if (!(mount->flags & SN__MOUNT_FLAG_DEVICE))
        attributes.attr_set |= MOUNT_ATTR_NODEV;
    if (!(mount->flags & SN__MOUNT_FLAG_WRITABLE))
        attributes.attr_set |= MOUNT_ATTR_RDONLY;
    if (mount->flags & SN__MOUNT_FLAG_NOEXEC)
        attributes.attr_set |= MOUNT_ATTR_NOEXEC;
    r = attach(tree, plan_string(init, mount->target));
    /* after attaching, so that the mount is ours whoever cloned it */
    if (r == 0)
        r = sn__sys(__NR_mount_setattr, tree, "", 0x1000 | AT_RECURSIVE, &attributes, sizeof(attributes));
    sn__sys(__NR_close, tree);
    return r;
}

static long make_bind(const struct init *init, struct received *received, const struct sn__plan_mount *mount)
{
    const char *target = plan_string(init, mount->target);
    long r;

    r = mount->flags & SN__MOUNT_FLAG_IS_DIR ? make_directories(target, strlen(target)) : make_parent(target);
    if (r == 0 && !(mount->flags & SN__MOUNT_FLAG_IS_DIR))
        r = make_file(target, NULL);
    if (r < 0)
        return r;
    r = attach_source(init, received, mount);
    /* ENOENT: it was replaced between its opening and now; what a host handed over, it has to open again */
    for (int again = 0; r == -ENOENT && mount->fd < 0 && again < 3; again++)
        r = attach_source(init, received, mount);
    return r;
}

static long make_planned_tmpfs(const struct init *init, const struct sn__plan_mount *mount, int make_target)
{
    const char *target = plan_string(init, mount->target);
    struct tmpfs tmpfs = {
        .bytes = mount->bytes,
        .inodes = mount->inodes,
        .mode = mount->mode,
        .uid = mount->flags & SN__MOUNT_FLAG_OWNED ? init->plan->uid : init->plan->owner_uid,
        .gid = mount->flags & SN__MOUNT_FLAG_OWNED ? init->plan->gid : init->plan->owner_uid,
        .attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
    };
    long fs, r;

    r = make_target ? make_directories(target, strlen(target)) : 0;
    if (r < 0)
        return r;
    fs = make_tmpfs(&tmpfs);
    if (fs < 0)
        return fs;
    r = attach(fs, target);
    sn__sys(__NR_close, fs);
    return r;
}

static long make_one(const struct init *init, struct received *received, const struct sn__plan_mount *mount)
{
    const char *target = plan_string(init, mount->target);
    long fs, r;

    switch (mount->kind) {
    case SN__MOUNT_DIRECTORY:
        return make_directories(target, strlen(target));
    case SN__MOUNT_SYMLINK:
        r = make_parent(target);
        return r < 0 ? r : sn__sys(__NR_symlinkat, plan_string(init, mount->source), AT_FDCWD, target);
    case SN__MOUNT_FILE:
        r = make_parent(target);
        return r < 0 ? r : make_file(target, plan_string(init, mount->source));
    case SN__MOUNT_BIND:
        return make_bind(init, received, mount);
    case SN__MOUNT_TMPFS:
        return make_planned_tmpfs(init, mount, 1);
    case SN__MOUNT_PROC:
        r = make_directories(target, strlen(target));
        fs = r < 0 ? r : make_proc();
        if (fs < 0)
            return fs;
        r = attach(fs, target);
        sn__sys(__NR_close, fs);
        return r;
    default:
        return -EINVAL;
    }
}

static int pivot(const struct init *init, struct sn__failure *failure)
{
    const struct tmpfs root = {
        .bytes = 4U << 20,
        .inodes = 4096,
        .mode = 0755,
        .uid = init->plan->owner_uid,
        .gid = init->plan->owner_uid,
        .attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
    };
    long fs, r;

    r = sn__sys(__NR_mount, "none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
    if (r < 0)
        return fail(failure, SN__STEP_PRIVATE, 0, r);
    fs = make_tmpfs(&root);
    if (fs < 0)
        return fail(failure, SN__STEP_ROOT_TMPFS, 0, fs);
    r = sn__sys(__NR_move_mount, fs, "", AT_FDCWD, STAGING, MOVE_MOUNT_F_EMPTY_PATH);
    sn__sys(__NR_close, fs);
    if (r == 0)
        r = sn__sys(__NR_chdir, STAGING);
    if (r == 0)
        r = sn__sys(__NR_mkdirat, AT_FDCWD, ".old", 0700);
    if (r < 0)
        return fail(failure, SN__STEP_ROOT_TMPFS, 1, r);
    r = sn__sys(__NR_pivot_root, ".", ".old");
    if (r == 0)
        r = sn__sys(__NR_chdir, "/");
    return r < 0 ? fail(failure, SN__STEP_PIVOT_ROOT, 0, r) : 0;
}

static int look_at_shm(const struct init *init, struct shm_look *ret_look)
{
    const char *target = plan_string(init, plan_mounts(init)[init->plan->shm].target);
    struct statfs fs;
    struct statx stat;
    long r = sn__sys(__NR_statfs, target, &fs);

    if (r == 0)
        r = sn__sys(__NR_statx, AT_FDCWD, target, AT_SYMLINK_NOFOLLOW, STATX_MTIME | STATX_CTIME, &stat);
    if (r < 0)
        return (int)r;
    *ret_look = (struct shm_look){
        .free_blocks = (uint64_t)fs.f_bfree,
        .free_inodes = (uint64_t)fs.f_ffree,
        .mtime = {(uint64_t)stat.stx_mtime.tv_sec, stat.stx_mtime.tv_nsec},
        .ctime = {(uint64_t)stat.stx_ctime.tv_sec, stat.stx_ctime.tv_nsec},
    };
    return 0;
}

int setup_mounts(struct init *init, struct received *received, struct sn__failure *failure)
{
    const struct mount_attr read_only = {.attr_set = MOUNT_ATTR_RDONLY};
    int is_in_tree = init->plan->born & SN__BORN_IN_TREE;
    long r = is_in_tree ? 0 : pivot(init, failure);

    if (r < 0)
        return (int)r;
    for (uint32_t i = 0, kept = 0; i < init->plan->mount_count; i++) {
        const struct sn__plan_mount *mount = &plan_mounts(init)[i];

        r = make_one(init, received, mount);
        if (r == 0 && mount->kind == SN__MOUNT_TMPFS && i != init->plan->shm && kept < 2) {
            r = open_target(plan_string(init, mount->target), O_PATH | O_DIRECTORY, 0);
            init->kept_fds[kept++] = (int)r;
        }
        if (r < 0)
            return fail(failure, SN__STEP_MOUNT, i, r);
    }
    if (!is_in_tree) {
        r = sn__sys(__NR_umount2, OLD_ROOT, MNT_DETACH);
        if (r == 0)
            r = sn__sys(__NR_unlinkat, AT_FDCWD, OLD_ROOT, 0x200 /* AT_REMOVEDIR */);
        if (r < 0)
            return fail(failure, SN__STEP_UMOUNT_OLD, 0, r);
        r = sn__sys(__NR_mount_setattr, AT_FDCWD, "/", 0, &read_only, sizeof(read_only));
        if (r < 0)
            return fail(failure, SN__STEP_ROOT_READ_ONLY, 0, r);
    }

    r = sn__sys(__NR_openat, AT_FDCWD, "/work", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    if (r < 0)
        return fail(failure, SN__STEP_MOUNT, 0, r);
    init->work_fd = (int)r;
    r = sn__sys(__NR_openat, AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC, 0);
    if (r < 0)
        return fail(failure, SN__STEP_STDIO, 0, r);
    init->null_fd = (int)r;
    r = look_at_shm(init, &init->shm);
    return r < 0 ? fail(failure, SN__STEP_MOUNT, init->plan->shm, r) : 0;
}

/*
 * Unmounting waits for the whole machine (RCU). A program owns nothing of an empty /dev/shm, and any name that it makes
 * or removes there changes the directory's times.
 */
int setup_mount_shm_again(struct init *init)
{
    const struct sn__plan_mount *shm = &plan_mounts(init)[init->plan->shm];
    struct shm_look look;
    long r = look_at_shm(init, &look);

    if (r == 0 && memcmp(&look, &init->shm, sizeof(look)) == 0)
        return 0;
    r = sn__sys(__NR_umount2, plan_string(init, shm->target), MNT_DETACH);
    if (r == 0)
        r = make_planned_tmpfs(init, shm, 0);
    return (int)(r < 0 ? r : look_at_shm(init, &init->shm));
}
