/* SPDX-License-Identifier: MIT */
#ifndef SN_TESTS_FAULTS_FOOTPRINT_H
#define SN_TESTS_FAULTS_FOOTPRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What a host program has of what it could leak. */
struct footprint {
    unsigned descriptors;
    unsigned mounts;
    char signals[200]; /* blocked and pending ones, as /proc/<pid>/status has them */
    uint64_t memory;   /* allocated bytes, as it says itself */
};

void footprint_take(pid_t host, uint64_t memory, struct footprint *ret);
/* What is more or less than before, in words; false: nothing. Memory alone is told by *ret_grew. */
bool footprint_differs(const struct footprint *before, const struct footprint *after, char *text, size_t size,
                       bool *ret_grew);
/* Living children of this process other than the host program, which all of its orphans become; takes the dead ones. */
unsigned footprint_count_processes(pid_t host, char *first, size_t size);

#endif
