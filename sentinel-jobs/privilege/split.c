/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation. The process that was started forks, becomes the executor and is the one that the supervisor
 * (systemd, docker, a shell) knows: it hands SIGTERM, SIGINT and SIGHUP on to the frontend, which drains and then
 * closes its end of the socket, which ends the executor; it then waits for the frontend and exits with its status. Each
 * process holds one end of the socket only, so the kernel tells either of the other's end, however that came.
 */
#include "privilege/privilege.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "common/log.h"
#include "privilege/steps.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* linux/pidfd.h and newer C libraries have it. */
#define WAIT_BY_PIDFD 3

int privilege_check_alone(struct failure *failure)
{
#ifndef PRIVILEGE_SANITIZED /* a sanitizer's runtime may have a thread of its own */
    struct stat task;

    /* Links of this directory are itself, its parent and the threads; without /proc nobody knows. */
    if (stat("/proc/self/task", &task) == 0 && task.st_nlink > 3)
        return fail(failure, FAIL_INTERNAL, "privileges are divided when there are threads already");
#endif
    (void)failure;
    return 0;
}

/* An executor whose frontend ends must learn its status, which the kernel drops where SIGCHLD is ignored. */
static void keep_children(void)
{
    struct sigaction action = {.sa_handler = SIG_DFL};

    sigaction(SIGCHLD, &action, NULL);
}

int privilege_split(struct privilege_split *ret_split, struct failure *failure)
{
    int ends[2];
    int pidfd;
    pid_t parent = getpid();
    pid_t pid;
    int r = privilege_check_alone(failure);

    if (r < 0)
        return r;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return fail(failure, FAIL_INTERNAL, "no sockets between frontend and executor: %s", strerror(errno));
    keep_children();
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        close(ends[0]);
        *ret_split = (struct privilege_split){.is_frontend = true, .socket = ends[1], .other = parent, .pidfd = -1};
        return 0;
    }
    sn__close(ends[1]);
    if (pid < 0) {
        sn__close(ends[0]);
        return fail(failure, FAIL_INTERNAL, "cannot fork the frontend: %s", strerror(errno));
    }
    pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (pidfd < 0) {
        r = fail(failure, FAIL_INTERNAL, "no pidfd of the frontend: %s", strerror(errno));
        close(ends[0]);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        return r;
    }
    *ret_split = (struct privilege_split){.socket = ends[0], .other = pid, .pidfd = pidfd};
    return 0;
}

/* Of the one frontend, for the handler; -1: there is none (any more). */
static volatile sig_atomic_t forward_to = -1;

/* A terminal signals both processes, as one process group: SI_KERNEL. */
static void forward(int number, siginfo_t *info, void *context)
{
    int saved = errno;

    (void)context;
    if (forward_to >= 0 && info->si_code != SI_KERNEL)
        syscall(SYS_pidfd_send_signal, (int)forward_to, number, NULL, 0);
    errno = saved;
}

int privilege_forward_signals(const struct privilege_split *split, struct failure *failure)
{
    struct sigaction action = {.sa_sigaction = forward, .sa_flags = SA_SIGINFO | SA_RESTART};

    sigfillset(&action.sa_mask);
    forward_to = split->pidfd;
    if (sigaction(SIGTERM, &action, NULL) < 0 || sigaction(SIGINT, &action, NULL) < 0 ||
        sigaction(SIGHUP, &action, NULL) < 0)
        return fail(failure, FAIL_INTERNAL, "cannot hand signals on: %s", strerror(errno));
    return 0;
}

/* Until the frontend ended, or the time is over (0: there is none). */
static bool has_ended(int pidfd, uint64_t timeout_ms)
{
    uint64_t end = sn__now_ns() + timeout_ms * 1000000U;
    struct pollfd waited = {.fd = pidfd, .events = POLLIN};
    int r;

    do {
        uint64_t now = sn__now_ns();
        uint64_t left = now < end ? (end - now + 999999) / 1000000 : 0;

        r = poll(&waited, 1, timeout_ms == 0 ? -1 : (int)(left < INT_MAX ? left : INT_MAX));
        if (r == 0 && left > INT_MAX)
            r = -1;
        else if (r == 0)
            return false;
    } while (r < 0);
    return true;
}

static int tell_end(const siginfo_t *info)
{
    if (info->si_code == CLD_EXITED) {
        if (info->si_status != 0)
            log_error("the frontend ended with status %d", info->si_status);
        return info->si_status;
    }
    if (info->si_status == SIGSYS)
        log_error("the frontend was killed for a system call that its filter does not have: it was taken over, or a "
                  "library changed; the kernel's log (audit type=1326, pid=%d) has the number",
                  (int)info->si_pid);
    else
        log_error("the frontend was ended by signal %d (%s)", info->si_status, strsignal(info->si_status));
    return 128 + info->si_status;
}

int privilege_wait(struct privilege_split *split, uint64_t timeout_ms)
{
    siginfo_t info = {0};
    int r;

    if (!has_ended(split->pidfd, timeout_ms)) {
        log_error("the frontend did not end within %llu ms and is killed", (unsigned long long)timeout_ms);
        syscall(SYS_pidfd_send_signal, split->pidfd, SIGKILL, NULL, 0);
    }
    do
        r = waitid((idtype_t)WAIT_BY_PIDFD, (id_t)split->pidfd, &info, WEXITED);
    while (r < 0 && errno == EINTR);
    forward_to = -1;
    close(split->pidfd);
    split->pidfd = -1;
    if (r < 0) {
        log_error("cannot learn how the frontend ended: %s", strerror(errno));
        return 1;
    }
    return tell_end(&info);
}
