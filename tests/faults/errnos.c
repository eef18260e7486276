/* SPDX-License-Identifier: MIT */
#include "errnos.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

/*
 * Not here, and why: close (the kernel closes the descriptor whatever it says, and an injected failure would not),
 * munmap, rt_sigprocmask, rt_sigaction, timerfd_settime, exit and the calls that only tell something (they do not fail
 * on right arguments), brk (it says so by another address), futex (it belongs to the C library).
 */
static const struct fault faults[] = {
    {SYS_access, "access", false, {EACCES, ENOMEM, EROFS}},
    {SYS_capset, "capset", false, {EPERM}},
    {SYS_chdir, "chdir", false, {EACCES, ENOENT, ENOMEM}},
    {SYS_chmod, "chmod", false, {EPERM, EROFS, EIO}},
    {SYS_clock_nanosleep, "clock_nanosleep", true, {0}},
    {SYS_clone, "clone", false, {EAGAIN, ENOMEM, EPERM, ENOSPC, EINVAL, ENOSYS}},
    {SYS_clone3, "clone3", false, {EAGAIN, ENOMEM, EPERM, ENOSYS, EBUSY, EOPNOTSUPP, ENOSPC}},
    {SYS_close_range, "close_range", false, {ENOSYS, ENOMEM, EMFILE}},
    {SYS_connect, "connect", false, {EACCES}},
    {SYS_dup, "dup", false, {EMFILE}},
    {SYS_dup2, "dup2", false, {EMFILE}},
    {SYS_dup3, "dup3", false, {EMFILE}},
    {SYS_epoll_create1, "epoll_create1", false, {EMFILE, ENFILE, ENOMEM}},
    {SYS_epoll_ctl, "epoll_ctl", false, {ENOMEM, ENOSPC}},
    {SYS_epoll_wait, "epoll_wait", true, {ENOMEM}},
    {SYS_epoll_pwait, "epoll_pwait", true, {ENOMEM}},
    {SYS_eventfd2, "eventfd2", false, {EMFILE, ENFILE, ENOMEM}},
    {SYS_execve, "execve", false, {ENOMEM, EACCES, EAGAIN, EIO, EPERM}},
    {SYS_execveat, "execveat", false, {ENOMEM, EACCES, ENOSYS, EIO, EPERM}},
    {SYS_faccessat, "faccessat", false, {EACCES, ENOMEM, EIO}},
    {SYS_faccessat2, "faccessat2", false, {EACCES, ENOMEM, EIO}},
    {SYS_fchdir, "fchdir", false, {EACCES, EIO}},
    {SYS_fchmod, "fchmod", false, {EPERM, EROFS}},
    {SYS_fchmodat, "fchmodat", false, {EPERM, EROFS, ENOMEM}},
    {SYS_fchown, "fchown", false, {EPERM, EINVAL, EIO}},
    {SYS_fchownat, "fchownat", false, {EPERM, EINVAL, EIO}},
    {SYS_fcntl, "fcntl", false, {EMFILE, EINVAL, EBUSY, EPERM}},
    {SYS_flock, "flock", true, {ENOLCK, EWOULDBLOCK}},
    {SYS_fsconfig, "fsconfig", false, {EPERM, EBUSY, ENOMEM, EINVAL}},
    {SYS_fsmount, "fsmount", false, {EPERM, EMFILE, ENOMEM}},
    {SYS_fsopen, "fsopen", false, {EPERM, EMFILE, ENODEV, ENOSYS}},
    {SYS_fstat, "fstat", false, {ENOMEM, EIO}},
    {SYS_fstatfs, "fstatfs", false, {EIO, ENOMEM}},
    {SYS_ftruncate, "ftruncate", false, {EIO, EPERM}},
    {SYS_getdents64, "getdents64", false, {EIO, ENOMEM}},
    {SYS_getrandom, "getrandom", true, {EAGAIN, ENOSYS}},
    {SYS_ioctl, "ioctl", true, {0}},
    {SYS_keyctl, "keyctl", false, {EDQUOT, ENOMEM, ENOSYS, EPERM}},
    {SYS_kill, "kill", false, {EPERM}},
    {SYS_landlock_add_rule, "landlock_add_rule", false, {ENOMEM, EINVAL}},
    {SYS_landlock_create_ruleset, "landlock_create_ruleset", false, {ENOSYS, EOPNOTSUPP, ENOMEM, EMFILE}},
    {SYS_landlock_restrict_self, "landlock_restrict_self", false, {ENOMEM, EPERM, E2BIG}},
    {SYS_lseek, "lseek", false, {EINVAL, EIO}},
    {SYS_memfd_create, "memfd_create", false, {EMFILE, ENFILE, ENOMEM, ENOSYS, EACCES}},
    {SYS_mkdir, "mkdir", false, {ENOSPC, ENOMEM, EACCES, EROFS, EAGAIN}},
    {SYS_mkdirat, "mkdirat", false, {ENOSPC, ENOMEM, EACCES, EROFS, EAGAIN}},
    {SYS_mmap, "mmap", false, {ENOMEM}},
    {SYS_mount, "mount", false, {EPERM, ENOMEM, EINVAL, ENOSPC, EBUSY}},
    {SYS_mount_setattr, "mount_setattr", false, {EPERM, EINVAL, ENOSYS, EBUSY, ENOMEM}},
    {SYS_move_mount, "move_mount", false, {EPERM, EINVAL, ENOSPC, ENOMEM}},
    {SYS_nanosleep, "nanosleep", true, {0}},
    {SYS_newfstatat, "newfstatat", false, {ENOMEM, EIO, EACCES}},
    {SYS_open, "open", false, {EMFILE, ENFILE, ENOMEM, EACCES, EIO, EINTR}},
    {SYS_open_tree, "open_tree", false, {EPERM, EMFILE, ENOMEM, ENOSYS, ENOSPC}},
    {SYS_openat, "openat", false, {EMFILE, ENFILE, ENOMEM, EACCES, EIO, ENOENT, EINTR}},
    {SYS_openat2, "openat2", false, {EMFILE, ENFILE, ENOMEM, ENOSYS, EACCES, EAGAIN}},
    {SYS_pidfd_open, "pidfd_open", false, {EMFILE, ENOMEM, ENOSYS, ESRCH}},
    {SYS_pidfd_send_signal, "pidfd_send_signal", false, {EPERM, ENOSYS}},
    {SYS_pipe2, "pipe2", false, {EMFILE, ENFILE, ENOMEM}},
    {SYS_pivot_root, "pivot_root", false, {EINVAL, EPERM, EBUSY}},
    {SYS_poll, "poll", true, {ENOMEM}},
    {SYS_ppoll, "ppoll", true, {ENOMEM}},
    {SYS_prctl, "prctl", false, {EPERM, EINVAL, ENOMEM}},
    {SYS_pread64, "pread64", false, {EIO, ENOMEM}},
    {SYS_prlimit64, "prlimit64", false, {EPERM, EINVAL}},
    {SYS_pwrite64, "pwrite64", false, {EIO, ENOSPC}},
    {SYS_read, "read", true, {EIO, ENOMEM}},
    {SYS_readlink, "readlink", false, {EACCES, ENOMEM, EIO}},
    {SYS_readlinkat, "readlinkat", false, {EACCES, ENOMEM, EIO}},
    {SYS_recvfrom, "recvfrom", true, {ENOMEM, ENOBUFS}},
    {SYS_recvmsg, "recvmsg", true, {ENOMEM, ENOBUFS}},
    {SYS_rmdir, "rmdir", false, {EBUSY, EPERM}},
    {SYS_seccomp, "seccomp", false, {ENOMEM, EINVAL, EBUSY, ENOSYS, EMFILE}},
    {SYS_sendmsg, "sendmsg", true, {ENOMEM, ENOBUFS, EAGAIN, ETOOMANYREFS, EPERM}},
    {SYS_sendto, "sendto", true, {ENOMEM, ENOBUFS, EAGAIN}},
    {SYS_setgroups, "setgroups", false, {EPERM, ENOMEM}},
    {SYS_sethostname, "sethostname", false, {EPERM}},
    {SYS_setresgid, "setresgid", false, {EPERM, EINVAL}},
    {SYS_setresuid, "setresuid", false, {EAGAIN, EPERM, EINVAL}},
    {SYS_setsid, "setsid", false, {EPERM}},
    {SYS_setsockopt, "setsockopt", false, {ENOMEM, ENOPROTOOPT}},
    {SYS_signalfd4, "signalfd4", false, {EMFILE, ENFILE, ENOMEM, ENODEV}},
    {SYS_socket, "socket", false, {EMFILE, ENFILE, ENOMEM, EAFNOSUPPORT, EACCES}},
    {SYS_socketpair, "socketpair", false, {EMFILE, ENFILE, ENOMEM}},
    {SYS_stat, "stat", false, {EACCES, ENOMEM, EIO}},
    {SYS_statfs, "statfs", false, {EACCES, ENOMEM, EIO}},
    {SYS_statx, "statx", false, {EACCES, ENOMEM, EIO}},
    {SYS_symlink, "symlink", false, {ENOSPC, EACCES, ENOMEM}},
    {SYS_symlinkat, "symlinkat", false, {ENOSPC, EACCES, ENOMEM}},
    {SYS_timerfd_create, "timerfd_create", false, {EMFILE, ENFILE, ENOMEM}},
    {SYS_umount2, "umount2", false, {EBUSY, EPERM, EINVAL}},
    {SYS_unlink, "unlink", false, {EBUSY, EACCES, EIO}},
    {SYS_unlinkat, "unlinkat", false, {EBUSY, EACCES, EPERM}},
    {SYS_unshare, "unshare", false, {EPERM, ENOMEM, ENOSPC, EINVAL}},
    {SYS_utimensat, "utimensat", false, {EACCES, EROFS}},
    {SYS_wait4, "wait4", true, {0}},
    {SYS_waitid, "waitid", true, {0}},
    {SYS_write, "write", true, {EIO, ENOSPC, ENOMEM, EAGAIN, EPERM, EBUSY}},
    {SYS_writev, "writev", true, {EIO, ENOSPC}},
};

const struct fault *fault_find(long number)
{
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        if (faults[i].number == number)
            return &faults[i];
    return NULL;
}

const struct fault *fault_find_by_name(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        if (strlen(faults[i].name) == length && memcmp(faults[i].name, name, length) == 0)
            return &faults[i];
    return NULL;
}

bool fault_is_restarted(const struct fault *fault, bool is_host, const char *path)
{
    if (!fault->is_restarted || (fault->number == SYS_ioctl && is_host))
        return false;
    /* PID 1 and its child have no handlers that could interrupt them, and the kernel no long wait in these files */
    return fault->number != SYS_write && fault->number != SYS_read ? true : is_host && strncmp(path, "/memfd:", 7) != 0;
}

unsigned fault_count(const struct fault *fault, const char *path)
{
    unsigned count = 0;

    /* an eventfd and its like say EAGAIN or nothing */
    if (strncmp(path, "anon_inode:", 11) == 0)
        return 0;
    while (count < ERRNOS_MAX && fault->errnos[count])
        count++;
    return count;
}

const char *errno_name(int error)
{
    const char *name = strerrorname_np(error);

    return name ? name : "unknown";
}

int errno_by_name(const char *name)
{
    if (name[0] >= '0' && name[0] <= '9')
        return (int)strtol(name, NULL, 10);
    for (int error = 1; error < 200; error++)
        if (strcmp(errno_name(error), name) == 0)
            return error;
    return -1;
}
