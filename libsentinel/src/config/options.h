/* SPDX-License-Identifier: MIT */
#ifndef SN_CONFIG_OPTIONS_H
#define SN_CONFIG_OPTIONS_H

#include <sentinel/pool.h>
#include <sentinel/run.h>
#include <sentinel/sandbox.h>

#include <stdbool.h>

/* Zeroes a size-first struct of the caller's size, which may be an older or a newer one. */
void sn__options_init(void *options, size_t size);

/*
 * Copies a size-first struct of the caller into one of this library's size: a shorter one is filled with zeros, a
 * longer one must have a zero tail (clone3's rule). `what` names it in the error.
 */
int sn__options_copy(void *to, size_t to_size, const void *from, const char *what, sn_error **ret_error);

/* The other way: what the library tells, into a struct of the caller's size; fields that only that has become 0. */
void sn__options_give(void *to, const void *from, size_t from_size);

/* Fills zeros with defaults and refuses what makes no sense. limits may be NULL; `base` (or NULL) stands behind it. */
int sn__limits_resolve(const sn_limits *limits, const sn_limits *base, sn_limits *ret_limits, sn_error **ret_error);

/* An absolute path inside the sandbox in normal form (no ".", "..", "//", trailing slash); to be freed. */
int sn__path_normalise(const char *path, const char *what, char **ret_path, sn_error **ret_error);
/* A path relative to the work directory in normal form; "" for the work directory itself. */
int sn__path_relative(const char *path, char ret_path[4096], sn_error **ret_error);

/* What a sandbox shall be: checked, defaults filled in, everything owned. */
struct sn__spec_mount {
    char *source;
    char *target;
    uint32_t flags;
};

struct sn__spec {
    uint64_t layers; /* wanted */
    char *rootfs;    /* NULL: host directories */
    struct sn__spec_mount *mounts;
    size_t mount_count;
    char *hostname;
    char *cgroup_parent;
    sn_policy *policy;
    sn_limits limits;
    uint64_t work_bytes, work_inodes, tmp_bytes, tmp_inodes, shm_bytes;
    uint32_t arm;   /* SN_ARM_... */
    bool is_joined; /* by forks of a template, who have no right over a network namespace that is not the sandbox's */
    uint32_t network;
    char *cpus; /* NULL: wherever the caller may run */
};

int sn__spec_make(const sn_sandbox_options *options, struct sn__spec *ret_spec, sn_error **ret_error);
int sn__spec_copy(const struct sn__spec *spec, struct sn__spec *ret_copy, sn_error **ret_error);
void sn__spec_clear(struct sn__spec *spec);

#endif
