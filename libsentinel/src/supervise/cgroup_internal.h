/* SPDX-License-Identifier: MIT */
#ifndef SN_SUPERVISE_CGROUP_INTERNAL_H
#define SN_SUPERVISE_CGROUP_INTERNAL_H

#include "plan/slot.h"

#include <sentinel/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What both drivers need. Directories are given as a descriptor and a name below it, as openat() has them. */

/* Where this process sits, as the kernel tells it. */
struct sn__cgroup_tables {
    char *mounts;     /* /proc/self/mountinfo */
    char *membership; /* /proc/self/cgroup */
};

/* One mounted hierarchy. */
struct sn__cgroup_place {
    char *mount;     /* mount point */
    char *own;       /* directory of this process's own group: mount itself or below it */
    bool read_only;  /* the mount is */
    bool own_hidden; /* the own group is outside of what is mounted: `own` is the mount point */
};

#define cleanup_tables __attribute__((cleanup(sn__cgroup_tables_clear)))
#define cleanup_place __attribute__((cleanup(sn__cgroup_place_clear)))

/* 0 or -errno */
int sn__cgroup_tables_read(struct sn__cgroup_tables *ret_tables);
void sn__cgroup_tables_clear(struct sn__cgroup_tables *tables);
/* The v1 hierarchy with this controller, or with NULL the v2 one; 0, -ENOENT if none is mounted, -ENOMEM. */
int sn__cgroup_locate(const struct sn__cgroup_tables *tables, const char *controller,
                      struct sn__cgroup_place *ret_place);
void sn__cgroup_place_clear(struct sn__cgroup_place *place);

/*
 * Makes and opens s<slot> in the directory that open_parent() opens (and makes if need be): a descriptor to keep for
 * as long as the sandbox lives, since its flock is what says so. One that is there and not locked was left by a dead
 * host and is removed; a locked one is -EBUSY. Normally a slot rules that out; but two containers that share the cgroup
 * file system and not /run have the same slots, and the lock of a directory is seen in both.
 */
int sn__cgroup_make_group(const char *parent, int (*open_parent)(const char *parent), const char *name, int *ret_dir);
/* Removes it with all that is in it, and only then gives its lock (`dir`, or -1) back. */
void sn__cgroup_drop_group(const char *parent, const char *name, int dir);
/* The error of sn__cgroup_make_group(), as SN_EBUSY (somebody else's group), SN_ESYS or SN_ENOMEM. */
int sn__cgroup_create_error(int r, const char *parent, const char *name, sn_error **ret_error);

/* mkdirat() whose result its maker can use under any umask: 0 or -errno, -EEXIST included. */
int sn__cgroup_mkdir(int dirfd, const char *name);
/* Rounds of half a millisecond: what a sandbox gives its own group, and a stranger's that is only in the way. */
#define SN__CGROUP_PATIENT 2000
#define SN__CGROUP_HASTY 60

/* SIGKILL for all listed in a group until none is left or the rounds are over; 0, -EBUSY, or another -errno. */
int sn__cgroup_kill_listed(int dirfd, const char *name, unsigned rounds);
/* Kills everything in a group and below it, and removes it; 0 or -errno. A group that is not there is success. */
int sn__cgroup_remove(int dirfd, const char *name, unsigned rounds);

/* What one search for the groups of dead hosts knows; v1 goes through several directories with the same slots. */
struct sn__cgroup_reaper {
    int slots;                        /* sn__slot_directory() */
    uint32_t random;                  /* state of a simple generator */
    uint8_t live[SN__SLOT_COUNT / 8]; /* slots that somebody was seen to hold */
};

int sn__cgroup_reaper_init(struct sn__cgroup_reaper *ret_reaper);
/* For s<N> in the directory whose slot nobody holds: kills and removes it. Of very many, a random part is looked at. */
void sn__cgroup_reap(struct sn__cgroup_reaper *reaper, const char *directory);
void sn__cgroup_sleep_us(unsigned microseconds);
/* pids.max refuses numbers above the kernel's PID_MAX_LIMIT, which nothing can exceed anyway. */
static inline uint64_t sn__cgroup_pids_max(uint64_t processes)
{
    return processes < (1U << 22) ? processes : 1U << 22;
}

/* Makes ".../sentinel" in the caller's own group of this v1 hierarchy, or in the nearest above where it may: -errno. */
int sn__cgroup_v1_find_parent(const struct sn__cgroup_place *place, char **ret_parent);

/* The picks of the two drivers; SN_EHOST with the reason. */
int sn__cgroup_v1_pick(const struct sn__cgroup_tables *tables, char **ret_parent, sn_error **ret_error);
int sn__cgroup_v2_pick(const struct sn__cgroup_tables *tables, const char *wanted, char **ret_parent,
                       sn_error **ret_error);

#endif
