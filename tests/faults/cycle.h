/* SPDX-License-Identifier: MIT */
#ifndef SN_TESTS_FAULTS_CYCLE_H
#define SN_TESTS_FAULTS_CYCLE_H

#include <sentinel/sentinel.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the injectors disturb: whole uses of the library, each with a known result. A call that fails must say so as
 * error.h promises, is tried once more (the fault is over), and must then work: only a sandbox that is gone (SN_EDIED)
 * may stay so.
 */

/* What one cycle did. Plain data: it lies in memory that the injecting process reads. */
struct report {
    uint32_t errors; /* calls of the library that failed */
    char call[24];   /* the first of them */
    int32_t code;
    int32_t sys_errno;
    char step[64];
    char message[400];
    char problem[600]; /* the first promise that was broken, or "" */
    uint64_t layers;   /* in force in its latest run, or 0 */
};

struct cycle_options {
    const void *victim; /* the program of victim.c */
    size_t victim_size;
    uint64_t relax;
    const char *cgroup_parent;
    void (*mark)(bool inside); /* called around what is to be disturbed */
    void (*call_over)(void);   /* called after each call of the library in there */
};

struct scenario {
    const char *name;
    const char *what;
    bool needs_cgroup; /* what it waits for is too quick for polling */
};

extern const struct scenario scenarios[];
extern const unsigned scenario_count;

/* The scenario of a name, or -1. */
int scenario_find(const char *name);
/* Runs it. *report is zeroed first. */
void cycle_run(const struct cycle_options *options, unsigned scenario, struct report *report);

#endif
