/* SPDX-License-Identifier: MIT */
/*
 * A socket belongs to the network namespace it was made in. Joins that of a process of the host (by a pidfd, which
 * needs no /proc), makes a socket there, and keeps it.
 */
#include "attack.h"

#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>

int main(void)
{
    int fd = (int)syscall(SYS_pidfd_open, atoi(scene("SN_VICTIM_PID")), 0);

    if (fd < 0)
        held_by_errno("pidfd_open");
    if (setns(fd, CLONE_NEWNET) < 0)
        held_by_errno("setns");
    if (socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0)
        held_by_errno("socket");
    breach("it has a socket in the host's network");
}
