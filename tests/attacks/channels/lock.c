/* SPDX-License-Identifier: MIT */
/*
 * Locks on a file of the shared read-only tree need no permission to write: one sandbox holds one, the other finds it
 * taken. A bit at a time, that is a channel; with a file on whose locks a host depends it is a nuisance.
 *
 *     lock flock|read|ofd FILE plant|look
 */
#include "attack.h"

#include <fcntl.h>
#include <sys/file.h>

int main(int argc, char **argv)
{
    const char *how = argc > 3 ? argv[1] : "flock";
    int fd = open(argc > 3 ? argv[2] : "/usr/bin/env", O_RDONLY);
    int plant = strcmp(argv[argc - 1], "plant") == 0;
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_len = 4096};
    int code;

    if (fd < 0)
        held_by_errno("open");
    if (plant) {
        code = strcmp(how, "flock") == 0 ? flock(fd, LOCK_EX)
                                         : fcntl(fd, strcmp(how, "ofd") == 0 ? F_OFD_SETLK : F_SETLK, &lock);
        if (code < 0)
            held_by_errno("lock");
        printf("READY\n");
        fflush(stdout);
        sleep(1);
        return 0;
    }
    if (strcmp(how, "flock") == 0) {
        if (flock(fd, LOCK_SH | LOCK_NB) == 0)
            held("no lock is seen");
    } else {
        /* would a lock for writing be possible? That may be asked without permission to write. */
        lock.l_type = F_WRLCK;
        if (fcntl(fd, strcmp(how, "ofd") == 0 ? F_OFD_GETLK : F_GETLK, &lock) < 0)
            held_by_errno("F_GETLK");
        if (lock.l_type == F_UNLCK)
            held("no lock is seen");
    }
    visible("a lock of the neighbour's is seen");
}
