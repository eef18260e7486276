/* SPDX-License-Identifier: MIT */
/*
 * A call that the kernel does not interrupt, made as long as it can be: mincore(2) of pages far beyond the end of a
 * file, whose answer goes to one small file that is mapped over and over. Neither a limit nor SIGKILL ends it. Here it
 * is 64 GiB of pages, about a second; the whole address space would take hours.
 */
#include "attack.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>

#define PAGES (1UL << 24)
#define ANSWER (4UL << 20) /* bytes, one a page */

int main(void)
{
    int answer = memfd_create("answer", 0), file = open("/work/far", O_RDWR | O_CREAT, 0600);
    struct timespec before, after;
    unsigned char *at;
    void *far;
    long ms;

    at = mmap(NULL, PAGES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    far = mmap(NULL, PAGES << 12, PROT_READ, MAP_SHARED, file, 0);
    if (answer < 0 || file < 0 || at == MAP_FAILED || far == MAP_FAILED || ftruncate(answer, (off_t)ANSWER) < 0)
        cannot("no room for it: %s", strerror(errno));
    for (size_t offset = 0; offset < PAGES; offset += ANSWER)
        if (mmap(at + offset, ANSWER, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, answer, 0) == MAP_FAILED)
            cannot("no room for the answer: %s", strerror(errno));
    clock_gettime(CLOCK_MONOTONIC, &before);
    if (mincore(far, PAGES << 12, at) < 0)
        held_by_errno("mincore of 64 GiB");
    clock_gettime(CLOCK_MONOTONIC, &after);
    ms = (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;
    breach("one call of mincore took %ld ms", ms);
}
