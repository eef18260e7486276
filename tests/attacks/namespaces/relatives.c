/* SPDX-License-Identifier: MIT */
/*
 * A descriptor of a namespace answers for its relatives: the user namespace that owns it, and the parent of that
 * (ioctl_ns(2)). From there it would be one setns() to the host.
 */
#include "attack.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>

int main(void)
{
    static const char *const own[] = {"user", "pid"};
    char path[64];

    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        int fd;

        snprintf(path, sizeof(path), "/proc/self/ns/%s", own[i]);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            held_by_errno(path);
        if (ioctl(fd, NS_GET_PARENT) >= 0)
            breach("it has a descriptor of the parent of its %s namespace", own[i]);
    }
    held_by_errno("NS_GET_PARENT");
}
