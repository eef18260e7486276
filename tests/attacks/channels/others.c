/* SPDX-License-Identifier: MIT */
/* Processes of others as a channel: handles to them, their counters, what the kernel says when they are asked for. */
#include "attack.h"

#include <linux/perf_event.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>

static int perf_open(pid_t pid, int cpu, int user_only)
{
    struct perf_event_attr attributes = {.type = PERF_TYPE_SOFTWARE,
                                         .size = sizeof(attributes),
                                         .config = PERF_COUNT_SW_CONTEXT_SWITCHES,
                                         .exclude_kernel = user_only != 0};

    return (int)syscall(SYS_perf_event_open, &attributes, pid, cpu, -1, 0);
}

static void perf(pid_t pid, int cpu)
{
    int fd = perf_open(pid, cpu, 0), error = errno;

    if (fd >= 0)
        breach("counts what others do");
    if (error == ENOSYS || error == ENOENT)
        cannot("perf_event_open: %s", strerror(error));
    /* Debian has a level of its own at which nobody without sys_admin counts anything, not even what it does itself. */
    if (error == EACCES && prctl(PR_GET_SECCOMP) == 0 && perf_open(0, -1, 1) < 0 && errno == EACCES)
        cannot("kernel.perf_event_paranoid is above 2: nobody may count anything here");
    held("perf_event_open: %s", strerror(error));
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "pidfd";
    pid_t pid = atoi(scene("SN_VICTIM_PID"));
    union sigval value = {.sival_int = 0};
    char byte;
    struct iovec here = {&byte, 1}, there = {(void *)0x400000, 1};

    if (strcmp(how, "pidfd") == 0) {
        if (syscall(SYS_pidfd_open, pid, 0) < 0)
            held_by_errno("pidfd_open");
        breach("a handle to process %d of the host", pid);
    }
    if (strcmp(how, "signal-0") == 0) {
        if (kill(pid, 0) < 0 && errno == ESRCH)
            held_by_errno("kill");
        breach("process %d of the host is there: %s", pid, strerror(errno));
    }
    if (strcmp(how, "queue") == 0) {
        if (sigqueue(pid, 0, value) < 0 && errno == ESRCH)
            held_by_errno("sigqueue");
        breach("process %d of the host is there: %s", pid, strerror(errno));
    }
    if (strcmp(how, "memory") == 0) {
        if (process_vm_readv(pid, &here, 1, &there, 1, 0) < 0)
            held_by_errno("process_vm_readv");
        breach("read the memory of process %d", pid);
    }
    if (strcmp(how, "compare") == 0) {
        if (syscall(SYS_kcmp, getpid(), pid, 0, 0, 0) < 0)
            held_by_errno("kcmp");
        breach("compared with process %d of the host", pid);
    }
    if (strcmp(how, "perf-machine") == 0)
        perf(-1, 0);
    if (strcmp(how, "perf-process") == 0)
        perf(pid, -1);
    cannot("no way called %s", how);
}
