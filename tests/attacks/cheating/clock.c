/* SPDX-License-Identifier: MIT */
/* Sets a clock by which it is measured. To the time that it shows, so that nothing happens if that works. */
#include "attack.h"

#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "settime";
    struct timespec now;
    struct timeval day;
    struct timex adjust = {.modes = ADJ_OFFSET_SINGLESHOT};

    if (strcmp(how, "settime") == 0) {
        clock_gettime(CLOCK_REALTIME, &now);
        if (clock_settime(CLOCK_REALTIME, &now) < 0)
            held_by_errno("clock_settime");
    } else if (strcmp(how, "day") == 0) {
        gettimeofday(&day, NULL);
        if (settimeofday(&day, NULL) < 0)
            held_by_errno("settimeofday");
    } else if (adjtimex(&adjust) < 0) {
        held_by_errno("adjtimex");
    }
    breach("%s: the machine's clock is the program's", how);
}
