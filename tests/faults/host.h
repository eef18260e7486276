/* SPDX-License-Identifier: MIT */
#ifndef SN_TESTS_FAULTS_HOST_H
#define SN_TESTS_FAULTS_HOST_H

#include "allocator.h"
#include "cycle.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The host program: the injector, executed again. It runs one cycle after the other until it is told to quit; SIGSTOP
 * says that one is over, SIGUSR1 and SIGUSR2 that what is to be disturbed begins and ends (trace.h).
 */

/* In memory that the injector and the host program share. */
struct shared {
    atomic_bool quit;
    unsigned scenario;
    struct allocator_fault fault; /* of memory, in the next cycle */
    bool records;                 /* its allocations, in `allocations` */
    struct report report;
    uint64_t memory; /* allocated after the cycle */
    uint64_t relax;
    char cgroup_parent[300];
    struct allocator_log allocations;
};

/* The host program's main(), with the descriptor of the shared memory. */
int host_main(int fd);

#endif
