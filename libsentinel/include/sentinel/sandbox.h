/* SPDX-License-Identifier: MIT */
/* sandboxes: made and destroyed, files in and out */
#ifndef SENTINEL_SANDBOX_H
#define SENTINEL_SANDBOX_H

#include <sentinel/error.h>
#include <sentinel/layer.h>
#include <sentinel/limits.h>
#include <sentinel/policy.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A sandbox is a session: files in its work directory and /tmp stay between its runs, nothing else does. Many
 * sandboxes may be used from many threads; one sandbox is used by one run or file operation at a time (SN_EBUSY).
 * Independent jobs must not share a sandbox. Owned by the caller, who ends it with sn_sandbox_destroy().
 *
 * The calling process is not changed: no signal handlers, no children to wait for, no cwd or umask change, every
 * descriptor close-on-exec. When the calling process dies, its sandboxes die with it.
 *
 * A sandbox is used by the process that made it. In a child forked from that, all of this refuses (SN_EINVAL) but
 * sn_sandbox_destroy() and sn_running_free(), which give back the child's copies and change nothing else. A child that
 * neither execs nor ends keeps copies of descriptors: the number of a sandbox is free again, and the standard input of
 * a run that it was forked during is at its end, when that child has gone, too.
 */
typedef struct sn_sandbox sn_sandbox;

/* Flags of a mount. */
#define SN_MOUNT_WRITABLE (1U << 0) /* default: read-only */
#define SN_MOUNT_OPTIONAL (1U << 1) /* skip it if the source does not exist */
#define SN_MOUNT_NOEXEC (1U << 2)   /* nothing in it can be executed */

/* A host file or directory that the sandbox sees. Directories come with what is mounted below them. */
typedef struct sn_mount {
    size_t size;        /* sizeof(sn_mount), set by sn_mount_init() */
    const char *source; /* absolute host path */
    const char *target; /* absolute path inside; NULL: the same as source */
    uint32_t flags;     /* SN_MOUNT_... */
    uint32_t reserved;  /* 0 */
} sn_mount;

/*
 * What network there is while the layer network-ns is in force. It belongs to the sandbox, not to a run: what an
 * earlier run left in it (a port in TIME_WAIT, counters) is there for the next.
 */
enum {
    SN_NETWORK_NONE = 0,    /* a network namespace in which not even loopback is up */
    SN_NETWORK_LOOPBACK = 1 /* the same with its own 127.0.0.1 and ::1 */
};

/*
 * When the next run is got ready before it is asked for: its process, with its limits, its ids and its filter, waits in
 * front of its exec. That run then starts in a third of the time if it has the same limits, policy and cwd as the one
 * before (the sandbox's own, in front of the first) and no SN_STDIN_FEED; any other drops what was made and takes its
 * usual time. Meanwhile the sandbox has one process more, its group, and some 15 descriptors.
 */
enum {
    SN_ARM_AUTO = 0,  /* once a sandbox has been used twice */
    SN_ARM_NEVER = 1, /* a sandbox at rest is to have one process only */
    SN_ARM_ALWAYS = 2 /* from its creation on */
};

/* How a sandbox is made. Call sn_sandbox_options_init() first. */
typedef struct sn_sandbox_options {
    size_t size;                   /* sizeof(sn_sandbox_options), set by sn_sandbox_options_init() */
    uint64_t relax;                /* SN_LAYER_... bits that this caller does without */
    const char *rootfs;            /* unpacked root file system, shown read-only; NULL: the host's /usr and the like */
    const sn_mount *const *mounts; /* NULL-terminated, or NULL; mounted in this order after the root */
    const char *hostname;          /* NULL: "sandbox" */
    const sn_policy *policy;       /* of its runs; NULL: the installed "default", with a network "network" */
    const sn_limits *limits;       /* default limits of its runs; NULL: the defaults of sn_limits */
    uint64_t work_bytes;           /* size of the tmpfs at /work, bytes; 0: 64 MiB */
    uint64_t work_inodes;          /* files and directories in it; 0: 8192 */
    uint64_t tmp_bytes;            /* size of the tmpfs at /tmp, bytes; 0: 64 MiB */
    uint64_t tmp_inodes;           /* files and directories in it; 0: 8192 */
    uint64_t shm_bytes;            /* size of the tmpfs at /dev/shm, bytes; 0: 64 MiB; emptied after every run */
    const char *cgroup_parent;     /* cgroup v2 directory to make groups in; NULL: found automatically */
    uint32_t network;              /* SN_NETWORK_... */
    uint32_t arm;                  /* SN_ARM_... */
    const char *cpus;              /* the processors it runs on, "0-3,8"; NULL: those of the caller; see below */
} sn_sandbox_options;

/*
 * cpus confines PID 1 and all runs to a list of processors, as cpuset(7) writes it, by the cgroup controller cpuset: no
 * program gets out of it, by sched_setaffinity(2) either. They are not kept free of others: for figures that repeat,
 * give each sandbox one that nobody else is given. The list must lie within the processors that are online and in the
 * caller's own cgroup; what taskset(1) gave the caller does not matter. Refused with SN_EHOST where there is no cpuset,
 * with SN_EINVAL where the list is none, is empty, or reaches beyond, and where the layer cgroup is relaxed. Should the
 * last processor of a list be taken offline, the kernel lets its processes go to those of the group above. Kernel
 * facts: cpuset(7), Documentation/admin-guide/cgroup-v2.rst.
 */

/* Makes it all zero but the size. The _sized form is for bindings, with the size of their own layout. */
SN_API void sn_mount_init_sized(sn_mount *mount, size_t size);
static inline void sn_mount_init(sn_mount *mount)
{
    sn_mount_init_sized(mount, sizeof(*mount));
}
/* Makes it all zero but the size. The _sized form is for bindings, with the size of their own layout. */
SN_API void sn_sandbox_options_init_sized(sn_sandbox_options *options, size_t size);
static inline void sn_sandbox_options_init(sn_sandbox_options *options)
{
    sn_sandbox_options_init_sized(options, sizeof(*options));
}

/*
 * Creates a sandbox; options NULL means all defaults. Blocks for a few milliseconds. Everything the options point to
 * may be freed afterwards. *ret_sandbox ends by sn_sandbox_destroy(). Thread-safe. Kernel: 5.13 or later.
 * Errors: SN_EINVAL, SN_ENOENT (a mount source, the rootfs), SN_EHOST, SN_ESYS, SN_ENOMEM. On failure nothing is left.
 */
SN_API int sn_sandbox_create(const sn_sandbox_options *options, sn_sandbox **ret_sandbox, sn_error **ret_error);

/*
 * Kills what runs in it and removes every trace. NULL is accepted. Blocks until done, which takes about a millisecond;
 * a process in a call that the kernel does not interrupt is waited for, but no longer than some 10 s. What stands by
 * then ends with that call; its uid and its groups are not used again before, and the next sandbox that is made removes
 * them.
 */
SN_API void sn_sandbox_destroy(sn_sandbox *sandbox);

/*
 * Files in the work directory. `path` is relative to it and must stay beneath it; symbolic links are not followed,
 * only regular files are read or written. None of these may be called while a run is in progress (SN_EBUSY). They block
 * for as long as the sandbox's PID 1 takes, which does nothing else meanwhile.
 */

/*
 * Writes a file, replacing a regular file of that name; makes missing directories. mode: 0 means 0644. Errors:
 * SN_EINVAL (the path), SN_EBUSY, SN_EDIED, SN_ESYS (no room, a name that is no regular file), SN_ENOMEM.
 */
SN_API int sn_sandbox_put(sn_sandbox *sandbox, const char *path, const void *data, size_t length, uint32_t mode,
                          sn_error **ret_error);
/*
 * Reads a file of at most max_bytes; *ret_data is freed with sn_free() and not NULL for an empty file. Errors:
 * SN_ELIMIT (it is larger), SN_ENOENT, SN_EINVAL (the path), SN_EBUSY, SN_EDIED, SN_ESYS (no regular file), SN_ENOMEM.
 */
SN_API int sn_sandbox_get(sn_sandbox *sandbox, const char *path, uint64_t max_bytes, void **ret_data,
                          size_t *ret_length, sn_error **ret_error);
/*
 * Makes a directory and its missing parents; one that exists is success. Errors: SN_EINVAL (the path), SN_EBUSY,
 * SN_EDIED, SN_ESYS, SN_ENOMEM.
 */
SN_API int sn_sandbox_mkdir(sn_sandbox *sandbox, const char *path, sn_error **ret_error);

/* One entry of a listing. */
typedef struct sn_file_info {
    const char *name;  /* bytes as the program made them: may contain anything but '/' and NUL */
    uint64_t bytes;    /* its size */
    uint32_t mode;     /* st_mode: type and permission bits */
    uint32_t reserved; /* 0 */
} sn_file_info;
/* A listing. Owned by the caller, who frees it with sn_file_list_free(); immutable. */
typedef struct sn_file_list sn_file_list;

/*
 * Lists one directory ("" or "." is the work directory itself), in no order. *ret_list is freed with
 * sn_file_list_free(). Errors: SN_ELIMIT (more than 65536 entries), SN_ENOENT, SN_EINVAL (the path), SN_EBUSY,
 * SN_EDIED, SN_ESYS (no directory), SN_ENOMEM.
 */
SN_API int sn_sandbox_list(sn_sandbox *sandbox, const char *path, sn_file_list **ret_list, sn_error **ret_error);
/* How many entries it has. */
SN_API size_t sn_file_list_count(const sn_file_list *list);
/* One of them; lives as long as the list; NULL past the end. */
SN_API const sn_file_info *sn_file_list_entry(const sn_file_list *list, size_t index);
/* Frees it. NULL is accepted. */
SN_API void sn_file_list_free(sn_file_list *list);

/*
 * The SN_LAYER_... bits in force in this sandbox. Which of the others its options relaxed, and which the host does not
 * have, the results of its runs say: sn_result_relaxed(), sn_result_notes().
 */
SN_API uint64_t sn_sandbox_layers(const sn_sandbox *sandbox);

#ifdef __cplusplus
}
#endif
#endif
