/* SPDX-License-Identifier: MIT */
/*
 * Signals to others: by every call that sends one, and by a descriptor that sends one when it becomes readable
 * (F_SETOWN). To the victim it is one that ends it; to the others one that shows only that it would arrive. "stop" and
 * "kill" are meant: PID 1 may be stopped or ended by nothing that it runs.
 */
#include "target.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>

static int deliver(const char *how, pid_t pid, int number)
{
    siginfo_t information = {.si_signo = number, .si_code = SI_QUEUE};
    int ends[2], pidfd;

    if (strcmp(how, "kill") == 0 || strcmp(how, "stop") == 0)
        return kill(pid, number);
    if (strcmp(how, "tgkill") == 0)
        return (int)syscall(SYS_tgkill, pid, pid, number);
    if (strcmp(how, "queue") == 0)
        return (int)syscall(SYS_rt_sigqueueinfo, pid, number, &information);
    if (strcmp(how, "pidfd") == 0) {
        pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
        return pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_send_signal, pidfd, number, NULL, 0);
    }
    if (strcmp(how, "descriptor") == 0) {
        if (pipe(ends) < 0 || fcntl(ends[0], F_SETOWN, pid) < 0 || fcntl(ends[0], F_SETSIG, number) < 0 ||
            fcntl(ends[0], F_SETFL, O_ASYNC) < 0 || write(ends[1], "x", 1) != 1)
            return -1;
        return 0;
    }
    _exit(1);
}

/* A signal is sent before it arrives: the host must not look for the victim's end too early. */
static int has_ended(pid_t pid)
{
    struct pollfd ended = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};

    return ended.fd < 0 ? errno == ESRCH : poll(&ended, 1, 1000) == 1;
}

int main(int argc, char **argv)
{
    pid_t pid;
    int number;

    if (argc == 2 && strcmp(argv[1], "all") == 0) {
        if (kill(-1, 0) < 0)
            held_by_errno("kill(-1)");
        breach("there are others that it could signal");
    }
    pid = target(argc, argv);
    if (argc != 3)
        return 1;
    number = strcmp(argv[1], "victim") == 0 ? SIGTERM : 0;
    if (pid == getppid())
        number = strcmp(argv[2], "kill") == 0 ? SIGKILL : strcmp(argv[2], "stop") == 0 ? SIGSTOP : 0;
    if (deliver(argv[2], pid, number) < 0)
        held_by_errno(argv[2]);
    if (number == SIGTERM && !has_ended(pid))
        held("nothing happened to process %d", pid);
    if (pid == 1 && number != 0) {
        /* were it dead, so were we; stopped, the host would end the run */
        usleep(20000);
        held("PID 1 of a namespace does not take signals from within");
    }
    if (number == SIGSTOP)
        kill(pid, SIGCONT);
    breach("a signal reached process %d", pid);
}
