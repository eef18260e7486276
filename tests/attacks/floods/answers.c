/* SPDX-License-Identifier: MIT */
/*
 * Work for the sandbox's PID 1: a mapping larger than the limit is refused by it, again and again. The program's own
 * part stays below the limit of CPU time; with PID 1's, which is as much again, it is above.
 */
#include "attack.h"

#include <sys/mman.h>
#include <time.h>

#define OWN_MS 900 /* of 1000 */

int main(void)
{
    struct timespec used;
    long answers = 0;

    do {
        for (int i = 0; i < 100; i++, answers++)
            if (mmap(NULL, 1UL << 40, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
                cannot("a mapping of 1 TiB is not refused here");
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    } while (used.tv_sec * 1000 + used.tv_nsec / 1000000 < OWN_MS);
    breach("%ld mappings were refused by PID 1, on somebody else's time", answers);
}
