/* SPDX-License-Identifier: MIT */
/*
 * Which pages of a shared file are in memory tells who used it lately. mincore() answered that for everybody until
 * Linux 5.2 (CVE-2019-5489, "Page Cache Attacks"), cachestat() did until 6.14 or so; a read that must not wait always
 * does, and so does time.
 */
#include "attack.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#ifndef SYS_cachestat
#define SYS_cachestat 451
#endif

#define FILE_OF_HOST "/usr/bin/perl"

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "mincore";
    const char *file = argc > 2 ? argv[2] : FILE_OF_HOST;
    struct {
        unsigned long start, length;
    } range = {0, 0};
    unsigned long counts[5] = {0};
    unsigned char resident[4096];
    size_t in = 0, length, pages;
    struct iovec one;
    char byte;
    void *at;
    int fd = open(file, O_RDONLY);

    if (fd < 0)
        cannot("%s: %s", file, strerror(errno));
    length = (size_t)lseek(fd, 0, SEEK_END);
    if (length > 4096UL * sizeof(resident))
        length = 4096UL * sizeof(resident);
    pages = (length + 4095) / 4096;
    if (strcmp(how, "mincore") == 0) {
        at = mmap(NULL, length, PROT_READ, MAP_SHARED, fd, 0);
        if (at == MAP_FAILED || mincore(at, length, resident) < 0)
            held_by_errno("mincore");
        for (size_t i = 0; i < pages; i++)
            in += resident[i] & 1;
        if (in == pages)
            held("mincore says of every page that it is there");
        breach("mincore: %zu of %zu pages are there", in, pages);
    }
    if (strcmp(how, "cachestat") == 0) {
        if (syscall(SYS_cachestat, fd, &range, counts, 0) < 0)
            held_by_errno("cachestat");
        visible("cachestat: %lu of %zu pages are there", counts[0], pages);
    }
    if (strcmp(how, "nowait") == 0) {
        one = (struct iovec){&byte, 1};
        for (size_t i = 0; i < pages; i++)
            in += preadv2(fd, &one, 1, (off_t)(i * 4096), RWF_NOWAIT) == 1;
        visible("preadv2 without waiting: %zu of %zu pages are there", in, pages);
    }
    cannot("no way called %s", how);
}
