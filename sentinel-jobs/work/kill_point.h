/* SPDX-License-Identifier: MIT */
#ifndef JOBS_WORK_KILL_POINT_H
#define JOBS_WORK_KILL_POINT_H

/*
 * A place where a test kills this process (SENTINEL_KILL_AT names one). Only in builds that are made for it
 * (-Dkill_points=true); else nothing.
 */
#ifdef JOBS_KILL_POINTS
void kill_point(const char *name);
#else
static inline void kill_point(const char *name)
{
    (void)name;
}
#endif

#endif
