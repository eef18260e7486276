/* SPDX-License-Identifier: MIT */
#ifndef SN_PLAN_PLAN_H
#define SN_PLAN_PLAN_H

#include "base/buffer.h"
#include "config/options.h"
#include "init/protocol.h"
#include "plan/idmap.h"

#include <sys/types.h>

/*
 * The frozen plan of a sandbox: everything is decided and opened here, in the caller's process; PID 1 only carries it
 * out. Serialised once (sn__plan_freeze), beside it the descriptors of mount sources.
 */
struct sn__plan_source {
    dev_t device;
    ino_t inode;
};

struct sn__planner {
    const struct sn__spec *spec;
    const struct sn__idmap *ids;
    struct sn__buffer mounts;  /* struct sn__plan_mount[] */
    struct sn__buffer strings; /* offsets in mounts are relative to it until frozen */
    int fds[SN__MESSAGE_FDS_MAX];
    uint32_t fd_count;
    struct sn__buffer sources; /* struct sn__plan_source[]: until they are open, the fd of a mount is an index of it */
    uint32_t shm;              /* index of the mount at /dev/shm */
    uint32_t born;             /* SN__BORN_ bits */
};

#define cleanup_planner __attribute__((cleanup(sn__planner_clear)))

/* Declares the tree: root, /dev, /proc, /tmp, /work, then the caller's mounts (plan/mounts.c). */
int sn__plan_mounts(struct sn__planner *planner, sn_error **ret_error);

/*
 * Splits a plan in two: what is the same for all sandboxes that are made alike, and the rest, in a tree that has the
 * former. 0, 1: it cannot be split, or SN_ENOMEM. Both to be cleared; the strings are copied.
 */
int sn__plan_split(const struct sn__planner *whole, struct sn__planner *ret_tree, struct sn__planner *ret_rest,
                   sn_error **ret_error);

/*
 * Opens what bind mounts need. A privileged caller clones the sources here, so that they may lie where the sandbox's
 * uid cannot go; an ordinary user cannot (EPERM), and PID 1, who is the same user, opens them by their paths.
 */
int sn__plan_open_sources(struct sn__planner *planner, sn_error **ret_error);

/*
 * Last of the descriptors: /proc/sys/user, where PID 1 forbids further user namespaces. Takes it if it is that; -1:
 * there is none.
 */
void sn__plan_add_sysctl(struct sn__planner *planner, int *directory);

/* Serialises; to be freed. */
int sn__plan_freeze(struct sn__planner *planner, char **ret_plan, size_t *ret_size, sn_error **ret_error);

/* The target of a mount of a frozen plan, for error messages; "" if there is none. */
const char *sn__plan_mount_name(const char *plan, size_t size, uint32_t index);

uint32_t sn__planner_string(struct sn__planner *planner, const char *text);
void sn__planner_clear(struct sn__planner *planner);

#endif
