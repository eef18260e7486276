/* SPDX-License-Identifier: MIT */
/*
 * Whoever has the listener's descriptor of a filter answers for it. Was it left to the program? Then it could let
 * its own denied calls continue.
 */
#include "attack.h"

#include <linux/seccomp.h>
#include <stdint.h>
#include <sys/ioctl.h>

int main(void)
{
    char path[64], target[256];

    for (int i = 0; i < 256; i++) {
        uint64_t id = 0;
        ssize_t n;

        snprintf(path, sizeof(path), "/proc/self/fd/%d", i);
        n = readlink(path, target, sizeof(target) - 1);
        if (n > 0) {
            target[n] = '\0';
            if (strstr(target, "seccomp"))
                breach("descriptor %d is %s", i, target);
        }
        /* a listener says ENOENT to an id that is not pending; others do not know the request */
        if (ioctl(i, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0 || errno == ENOENT)
            breach("descriptor %d is a listener", i);
    }
    held("no descriptor is a listener");
}
