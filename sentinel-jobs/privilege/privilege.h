/* SPDX-License-Identifier: MIT */
#ifndef JOBS_PRIVILEGE_PRIVILEGE_H
#define JOBS_PRIVILEGE_PRIVILEGE_H

#include "common/failure.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Theory of operation. What parses the network never holds privilege. A server or worker is two processes from its
 * first moments on: the one that was started becomes the executor (root, if it was started so), the other, forked from
 * it while there was one thread, the frontend. One socket connects them; when either ends, the other sees end of file
 * and ends too, so what supervises the service restarts both.
 *
 * Started as root the frontend becomes its own user: no capabilities, no_new_privs, no way to any file but those named
 * (Landlock), and a seccomp allow-list; the executor leaves the network (a network namespace of its own, in which not
 * even loopback is up). Started by an ordinary user both stay that user; the filter and Landlock are in force all the
 * same, for the frontend only: the executor may have to run newuidmap.
 */

struct privilege_user {
    uid_t uid;
    gid_t gid;
    bool is_switched; /* we were started as root */
};
/* A name or a number. FAIL_NOT_FOUND: with the command that makes it. */
int privilege_user_find(const char *name, struct privilege_user *ret_user, struct failure *failure);
/* Makes a directory for the frontend if it is missing; refuses a link, or one that others may write. */
int privilege_directory(const char *path, const struct privilege_user *user, struct failure *failure);
/* Would that succeed? Changes nothing. */
int privilege_directory_check(const char *path, const struct privilege_user *user, struct failure *failure);

/*
 * Can this process read a file (or directory)? FAIL_INVALID: with what is in the way, for whom, and the command that
 * mends it.
 */
int privilege_check_readable(const char *path, struct failure *failure);
/*
 * The same of a process of this user, not confined yet, and for any mode of access(2). Forks: with one thread, SIGCHLD
 * not ignored.
 */
int privilege_check_user(const struct privilege_user *user, const char *path, int mode, struct failure *failure);

struct privilege_split {
    bool is_frontend;
    int socket;  /* to the other one */
    pid_t other; /* the other's process */
    int pidfd;   /* the executor's side: readable when the frontend ended; else -1 */
};
/* Forks; returns in both. To be called with one thread. */
int privilege_split(struct privilege_split *ret_split, struct failure *failure);
/*
 * The executor's side: from now on SIGTERM and SIGINT are the frontend's, which drains and ends, and so ends us; and
 * SIGHUP, by which it loads anew what it can. (Those that a terminal sends reach both anyway and are not sent twice.)
 * One split in a process.
 */
int privilege_forward_signals(const struct privilege_split *split, struct failure *failure);
/*
 * The executor's side, at the end: waits for the frontend, kills it after timeout_ms (0: never), logs how it ended if
 * that was not well, and returns the status to exit with. Closes the pidfd, not the socket.
 */
int privilege_wait(struct privilege_split *split, uint64_t timeout_ms);

struct privilege_confinement {
    const struct privilege_user *user;
    const char *const *read_paths;  /* NULL-terminated: files and directories that stay readable */
    const char *const *write_paths; /* NULL-terminated: directories that stay writable; TMPDIR becomes the first */
};
/*
 * The frontend, before its first thread and after it opened its listening socket: listen(2) is not among the calls that
 * it has afterwards. Blocks nothing that is open already. What libraries need to find addresses, authorities and
 * modules is readable without being named. Where Landlock is not to be had it logs a warning and goes on; anything else
 * that does not work is a failure (FAIL_NOT_FOUND: a path), after which the process is half confined and has to end.
 */
int privilege_confine_frontend(const struct privilege_confinement *confinement, struct failure *failure);
/*
 * The executor, before its first thread. Closes every descriptor but 0, 1, 2 and those of the split. As an ordinary
 * user's it stays dumpable, or nobody could write its sandboxes' uid maps.
 */
int privilege_confine_executor(const struct privilege_user *user, const struct privilege_split *split,
                               struct failure *failure);

#endif
