/* SPDX-License-Identifier: MIT */
#ifndef SN_TESTS_FAULTS_PLACE_H
#define SN_TESTS_FAULTS_PLACE_H

#include <stddef.h>
#include <sys/types.h>

/*
 * A place of one's own for a process: a mount namespace with its own /run, and groups of its own, so that everything
 * that is there later was left there by the library.
 */
struct place {
    char groups[8][300]; /* directories that this process was moved into, or that take its sandboxes (v2) */
    size_t group_count;
    char original[8][300];   /* where it was before; "" in v2 */
    char cgroup_parent[300]; /* what the sandboxes are told (v2), or "" */
};

/* Changes this process. 0, or -1 with what is missing in `why`. */
int place_make(struct place *place, char *why, size_t size);
/* Goes back to the groups it came from and removes its own. */
void place_leave(struct place *place);
/* Groups below its own that are left, with the first one's path; the directories that stay by design do not count. */
unsigned place_count_groups(const struct place *place, char *first, size_t size);

#endif
