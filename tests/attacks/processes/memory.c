/* SPDX-License-Identifier: MIT */
/*
 * Gets hold of another process: as its tracer, by its memory, by its descriptors (those of PID 1 are the host's end of
 * its control socket and the filter's listener), by what it has mapped or namespaces it is in. All of these ask
 * whether one may trace it.
 */
#include "target.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#define GET_MNT_NAMESPACE _IO(0xff, 3) /* of a pidfd, since Linux 6.11 */

static int file_of(pid_t pid, const char *name)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
    return open(path, O_RDONLY | O_CLOEXEC);
}

int main(int argc, char **argv)
{
    pid_t pid = target(argc, argv);
    const char *how = argc == 3 ? argv[2] : "";
    struct iovec own = {.iov_base = &pid, .iov_len = sizeof(pid)}, other = own;
    void *list;
    size_t length;
    long r = -1;

    errno = EINVAL;
    if (strcmp(how, "seize") == 0)
        r = ptrace(PTRACE_SEIZE, pid, NULL, NULL);
    else if (strcmp(how, "attach") == 0)
        r = ptrace(PTRACE_ATTACH, pid, NULL, NULL);
    else if (strcmp(how, "read") == 0) {
        r = process_vm_readv(pid, &own, 1, &other, 1, 0);
        r = r < 0 && errno == EFAULT ? 0 : r; /* allowed, but nothing is mapped there */
    } else if (strcmp(how, "write") == 0) {
        own.iov_len = other.iov_len = 0;
        r = process_vm_writev(pid, &own, 1, &other, 1, 0);
        if (r == 0) { /* nothing to write: ask in earnest, at an address that nobody has */
            own.iov_len = other.iov_len = 1;
            other.iov_base = NULL;
            r = process_vm_writev(pid, &own, 1, &other, 1, 0);
            r = r < 0 && errno == EFAULT ? 0 : r;
        }
    } else if (strcmp(how, "descriptor") == 0) {
        int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

        for (int i = 0; pidfd >= 0 && r < 0 && i < 8; i++)
            r = syscall(SYS_pidfd_getfd, pidfd, i, 0);
    } else if (strcmp(how, "mem") == 0)
        r = file_of(pid, "mem");
    else if (strcmp(how, "environ") == 0) {
        r = file_of(pid, "environ");
        if (r >= 0)
            show((int)r);
    } else if (strcmp(how, "files") == 0) {
        r = file_of(pid, "fd");
        r = r < 0 ? file_of(pid, "root") : r;
        r = r < 0 ? file_of(pid, "cwd") : r;
        r = r < 0 ? file_of(pid, "exe") : r;
    } else if (strcmp(how, "robust") == 0)
        r = syscall(SYS_get_robust_list, pid, &list, &length);
    else if (strcmp(how, "namespace") == 0) {
        int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

        r = pidfd < 0 ? -1 : ioctl(pidfd, GET_MNT_NAMESPACE, 0);
    } else
        return 1;
    if (r < 0)
        held_by_errno(how);
    breach("it has a hold of process %d", pid);
}
