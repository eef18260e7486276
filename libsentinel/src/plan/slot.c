/* SPDX-License-Identifier: MIT */
#include "plan/slot.h"

#include "base/cleanup.h"
#include "base/error.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

/*
 * The directory of the slots is the same for every process of a user, so that no two of them take one number. The
 * caller's umask is never changed (it belongs to all threads of the host program), so modes are put right afterwards.
 */

/* A directory that nobody but this user can change: anything else could be made to hand out a slot twice. */
static int check_private(int fd)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return -errno;
    if (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)))
        return -EPERM;
    return 0;
}

/* Opens `name`, making it if need be; -EPERM if it belongs to another or can be written by one, -ELOOP for a link. */
static int open_private(int dirfd, const char *name, mode_t mode)
{
    cleanup_close int fd = -1;
    bool made = mkdirat(dirfd, name, mode) == 0;
    int r;

    if (!made && errno != EEXIST)
        return -errno;
    /* a umask such as 0777 took our own rights: nobody else can have replaced it in a directory that is ours, and in
     * /tmp the sticky bit keeps it; without AT_SYMLINK_NOFOLLOW this would follow a link, so only what we made */
    if (made && fchmodat(dirfd, name, mode, 0) < 0)
        return -errno;
    fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOTDIR ? -ELOOP : -errno;
    r = check_private(fd);
    return r < 0 ? r : steal_fd(&fd);
}

/* base/sub/slots, where base has to exist and, for a user's own directory, to be that user's. */
static int open_slots_in(const char *base, const char *sub, bool base_is_ours)
{
    cleanup_close int base_fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_close int sub_fd = -1;
    int r;

    if (base_fd < 0)
        return -errno;
    if (base_is_ours) {
        r = check_private(base_fd);
        if (r < 0)
            return r;
    }
    sub_fd = open_private(base_fd, sub, strcmp(base, "/run") == 0 ? 0755 : 0700);
    if (sub_fd < 0)
        return sub_fd;
    return open_private(sub_fd, "slots", 0700);
}

static int open_slots_tmp(char *ret_where, size_t size)
{
    char name[64];

    snprintf(name, sizeof(name), "sentinel-%u", (unsigned)geteuid());
    snprintf(ret_where, size, "/tmp/%s/slots", name);
    return open_slots_in("/tmp", name, false);
}

int sn__slot_directory(sn_error **ret_error)
{
    char where[PATH_MAX] = "";
    const char *runtime = secure_getenv("XDG_RUNTIME_DIR");
    int fd = -ENOENT;

    if (geteuid() == 0) {
        snprintf(where, sizeof(where), "/run/sentinel/slots");
        if (mkdir("/run", 0755) == 0 && chmod("/run", 0755) < 0)
            fd = -errno;
        else
            fd = open_slots_in("/run", "sentinel", false);
        /* a container whose root is read-only; other failures are somebody's doing and must be seen */
        if (fd != -EROFS && fd != -EACCES && fd != -ENOENT)
            goto out;
    } else {
        char run_user[64];

        snprintf(run_user, sizeof(run_user), "/run/user/%u", (unsigned)geteuid());
        /* sudo and su leave another user's XDG_RUNTIME_DIR behind: one that is not ours is passed over */
        if (runtime && runtime[0] == '/')
            fd = open_slots_in(runtime, "sentinel", true);
        if (fd < 0)
            fd = open_slots_in(run_user, "sentinel", true);
        if (fd >= 0)
            return fd;
    }
    fd = open_slots_tmp(where, sizeof(where));
out:
    if (fd >= 0)
        return fd;
    if (fd == -EPERM)
        return sn__error_set(ret_error, SN_EHOST, "slot",
                             "%s or the directory it is in belongs to another user or can be written by others; "
                             "remove it, or set XDG_RUNTIME_DIR to a directory of your own",
                             where);
    if (fd == -ELOOP)
        return sn__error_set(ret_error, SN_EHOST, "slot",
                             "%s, or the directory it is in, is a symbolic link or no directory; remove it", where);
    if (fd == -EROFS)
        return sn__error_set(ret_error, SN_EHOST, "slot",
                             "cannot make the directory %s: /run and /tmp are read-only here; mount a tmpfs at one of "
                             "them (a container: --tmpfs /run)",
                             where);
    return sn__error_errno(ret_error, -fd, "slot", "cannot make the directory %s", where);
}

int sn__slot_try_in(int dirfd, uint32_t slot, int *ret_fd)
{
    char name[16];

    snprintf(name, sizeof(name), "%u", slot);
    for (int attempt = 0; attempt < 16; attempt++) {
        cleanup_close int fd = openat(dirfd, name, O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        struct stat held, named;

        if (fd < 0) {
            int error = errno;

            /* made under a umask that takes the owner's rights, by us before or by another process just now */
            if (error == EACCES && fchmodat(dirfd, name, 0600, 0) == 0)
                continue;
            return -error;
        }
        if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
            if (errno == EINTR)
                continue;
            return errno == EWOULDBLOCK ? 0 : -errno;
        }
        /* a cleaner of /tmp may have unlinked it between the two calls: a lock on a file without a name is no lock */
        if (fstat(fd, &held) < 0)
            return -errno;
        if (fstatat(dirfd, name, &named, AT_SYMLINK_NOFOLLOW) < 0 || held.st_ino != named.st_ino ||
            held.st_dev != named.st_dev)
            continue;
        if ((held.st_mode & 07777) != 0600)
            (void)fchmod(fd, 0600);
        /* keeps such cleaners away: they go by age */
        (void)futimens(fd, NULL);
        *ret_fd = steal_fd(&fd);
        return 1;
    }
    return -EAGAIN;
}

int sn__slot_try(uint32_t slot, int *ret_fd, sn_error **ret_error)
{
    cleanup_close int dir = -1;
    int r;

    if (slot >= SN__SLOT_COUNT)
        return sn__error_set(ret_error, SN_EINVAL, "slot", "slot %u is not below %d", slot, SN__SLOT_COUNT);
    dir = sn__slot_directory(ret_error);
    if (dir < 0)
        return dir;
    r = sn__slot_try_in(dir, slot, ret_fd);
    if (r < 0)
        return sn__error_errno(ret_error, -r, "slot", "cannot lock the file of slot %u", slot);
    return r;
}

int sn__slot_take(uint32_t count, uint32_t *ret_slot, int *ret_fd, sn_error **ret_error)
{
    cleanup_close int dir = sn__slot_directory(ret_error);
    uint32_t start;

    if (dir < 0)
        return dir;
    /* a random start finds a free one at once while most are free, and many processes do not queue for slot 0 */
    if (getrandom(&start, sizeof(start), GRND_NONBLOCK) != (ssize_t)sizeof(start))
        start = (uint32_t)getpid() * 2654435761U;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t slot = (start % count + i) % count;
        int fd;
        int r = sn__slot_try_in(dir, slot, &fd);

        if (r < 0)
            return sn__error_errno(ret_error, -r, "slot", "cannot lock the file of slot %u", slot);
        if (r == 0)
            continue;
        *ret_slot = slot;
        *ret_fd = fd;
        return 0;
    }
    return sn__error_set(
        ret_error, SN_EHOST, "slot", "all %u sandboxes that this user can have at once are in use; destroy some%s",
        count, count < SN__SLOT_COUNT ? ", or give the user larger ranges in /etc/subuid and /etc/subgid" : "");
}
