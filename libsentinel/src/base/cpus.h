/* SPDX-License-Identifier: MIT */
#ifndef SN_BASE_CPUS_H
#define SN_BASE_CPUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As many as the kernel can be built for (CONFIG_NR_CPUS). */
#define SN__CPUS_MAX 8192

/* A set of processors. */
struct sn__cpus {
    uint64_t words[SN__CPUS_MAX / 64];
};

/*
 * Reads a list as cpuset(7) and sched_setaffinity(1)'s kin write it: "0-3,8"; one newline may end it. -EINVAL: it is no
 * such list, or an empty one; -ERANGE: a number that no kernel has.
 */
int sn__cpus_parse(const char *text, struct sn__cpus *ret_cpus);
bool sn__cpus_has(const struct sn__cpus *cpus, unsigned cpu);
unsigned sn__cpus_count(const struct sn__cpus *cpus);
/* The first of `cpus` that `within` has not got, or -1. */
int sn__cpus_first_outside(const struct sn__cpus *cpus, const struct sn__cpus *within);

#endif
