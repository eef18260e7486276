/* SPDX-License-Identifier: MIT */
#ifndef SN_TESTS_FAULTS_ALLOCATOR_H
#define SN_TESTS_FAULTS_ALLOCATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * malloc(), calloc() and realloc() of the program that has this in it, of all the libraries that it uses and of the C
 * library: they are the C library's, but fail when they are told to. For one thread.
 */

#define ALLOCATOR_FRAMES 16
#define ALLOCATOR_LOG_MAX 16384

struct allocator_fault {
    unsigned ordinal;                  /* from 1: of the allocations between begin and end; 0: none fails */
    bool goes_on;                      /* all after it fail, too, until allocator_mend() */
    bool is_hit;                       /* it has failed */
    uint64_t frames[ALLOCATOR_FRAMES]; /* where that was: return addresses, the innermost first */
};

/* Allocations as they were met. There may have been more than there is room for. */
struct allocator_log {
    unsigned count;
    struct {
        unsigned ordinal;
        uint64_t frames[ALLOCATOR_FRAMES];
    } met[ALLOCATOR_LOG_MAX];
};

/*
 * Begins to count; `log` may be NULL. What libjansson allocates for itself is counted and not logged: when its string
 * buffer cannot grow, version 2.14 goes on as if it had, and writes in front of it (lex_save() in load.c).
 */
void allocator_begin(struct allocator_fault *fault, struct allocator_log *log);
/* There is memory again. */
void allocator_mend(void);
void allocator_end(void);

#endif
