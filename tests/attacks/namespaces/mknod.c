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

static void white_out(const char *name, const char *other)
{
    if (mknod(name, S_IFCHR, 0) < 0)
        return;
    /* EACCES is Landlock's word, EPERM that of the capabilities, which are asked later */
    if (mknod(other, S_IFCHR, makedev(1, 3)) < 0 && errno == EACCES)
        cannot("no device can be made, but this kernel counts a white-out as a file, not as a device");
    breach("it made a white-out: %s", name);
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
        white_out("/dev/shm/white-out", "/dev/shm/other");
        white_out("white-out", "other");
    } else
        return 1;
    held_by_errno(argv[1]);
}
