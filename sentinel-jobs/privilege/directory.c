/* SPDX-License-Identifier: MIT */
#include "privilege/privilege.h"

#include "base/cleanup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Makes what is missing of the way to it; slashes are put back. */
static int make_parents(char *path, mode_t mode, struct failure *failure)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        int r;

        *slash = '\0';
        r = mkdir(path, mode);
        if (r < 0 && errno != EEXIST)
            r = fail(failure, FAIL_INVALID, "cannot make %.120s: %s", path, strerror(errno));
        else
            r = 0;
        *slash = '/';
        if (r < 0)
            return r;
    }
    return 0;
}

static bool is_empty(int fd)
{
    int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_dir DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
    struct dirent *entry;

    if (!dir) {
        sn__close(copy);
        return false;
    }
    while ((entry = readdir(dir)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            return false;
    return true;
}

/*
 * Root's empty directory, such as systemd's StateDirectory= leaves, is handed to the frontend's user. One with
 * something in it is not: a slip of the pen in the configuration would else give /etc away.
 */
static int check(int fd, const char *path, const struct privilege_user *user, bool is_to_be_given,
                 struct failure *failure)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return fail(failure, FAIL_INTERNAL, "cannot look at %.120s: %s", path, strerror(errno));
    if (st.st_mode & 022)
        return fail(failure, FAIL_INVALID, "others may write to %.120s: chmod go-w %.120s", path, path);
    if (user->is_switched && st.st_uid == 0 && is_empty(fd)) {
        if (is_to_be_given && (fchown(fd, user->uid, user->gid) < 0 || fchmod(fd, 0700) < 0))
            return fail(failure, FAIL_INTERNAL, "cannot give %.120s to uid %u: %s", path, (unsigned)user->uid,
                        strerror(errno));
        return 0;
    }
    if (st.st_uid != user->uid)
        return fail(failure, FAIL_INVALID,
                    "%.100s belongs to uid %u, not to uid %u; if it is Sentinel's: chown -R %u %.100s", path,
                    (unsigned)st.st_uid, (unsigned)user->uid, (unsigned)user->uid, path);
    return 0;
}

/* The path without slashes at its end; NULL, with a failure, for what is no directory of its own. */
static char *trim(const char *path, struct failure *failure)
{
    char *whole = strdup(path);
    size_t length = strlen(path);
    const char *name;

    if (!whole) {
        fail_nomem(failure);
        return NULL;
    }
    while (length > 1 && whole[length - 1] == '/')
        whole[--length] = '\0';
    name = strrchr(whole, '/');
    if (whole[0] != '/' || !name[1] || strcmp(name, "/.") == 0 || strcmp(name, "/..") == 0) {
        free(whole);
        fail(failure, FAIL_INVALID, "%.120s is not the absolute path of a directory", path);
        return NULL;
    }
    return whole;
}

static int cannot_open(const char *path, struct failure *failure)
{
    if (errno == ELOOP || errno == ENOTDIR)
        return fail(failure, FAIL_INVALID, "%.120s is a link, or no directory", path);
    return fail(failure, FAIL_INVALID, "cannot open %.120s: %s", path, strerror(errno));
}

int privilege_directory(const char *path, const struct privilege_user *user, struct failure *failure)
{
    struct failure why;
    cleanup_free char *whole = trim(path, &why);
    cleanup_close int parent = -1;
    cleanup_close int fd = -1;
    char *name;
    int r;

    if (!whole)
        return fail(failure, why.code, "%s", why.message);
    name = strrchr(whole, '/');
    r = make_parents(whole, user->is_switched ? 0755 : 0700, failure);
    if (r < 0)
        return r;
    /* From here on by the name within its parent, so that what is checked is what was opened. */
    *name = '\0';
    parent = open(name == whole ? "/" : whole, O_PATH | O_DIRECTORY | O_CLOEXEC);
    *name = '/';
    if (parent < 0)
        return fail(failure, FAIL_INVALID, "cannot open the directory that %.120s is in: %s", path, strerror(errno));
    if (mkdirat(parent, name + 1, 0700) < 0 && errno != EEXIST)
        return fail(failure, FAIL_INVALID, "cannot make %.120s: %s", path, strerror(errno));
    fd = openat(parent, name + 1, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? cannot_open(path, failure) : check(fd, path, user, true, failure);
}

int privilege_directory_check(const char *path, const struct privilege_user *user, struct failure *failure)
{
    struct failure why;
    cleanup_free char *whole = trim(path, &why);
    cleanup_close int fd = -1;
    struct stat st;
    char *slash;

    if (!whole)
        return fail(failure, why.code, "%s", why.message);
    fd = open(whole, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0)
        return check(fd, path, user, false, failure);
    if (errno != ENOENT)
        return cannot_open(path, failure);
    /* What there is of the way to it has to take the rest. */
    do {
        slash = strrchr(whole, '/');
        slash[slash == whole] = '\0';
    } while (lstat(whole, &st) < 0 && errno == ENOENT && whole[1]);
    if (access(whole, W_OK | X_OK) < 0)
        return fail(failure, FAIL_INVALID, "cannot make %.120s in %.120s: %s", path, whole, strerror(errno));
    return 0;
}
