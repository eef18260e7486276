/* SPDX-License-Identifier: MIT */
#ifndef SN_SPAWN_CHILD_LAUNCH_H
#define SN_SPAWN_CHILD_LAUNCH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "spawn/kept.h"

/*
 * Theory of operation
 *
 * The caller may be a threaded program of any size, so it is never forked. A launcher (CLONE_VM, CLONE_VFORK,
 * CLONE_FILES, exit signal 0) borrows its memory for a few system calls: it leaves behind what priority the caller has
 * above others, goes into the network namespace and the cgroups where PID 1 is to be born, clones the future PID 1 with
 * its other namespaces and exits. PID 1 is thereby nobody's child that the caller
 * could meet in wait(-1), and sends it no SIGCHLD: the kernel hands it to the nearest subreaper. It borrows the memory
 * too, but has descriptors of its own: it closes all but its own, waits for one byte on the control socket (the caller
 * writes the id maps meanwhile), takes its ids and execs sentinel-init. Its stack is freed only after that exec has
 * been heard of.
 *
 * Code in child_launch.c runs beside the caller's threads in the caller's memory: raw system calls only, no errno, no
 * locks, no allocation. A test checks its undefined symbols.
 */
struct sn__launch {
    /* in */
    int control_fd;      /* PID 1's end of the control socket */
    int host_fd;         /* a pidfd of the caller */
    int init_fd;         /* the sentinel-init binary, a sealed memfd */
    int null_fd;         /* /dev/null, read and write */
    int shared_below;    /* PID 1 begins with the caller's table, and keeps what is below this; 0: with a copy of it */
    uint32_t namespaces; /* CLONE_NEW... */
    const int *join;     /* cgroup files to write "0" to, before the clone */
    uint32_t join_count;
    int join_init;       /* likewise by PID 1, or -1 */
    int take_root;       /* become 0:0 of the new user namespace before the exec */
    int keep_by_ambient; /* carry the capabilities over the exec as a uid that is not 0 */
    void *stack_top;     /* of PID 1 until its exec */
    /*
     * NULL: no network namespace, or that among `namespaces`. With a descriptor: one to be born in, if no socket has
     * been left in it. Without, or if one has: a new one is made here, of which network->file.fd is set if it can be
     * kept.
     */
    struct sn__network *network;
    int tree_fd; /* the mount namespace that PID 1 gets a copy of, or -1: of the caller's */
    /* out */
    int sharing; /* PID 1 still has the caller's table: the launcher waits for its end */
    int pidfd;
    int error; /* positive errno of the clone, or of what comes before it */
    enum { SN__LAUNCH_CLONE, SN__LAUNCH_JOIN, SN__LAUNCH_TREE } failed;
};

/* Bytes of stack that the launcher itself needs, and PID 1 after it. */
#define SN__LAUNCH_STACK 16384

/* Clones PID 1. All signals have to be blocked. On return launch->pidfd and error are set. 0 or -errno. */
int sn__child_launch(struct sn__launch *launch, void *launcher_stack_top);

/* For other launchers: leaves behind what priority the caller has above others. */
void sn__child_usual_priority(void);

#endif
