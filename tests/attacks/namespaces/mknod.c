/* SPDX-License-Identifier: MIT */
/*
 * Makes a device file and opens it: the host's disk (as debugfs would read it), the kernel's memory, a terminal, or
 * the white-out that anybody may make since Linux 5.8 and that hides files in an overlay.
 */
#include "attack.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static int try(const char *name, mode_t type, dev_t device)
{
    int fd;

    if (mknod(name, type | 0666, device) < 0)
        return -1;
    fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0)
        breach("it opened device %u:%u", major(device), minor(device));
    return -1;
}

int main(int argc, char **argv)
{
    struct stat status;

    if (argc != 2 || stat("/usr", &status) < 0)
        return 1;
    if (strcmp(argv[1], "disk") == 0)
        try("disk", S_IFBLK, status.st_dev);
    else if (strcmp(argv[1], "memory") == 0)
        try("memory", S_IFCHR, makedev(1, 1));
    else if (strcmp(argv[1], "terminal") == 0)
        try("terminal", S_IFCHR, makedev(5, 0));
    else if (strcmp(argv[1], "white-out") == 0) {
        if (mknod("white-out", S_IFCHR, 0) == 0)
            breach("it made a white-out");
    } else
        return 1;
    held_by_errno(argv[1]);
}
