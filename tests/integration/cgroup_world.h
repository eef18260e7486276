/* SPDX-License-Identifier: MIT */
#ifndef SN_TESTS_CGROUP_WORLD_H
#define SN_TESTS_CGROUP_WORLD_H

/*
 * A driver's groups with real processes in them: a stand-in for the sandbox's PID 1 enters them as an unprivileged user
 * of its own user and cgroup namespace, and starts jobs in the leaves as PID 1 does.
 */
#include "support.h"

#include "supervise/cgroup.h"

enum job { JOB_NOTHING, JOB_BURN, JOB_TOUCH, JOB_FORK, JOB_BOMB, JOB_CHURN, JOB_SLEEP };

/* How a job ended, and the CPU time of it and its children as wait4(2) tells it: another source than the groups. */
struct ending {
    int status;
    uint64_t cpu_ns;
};

struct world {
    const struct sn__cgroup_driver *driver;
    char *parent;
    uint32_t slot;
    int slot_fd;
    struct sn__cgroup *cgroup;
    pid_t init;
    int socket;
};

/* Skips the test where this host has no groups to give. */
void world_open(struct world *world);
void world_close(struct world *world);

/* 256 MiB and 64 processes. */
void world_limits(sn_limits *limits);
struct sn__cgroup_run *world_begin(struct world *world, const sn_limits *limits);
/* Starts a job in the run's leaf; returns the process's number once it has joined. */
pid_t world_start(struct world *world, const struct sn__cgroup_run *run, enum job job, uint64_t amount);
struct ending world_finish_measured(struct world *world);
int world_finish(struct world *world);
/* All of that: a leaf, one job in it until its end, the figures. Its status as of waitpid(). */
int world_run(struct world *world, const sn_limits *limits, enum job job, uint64_t amount, struct sn__usage *ret_usage);

/* The directory in which this parent has the groups of a controller. */
void world_directory(const char *parent, const char *controller, char *path, size_t size);
/* Reads the first file that matches "s<slot>/<pattern>" there; false if there is none. */
bool world_read(const struct world *world, const char *controller, const char *pattern, char *text, size_t size);

#endif
