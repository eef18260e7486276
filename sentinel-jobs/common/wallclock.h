/* SPDX-License-Identifier: MIT */
#ifndef JOBS_COMMON_WALLCLOCK_H
#define JOBS_COMMON_WALLCLOCK_H

#include <stdint.h>

/* Microseconds since the epoch: what is stored. Durations are measured by base/clock.h. */
int64_t wallclock_us(void);

#define WALLCLOCK_TEXT_SIZE 40
/* RFC 3339 in UTC with microseconds: 2026-11-27T22:14:21.000123Z. */
void wallclock_print(int64_t us, char text[WALLCLOCK_TEXT_SIZE]);

#endif
