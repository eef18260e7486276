/* SPDX-License-Identifier: MIT */
/*
 * Joins the namespaces of somebody who has better ones: PID 1 of the sandbox, or a process of the host. By a pidfd no
 * file in /proc is needed (Linux 5.8).
 */
#include "attack.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>

static void join(pid_t pid, const char *whom, int flags)
{
    static const char *const names[] = {"user", "mnt", "net", "pid"};
    char path[64];
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);

    if (fd >= 0 && setns(fd, flags) == 0)
        breach("it is in namespaces of %s now", whom);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, names[i]);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd >= 0 && setns(fd, 0) == 0)
            breach("it is in the %s namespace of %s now", names[i], whom);
    }
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "init") == 0)
        join(getppid(), "PID 1", CLONE_NEWNS);
    else if (argc == 2 && strcmp(argv[1], "host") == 0)
        join((pid_t)atoi(scene("SN_VICTIM_PID")), "the host", CLONE_NEWNET);
    else
        return 1;
    held_by_errno("setns");
}
