/* SPDX-License-Identifier: MIT */
#ifndef SN_TESTS_STRESS_PLACE_H
#define SN_TESTS_STRESS_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * A place is a group of our own in every cgroup hierarchy that the library uses, so that the groups found there are of
 * our making on a machine where others make sandboxes, too. On v1 the library makes its groups below the caller's own,
 * so a process enters a place; on v2 it is told the directory (cgroup_parent).
 */
#define PLACE_ROOTS 4
#define PLACE_SLOTS 256

struct place {
    char roots[PLACE_ROOTS][512];
    unsigned count;
    bool is_v2;
};

/* A place with bounds on memory and processes as a belt; ends the program where the host gives none. */
void place_make(struct place *ret_place, const char *name, uint64_t memory_bytes, unsigned processes);
/* One in it, without bounds of its own. */
void place_make_below(const struct place *place, const char *name, struct place *ret_place);
/* Moves a process there (v1; on v2 nothing has to be). 0 or -errno. */
int place_enter(const struct place *place, pid_t pid);
/* The cgroup_parent to ask for, or NULL. */
const char *place_parent(const struct place *place);
/* Removes it with everything below; false if something would not go. */
bool place_remove(const struct place *place);

/* The slots whose groups are there, in any hierarchy, each once; returns how many. */
unsigned place_slots(const struct place *place, uint32_t *slots, unsigned max);
/* The processes in the groups of those slots; returns how many (those past max are counted only). */
unsigned place_processes(const struct place *place, pid_t *pids, unsigned max);

/*
 * A mount namespace of our own, so that mounts which others make are not counted (one of them goes when its mount point
 * is removed outside: only more than before is ours). Ends the program where there is none.
 */
void own_mounts(void);
unsigned count_mounts(void);
/* Of the whole machine. */
unsigned count_slot_files(void);
unsigned count_own_descriptors(void);
uint64_t now_ms(void);
void sleep_us(uint64_t us);
/* xorshift64*; the state must not be 0. */
uint64_t next_random(uint64_t *state);
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
