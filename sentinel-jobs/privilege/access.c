/* SPDX-License-Identifier: MIT */
/*
 * Who may read what, asked of the kernel: it alone knows lists, links, mounts and capabilities. What another user may
 * is asked by a child that becomes him.
 */
#include "privilege/privilege.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct asker {
    const char *path;
    const char *real; /* without links; NULL: not known */
    int mode;         /* as of access(2) */
    char name[64];    /* who asks */
};

/* The first directory on the way that cannot be entered; false: it is none of them. */
static bool find_closed(const char *path, char *ret_directory, size_t size)
{
    for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        size_t length = (size_t)(slash - path);

        if (length >= size)
            return false;
        memcpy(ret_directory, path, length);
        ret_directory[length] = '\0';
        if (access(ret_directory, X_OK) < 0 && errno == EACCES)
            return true;
    }
    return false;
}

static int tell_denied(const struct asker *asker, struct failure *failure)
{
    char directory[4096];
    const char *path = asker->real ? asker->real : asker->path;
    unsigned group = (unsigned)getegid();

    if (find_closed(asker->path, directory, sizeof(directory)) ||
        (asker->real && find_closed(asker->real, directory, sizeof(directory))))
        return fail(failure, FAIL_INVALID, "%s may not enter %.100s: chgrp %u %.100s && chmod g+x %.100s", asker->name,
                    directory, group, directory, directory);
    return fail(failure, FAIL_INVALID, "%s may not %s %.80s: chgrp %u %.80s && chmod g+%s %.80s", asker->name,
                asker->mode & W_OK ? "write to" : "read", path, group, path, asker->mode & X_OK ? "rwx" : "r", path);
}

static int ask(const struct asker *asker, struct failure *failure)
{
    bool is_for_reading = asker->mode == R_OK;
    cleanup_close int fd = is_for_reading ? open(asker->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK) : -1;
    int error = errno;

    if (fd >= 0 || (!is_for_reading && access(asker->path, asker->mode) == 0))
        return 0;
    error = is_for_reading ? error : errno;
    if (error != EACCES)
        return fail(failure, FAIL_INVALID, "cannot %s %.200s: %s", asker->mode & W_OK ? "write to" : "read",
                    asker->path, strerror(error));
    /* access(2) does not ask Landlock. */
    if (is_for_reading && access(asker->path, R_OK) == 0)
        return fail(
            failure, FAIL_INVALID,
            "%.120s was not there at the start: this process reaches new files of a directory of their own only, "
            "others after a restart",
            asker->path);
    return tell_denied(asker, failure);
}

int privilege_check_readable(const char *path, struct failure *failure)
{
    cleanup_free char *real = realpath(path, NULL);
    struct asker asker = {.path = path, .real = real, .mode = R_OK};

    snprintf(asker.name, sizeof(asker.name), "uid %u", (unsigned)geteuid());
    return ask(&asker, failure);
}

static void ask_as(const struct privilege_user *user, struct asker *asker, int to)
{
    struct failure failure = {0};
    const struct passwd *entry = getpwuid(user->uid);
    ssize_t written;

    if (entry)
        snprintf(asker->name, sizeof(asker->name), "%.40s (uid %u)", entry->pw_name, (unsigned)user->uid);
    else
        snprintf(asker->name, sizeof(asker->name), "uid %u", (unsigned)user->uid);
    if (user->is_switched && (setgroups(0, NULL) < 0 || setresgid(user->gid, user->gid, user->gid) < 0 ||
                              setresuid(user->uid, user->uid, user->uid) < 0))
        fail(&failure, FAIL_INTERNAL, "cannot become uid %u: %s", (unsigned)user->uid, strerror(errno));
    else
        ask(asker, &failure);
    written = write(to, &failure, sizeof(failure));
    _exit(written == (ssize_t)sizeof(failure) ? 0 : 1);
}

int privilege_check_user(const struct privilege_user *user, const char *path, int mode, struct failure *failure)
{
    cleanup_free char *real = realpath(path, NULL);
    struct asker asker = {.path = path, .real = real, .mode = mode};
    struct failure answer;
    int ends[2];
    ssize_t got;
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return fail(failure, FAIL_INTERNAL, "cannot make a pipe: %s", strerror(errno));
    fflush(NULL);
    pid = fork();
    if (pid == 0)
        ask_as(user, &asker, ends[1]);
    close(ends[1]);
    got = pid > 0 ? read(ends[0], &answer, sizeof(answer)) : -1;
    close(ends[0]);
    if (pid > 0)
        waitpid(pid, NULL, 0);
    if (got != (ssize_t)sizeof(answer))
        return fail(failure, FAIL_INTERNAL, "cannot ask what uid %u may do", (unsigned)user->uid);
    return answer.code == 0 ? 0 : fail(failure, answer.code, "%s", answer.message);
}
