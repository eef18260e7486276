/* SPDX-License-Identifier: MIT */
/* Which processes are there? Every call that takes a process number says whether that exists, by its errno. */
#include "attack.h"

#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static int exists(const char *how, pid_t pid)
{
    cpu_set_t set;
    long list, size;

    errno = 0;
    if (strcmp(how, "kill") == 0)
        return kill(pid, 0) == 0 || errno == EPERM;
    if (strcmp(how, "getpgid") == 0)
        return getpgid(pid) >= 0;
    if (strcmp(how, "getsid") == 0)
        return getsid(pid) >= 0;
    if (strcmp(how, "affinity") == 0)
        return sched_getaffinity(pid, sizeof(set), &set) == 0;
    if (strcmp(how, "scheduler") == 0)
        return sched_getscheduler(pid) >= 0;
    if (strcmp(how, "priority") == 0)
        return getpriority(PRIO_PROCESS, (id_t)pid) != -1 || errno == 0;
    if (strcmp(how, "robust-list") == 0)
        return syscall(SYS_get_robust_list, pid, &list, &size) == 0 || errno == EPERM;
    if (strcmp(how, "io-priority") == 0)
        return syscall(SYS_ioprio_get, 1, pid) >= 0;
    if (strcmp(how, "tgkill") == 0)
        return syscall(SYS_tgkill, pid, pid, 0) == 0 || errno == EPERM;
    cannot("no way called %s", how);
}

static void list(void)
{
    DIR *directory = opendir("/proc");
    struct dirent *entry;

    if (!directory)
        held_by_errno("/proc");
    while ((entry = readdir(directory))) {
        if (atoi(entry->d_name) > 0 && atoi(entry->d_name) != getpid())
            breach("process %s is listed", entry->d_name);
    }
    held("only itself is listed");
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "kill";
    const char *const of_host[] = {"SN_VICTIM_PID", "SN_HOST_PID"};

    if (strcmp(how, "list") == 0)
        list();
    if (strcmp(how, "count") == 0) {
        /*
         * Numbers that are given out tell how much is going on. The first of a host go to the kernel's own threads, and
         * when it begins anew it leaves out those below 300; a sandbox has not started this many processes yet.
         */
        if (getpid() > 16)
            breach("this is process %d", getpid());
        held("this is process %d, its parent %d", getpid(), getppid());
    }
    for (int i = 0; i < 2; i++) {
        if (exists(how, atoi(scene(of_host[i]))))
            breach("process %s of the host is there", scene(of_host[i]));
    }
    held_by_errno(how);
}
