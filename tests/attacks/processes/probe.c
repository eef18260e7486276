/* SPDX-License-Identifier: MIT */
/*
 * Calls that take any process's number and answer differently when there is none of it: who knows the numbers of the
 * host's processes sees what starts and ends there.
 */
#include "target.h"

#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>

int main(int argc, char **argv)
{
    pid_t pid = target(argc, argv);
    cpu_set_t set;
    void *list;
    size_t length;

    if (kill(pid, 0) == 0 || errno != ESRCH)
        breach("kill() knows process %d", pid);
    if (getsid(pid) >= 0 || getpgid(pid) >= 0)
        breach("getsid() knows process %d", pid);
    errno = 0;
    if (getpriority(PRIO_PROCESS, (id_t)pid) != -1 || errno != ESRCH)
        breach("getpriority() knows process %d", pid);
    if (sched_getaffinity(pid, sizeof(set), &set) == 0 || sched_getscheduler(pid) >= 0)
        breach("sched_getaffinity() knows process %d", pid);
    if (syscall(SYS_ioprio_get, 1 /* IOPRIO_WHO_PROCESS */, pid) >= 0)
        breach("ioprio_get() knows process %d", pid);
    if (syscall(SYS_get_robust_list, pid, &list, &length) == 0 || errno != ESRCH)
        breach("get_robust_list() knows process %d", pid);
    if (syscall(SYS_pidfd_open, pid, 0) >= 0)
        breach("pidfd_open() knows process %d", pid);
    held("no call knows process %d", pid);
}
