/* SPDX-License-Identifier: MIT */
/* What a file system says of the disk that it lies on, and numbers that the whole host counts by. */
#include "attack.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

struct uuid {
    uint8_t length;
    uint8_t bytes[16];
};

/* linux/fs.h, newer than some */
#define GET_UUID _IOR(0x15, 0, struct uuid)
#define GET_LABEL _IOR(0x94, 49, char[256])

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

int main(int argc, char **argv)
{
    const char *which = argc > 1 ? argv[1] : "";
    int fd = open("/usr/bin", O_RDONLY | O_DIRECTORY);
    struct uuid uuid = {0};
    char label[256] = "";
    uint64_t cookie = 0;
    socklen_t length = sizeof(cookie);
    struct statfs about;
    struct stat status;

    if (strcmp(which, "uuid") == 0) {
        if (ioctl(fd, GET_UUID, &uuid) == 0)
            breach("the UUID of the disk begins with %02x%02x", uuid.bytes[0], uuid.bytes[1]);
        if (argc > 2)
            cannot("this file system does not tell: %s", strerror(errno));
        held_by_errno("FS_IOC_GETFSUUID");
    }
    if (strcmp(which, "label") == 0) {
        if (ioctl(fd, GET_LABEL, label) == 0)
            breach("the label of the disk is '%s'", label);
        if (argc > 2)
            cannot("this file system does not tell: %s", strerror(errno));
        held_by_errno("FS_IOC_GETFSLABEL");
    }
    if (strcmp(which, "fsid") == 0) {
        if (statfs("/usr", &about) < 0)
            held_by_errno("statfs");
        visible("/usr lies on a file system of the number %x %x", about.f_fsid.__val[0], about.f_fsid.__val[1]);
    }
    if (strcmp(which, "processes") == 0) {
        if (fstat((int)syscall(SYS_pidfd_open, getpid(), 0), &status) < 0)
            held_by_errno("pidfd_open");
        visible("the host has started %lu processes, or its numbers of pidfds say nothing",
                (unsigned long)status.st_ino);
    }
    if (strcmp(which, "namespaces") == 0) {
        if (getsockopt(socket(AF_UNIX, SOCK_STREAM, 0), SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &length) < 0)
            held_by_errno("SO_NETNS_COOKIE");
        visible("the host has made %lu network namespaces", (unsigned long)cookie);
    }
    return 1;
}
