/* SPDX-License-Identifier: MIT */
#ifndef SN_PLAN_IDMAP_H
#define SN_PLAN_IDMAP_H

#include <sentinel/error.h>

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Who is who. Inside, PID 1 is 0 and the program is 1000. Outside:
 *   privileged caller: both are uids of the slot that nothing else on the host has;
 *   ordinary user with newuidmap and a range in /etc/subuid: PID 1 is the user, the program is one of the range;
 *   ordinary user without: a namespace may map one id only, so PID 1 and the program are both 1000 inside and the user
 *   outside (the layer uid is then not in force, and the result says so).
 */
struct sn__idmap {
    bool privileged;
    bool user_ns;
    bool own_uid;     /* the program's uid is its own */
    bool use_helpers; /* write the maps by newuidmap and newgidmap */
    bool take_root;   /* PID 1 has to become 0 inside before its exec */
    bool by_ambient;  /* PID 1 is not 0 inside and carries its capabilities over the exec */
    uint32_t init_inside;
    uint32_t program_inside;
    uid_t init_outside;
    uid_t program_outside;
    gid_t init_gid_outside;
    gid_t program_gid_outside;
    uint32_t slots;                /* so many sandboxes can have ids of their own at once: slots are below it */
    uint32_t uid_start, gid_start; /* of the ordinary user's ranges, with use_helpers */
};

/* Has the caller the capabilities of the first kind? 0 or -errno. */
int sn__idmap_privileged(bool *ret_privileged);

/* Finds which of them this caller is, and how many slots there are. `layers` are the wanted ones. */
int sn__idmap_find(uint64_t layers, struct sn__idmap *ret_map, sn_error **ret_error);
/* Chooses the ids of a slot. */
int sn__idmap_choose(uint64_t layers, uint32_t slot, struct sn__idmap *map, sn_error **ret_error);

/* Writes the maps of a process in its new user namespace; does nothing without one. */
int sn__idmap_write(const struct sn__idmap *map, pid_t pid, sn_error **ret_error);

#endif
