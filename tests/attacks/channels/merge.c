/* SPDX-License-Identifier: MIT */
/*
 * The kernel merges equal pages of whoever asks for it (KSM); writing to one that was merged takes a copy, which takes
 * time: so a program learns what pages others have.
 */
#include "attack.h"

#include <sys/mman.h>
#include <sys/prctl.h>

#ifndef PR_SET_MEMORY_MERGE
#define PR_SET_MEMORY_MERGE 67
#endif

int main(int argc, char **argv)
{
    void *pages = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int r;

    if (argc > 1 && strcmp(argv[1], "all") == 0) {
        r = prctl(PR_SET_MEMORY_MERGE, 1, 0, 0, 0);
        if (r < 0 && argc > 2)
            cannot("this kernel does not merge whole processes: %s", strerror(errno));
    } else {
        r = madvise(pages, 1 << 20, MADV_MERGEABLE);
        if (r < 0 && argc > 2)
            cannot("this kernel does not merge: %s", strerror(errno));
    }
    if (r < 0)
        held_by_errno("pages that may be merged");
    breach("pages may be merged with those of others");
}
