/* SPDX-License-Identifier: MIT */
#ifndef SN_SUPERVISE_SUSPECT_H
#define SN_SUPERVISE_SUSPECT_H

#include "base/cpus.h"

#include <sentinel/run.h>

#include <stdbool.h>
#include <stdint.h>

/*
 * Theory of operation
 *
 * A wall figure is the program's own only as long as it had a processor whenever it wanted one. What took it away is
 * told by three counters: the time that the program waited for a processor (PID 1 reads it from /proc/PID/schedstat of
 * the dead first process), the time that a hypervisor took (/proc/stat), the time that a cgroup above ours was
 * throttled (cpu.stat). The last two count for the machine or for the group, so they are read twice. To read them costs
 * tens of microseconds, as much as a fifth of the shortest run, in which there is nothing to be seen anyway: a tick of
 * a hypervisor's time is 10 ms. So the first look is when a run has gone on for 50 ms, and shorter ones pay nothing.
 */
#define SN__SUSPECT_FROM_NS UINT64_C(50000000)

/* What the counters said at the first look. */
struct sn__suspect {
    bool has_looked;
    uint64_t stolen_ns;
    uint64_t throttled_ns;
};

/* The ticks that hypervisors took, by the text of /proc/stat: of these processors, or (NULL) of all together. */
uint64_t sn__suspect_stolen_ticks(const char *text, const struct sn__cpus *cpus);

/* The largest number behind `key` in cpu.stat of a group and of those above it that can be seen; 0. For the drivers. */
uint64_t sn__suspect_throttled(const char *group, const char *key);

/* Takes the first look when it is due: in how many nanoseconds it is, or UINT64_MAX if it was taken. */
uint64_t sn__suspect_look(sn_running *running, uint64_t elapsed_ns);
/* The second look, once usage and wall time are in the result: fills its figures and adds notes. */
void sn__suspect_judge(const sn_running *running, sn_result *result);

#endif
