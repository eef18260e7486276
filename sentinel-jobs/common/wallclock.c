/* SPDX-License-Identifier: MIT */
#include "common/wallclock.h"

#include <stdio.h>
#include <time.h>

int64_t wallclock_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void wallclock_print(int64_t us, char text[WALLCLOCK_TEXT_SIZE])
{
    time_t seconds = (time_t)(us / 1000000);
    struct tm parts;
    char day[24];

    gmtime_r(&seconds, &parts);
    strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text, WALLCLOCK_TEXT_SIZE, "%s.%06dZ", day, (int)(us % 1000000));
}
