/* SPDX-License-Identifier: MIT */
#ifndef SN_SPAWN_KEPT_H
#define SN_SPAWN_KEPT_H

#include "base/kept_fd.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Theory of operation
 *
 * What this process keeps from one sandbox to the next, because making it anew costs more than all the rest: empty
 * network namespaces, places (a slot with its uids and groups), and what a PID 1 is launched with. It keeps them only
 * while it has a sandbox: with the last one they go, so a caller that has destroyed its sandboxes has the descriptors
 * it had before.
 *
 * There are no locks: a thing is taken out of its place and put into one by single atomic exchanges, so a child that
 * was forked at any moment can go on. It finds by its process number that what is here is its parent's, and begins
 * anew. A caller that closes descriptors it does not know may have others under these numbers: each is looked at before
 * it is used or closed.
 */

/* Before anything of a new sandbox is made; until its end. */
void sn__kept_hold(void);
void sn__kept_release(void);
/* How many sandboxes hold it. */
unsigned sn__kept_holders(void);

/* What failed is not tried for so many sandboxes; then what was in its way may have gone. */
#define SN__REFUSED_FOR 200
/* Is it still refused? Counts. */
bool sn__refused(atomic_uint *left);

/*
 * The directory /proc/sys/user, to be closed; -1: it cannot be had. Of the host's /proc, or where there is a sandbox
 * already, of an instance that few have in common: files there have the same name for each user namespace of the host,
 * and the kernel looks through all of them, the dead ones of a while too.
 */
int sn__kept_sysctl(void);

/* The descriptors that every PID 1 is launched with. Those of a caller's first sandbox have low numbers for good. */
struct sn__launch_fds {
    struct sn__kept_fd null;    /* /dev/null, read and write */
    struct sn__kept_fd init;    /* the sentinel-init binary, a sealed memfd */
    struct sn__kept_fd host;    /* a pidfd of this process */
    struct sn__kept_fd control; /* a number for PID 1's end of the control socket: until then of /dev/null, too */
    pid_t owner;
};

/* For one launch; 0, or -errno and which of them it was. */
int sn__launch_fds_take(struct sn__launch_fds **ret_fds, const char **ret_what);
void sn__launch_fds_give(struct sn__launch_fds *fds);

struct sn__network {
    struct sn__kept_fd file; /* of the namespace */
    pid_t owner;
};

/* One that was used before, or NULL. */
struct sn__network *sn__network_take(void);
/* A new one, to be filled by a launcher; NULL without memory. */
struct sn__network *sn__network_new(void);
/*
 * Keeps it, or closes it. `is_clean`: every process that was in it is dead, and none can have had a socket but of
 * AF_UNIX, so that there is nothing in it but perhaps sockets that the kernel has yet to collect. NULL is accepted.
 */
void sn__network_give(struct sn__network *network, bool is_clean);

struct sn_sandbox;
struct sn__cgroup_driver;

/*
 * Takes a place of an earlier sandbox (slot, uids, groups, its stem if it has one) for one whose spec and ids are
 * known, and whose groups would be made by this driver below this parent; false: there is none like that.
 */
bool sn__place_take(struct sn_sandbox *sandbox, const struct sn__cgroup_driver *driver, const char *parent);
/* Keeps that of a sandbox whose processes are all dead, which does not have it any more then; false: it still has. */
bool sn__place_give(struct sn_sandbox *sandbox);

#endif
