/* SPDX-License-Identifier: MIT */
/*
 * Calls by numbers that a list of names may have forgotten: those above the table that the filter was written from (a
 * newer kernel has more), the gap in the middle, negative ones, and numbers whose upper half is set, which the kernel
 * ignores. All arguments are such that nothing can come of it.
 */
#include "forbidden.h"

static void try(long number)
{
    long r = syscall(number, -1L, -1L, -1L, -1L, -1L, -1L);

    if (r >= 0 || errno != ENOSYS)
        breach("call %ld was carried out: %ld, %s", number, r, r < 0 ? strerror(errno) : "no error");
}

int main(int argc, char **argv)
{
    const char *which = argc == 2 ? argv[1] : "";

    if (strcmp(which, "above") == 0) {
        for (long number = 470; number < 1024; number++)
            try(number);
        held("no call above 469");
    } else if (strcmp(which, "gap") == 0) {
        for (long number = 337; number < 424; number++)
            try(number);
        held("no call between 336 and 424");
    } else if (strcmp(which, "negative") == 0) {
        try(-1);
        try(-4096);
        try(0xffffffffL);
        try(0x80000000L);
        held("no negative call");
    } else if (strcmp(which, "compat") == 0) {
        /* the numbers of x32 without its bit, by which its own calls could be made before Linux 5.4 */
        for (long number = 512; number < 548; number++)
            try(number);
        held("no call of x32 by its bare number");
    } else if (strcmp(which, "high-bits") == 0) {
        /* were the number compared as 64 bits */
        if (syscall((1L << 32) | FORBIDDEN, 0L) >= 0)
            breach("the filter did not see through the upper half of the number");
        held_by_errno("unshare");
    }
    return 1;
}
