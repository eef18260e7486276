/* SPDX-License-Identifier: MIT */
/* Memory and files that are shared with the host read-only: can they be written by any of the ways that there are? */
#include "attack.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "mmap";
    const char *path = argc > 2 ? argv[2] : "/usr/bin/env";
    int fd;

    if (strncmp(path, "SN_", 3) == 0)
        path = scene(path);
    if (strcmp(how, "mmap") == 0) {
        fd = open(path, O_RDONLY);
        if (fd < 0)
            held_by_errno(path);
        if (mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) != MAP_FAILED)
            breach("%s is mapped for writing", path);
        held_by_errno("mmap");
    }
    if (strcmp(how, "write") == 0) {
        fd = open(path, O_RDWR);
        if (fd < 0)
            held_by_errno(path);
        breach("%s is open for writing", path);
    }
    if (strcmp(how, "truncate") == 0) {
        /* to the size that it has */
        struct stat status;

        if (stat(path, &status) < 0 || truncate(path, status.st_size) < 0)
            held_by_errno(path);
        breach("%s was cut", path);
    }
    if (strcmp(how, "times") == 0) {
        if (utimensat(AT_FDCWD, path, NULL, 0) < 0)
            held_by_errno(path);
        breach("the times of %s were set", path);
    }
    if (strcmp(how, "attribute") == 0) {
        if (setxattr(path, "user.sentinel", "x", 1, 0) < 0)
            held_by_errno(path);
        removexattr(path, "user.sentinel");
        breach("%s took an attribute", path);
    }
    if (strcmp(how, "again") == 0) {
        /* read-only here, opened anew by its descriptor */
        char again[64];

        fd = open(path, O_RDONLY);
        if (fd < 0)
            held_by_errno(path);
        snprintf(again, sizeof(again), "/proc/self/fd/%d", fd);
        if (open(again, O_RDWR) < 0)
            held_by_errno(again);
        breach("%s was opened again for writing", path);
    }
    cannot("no way called %s", how);
}
