/* SPDX-License-Identifier: MIT */
/*
 * Waits for children of others, by number, by pidfd and by group: who reaps a child that is not its own takes its
 * exit status from the one who waits for it.
 */
#include "target.h"

#include <sys/syscall.h>
#include <sys/wait.h>

int main(int argc, char **argv)
{
    pid_t pid = target(argc, argv);
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    siginfo_t information = {0};
    int flags = WEXITED | WSTOPPED | WCONTINUED | WNOHANG | WNOWAIT | __WALL;

    if (waitid(P_PID, (id_t)pid, &information, flags) == 0 || errno != ECHILD)
        breach("it may wait for process %d", pid);
    if (pidfd >= 0 && (waitid(P_PIDFD, (id_t)pidfd, &information, flags) == 0 || errno != ECHILD))
        breach("it may wait for process %d by a pidfd", pid);
    if (waitid(P_ALL, 0, &information, flags) == 0 || errno != ECHILD)
        breach("it has children that it did not make");
    held("nobody to wait for");
}
