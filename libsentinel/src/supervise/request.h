/* SPDX-License-Identifier: MIT */
#ifndef SN_SUPERVISE_REQUEST_H
#define SN_SUPERVISE_REQUEST_H

#include "base/buffer.h"
#include "init/protocol.h"
#include "plan/seccomp_compile.h"
#include "spawn/sandbox.h"

/* A request while it is made: its offsets are not yet those of the finished one. */
struct sn__request_builder {
    struct sn__request head;
    struct sn__buffer offsets; /* of argv, then of envp */
    struct sn__buffer strings;
};

/*
 * Files of earlier runs are memory of the next one: only what they leave of its limit can be used. Not less than it
 * takes to start, or the program's end would tell nothing; it is over its limit then all the same (finish.c).
 */
uint64_t sn__request_memory(const sn_sandbox *sandbox, const sn_limits *limits);

/* argv NULL: of a child that is armed before it is known what it will run. envp NULL: the standard environment. */
int sn__request_build(struct sn__request_builder *builder, const sn_sandbox *sandbox, const sn_policy *policy,
                      const char *const *argv, const char *const *envp, const sn_limits *limits, const char *cwd,
                      sn_error **ret_error);
/* How its process gets into the leaf. Sets the descriptors of RUN from SN__RUN_FD_JOIN on; returns how many all are. */
#define SN__RUN_FDS_MAX (SN__RUN_FD_JOIN + SN__CGROUP_JOIN_MAX + 1)
uint32_t sn__request_join(struct sn__request_builder *builder, const sn_sandbox *sandbox,
                          const struct sn__cgroup_run *group, int ret_fds[SN__RUN_FDS_MAX]);
/* As a sealed memfd. */
int sn__request_freeze(const struct sn__request_builder *builder, const struct sn__bpf *bpf, int *ret_fd,
                       sn_error **ret_error);
/* Into the SN__ARMED_REQUEST bytes that an armed child reads; false: it is too large for that, or has failed. */
bool sn__request_write(const struct sn__request_builder *builder, const struct sn__bpf *bpf, char *area);
void sn__request_clear(struct sn__request_builder *builder);

#endif
