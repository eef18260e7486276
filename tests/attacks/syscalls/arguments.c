/* SPDX-License-Identifier: MIT */
/*
 * The kernel reads only the lower half of an int argument. A filter that compares all 64 bits is got around by setting
 * the others: Flatpak and snapd had that for TIOCSTI. No terminal is needed to see it: the filter's answer is another
 * errno than the kernel's.
 */
#include "attack.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define HIGH (0xdeadL << 32)

static void expect(const char *call, long r, int refused)
{
    if (r < 0 && errno == refused)
        held("%s: %s", call, strerror(errno));
    breach("the filter did not see %s: %s", call, r < 0 ? strerror(errno) : "it worked");
}

int main(int argc, char **argv)
{
    const char *which = argc == 2 ? argv[1] : "";
    int file = open("file", O_RDWR | O_CREAT | O_CLOEXEC, 0600), directory = open(".", O_RDONLY | O_CLOEXEC);
    struct rlimit limit;

    if (strcmp(which, "ioctl") == 0)
        expect("TIOCSTI", syscall(SYS_ioctl, file, HIGH | TIOCSTI, "x"), EPERM);
    if (strcmp(which, "ioctl-linux") == 0)
        expect("TIOCLINUX", syscall(SYS_ioctl, file, HIGH | TIOCLINUX, "\3"), EPERM);
    if (strcmp(which, "fcntl") == 0)
        expect("F_NOTIFY", syscall(SYS_fcntl, directory, HIGH | F_NOTIFY, DN_CREATE), EINVAL);
    if (strcmp(which, "socket") == 0)
        /* told and killed; what the kernel has against it is no answer of the filter's */
        expect("AF_PACKET", syscall(SYS_socket, HIGH | AF_PACKET, SOCK_RAW, 0), 0);
    if (strcmp(which, "prctl") == 0)
        expect("PR_SET_KEEPCAPS", syscall(SYS_prctl, HIGH | PR_SET_KEEPCAPS, 1L, 0L, 0L, 0L), EINVAL);
    if (strcmp(which, "personality") == 0)
        expect("personality", syscall(SYS_personality, HIGH | 0x0400000 /* READ_IMPLIES_EXEC */), EPERM);
    if (strcmp(which, "prlimit") == 0)
        expect("prlimit64", syscall(SYS_prlimit64, HIGH | getpid(), RLIMIT_NOFILE, NULL, &limit), EPERM);
    if (strcmp(which, "mknod") == 0)
        expect("mknod", syscall(SYS_mknodat, AT_FDCWD, "white-out", 0xdead0000L | S_IFCHR, 0L), EPERM);
    return 1;
}
