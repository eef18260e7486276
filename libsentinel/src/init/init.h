/* SPDX-License-Identifier: MIT */
#ifndef SN_INIT_INIT_H
#define SN_INIT_INIT_H

#include "init/protocol.h"
#include "init/rt.h"

#include <linux/filter.h>

/* Descriptors that came with a message; taken ones are set to -1, the rest is closed by the receiver. */
struct received {
    struct sn__message message;
    int fds[SN__MESSAGE_FDS_MAX];
    uint32_t fd_count;
};

/* How the file system at /dev/shm looks from outside. */
struct shm_look {
    uint64_t free_blocks, free_inodes;
    uint64_t mtime[2], ctime[2];
};

/* All that PID 1 knows. There is one, in main.c; everything else gets a pointer. */
struct init {
    const struct sn__plan *plan;
    const char *plan_bytes;
    int null_fd;     /* the sandbox's /dev/null, for its own 0, 1, 2 */
    int work_fd;     /* the work directory */
    int kept_fds[2]; /* our own tmpfs at /tmp and at /work, whatever the caller mounted over them */
    int landlock_fd; /* ruleset, or -1 */
    int proc_fd;     /* a proc that the program's child finds itself in, if the layer apparmor is in force; or -1 */
    uint32_t landlock_abi;
    int has_keyring;       /* an empty session keyring of its own, which programs may inherit */
    uint32_t apparmor;     /* enum sn__apparmor_state */
    uint64_t layers;       /* in force so far */
    uint64_t mounts_ns;    /* that they took to make */
    uint32_t serial;       /* of the latest run */
    uint32_t refused;      /* the host wants this one no more; its child may still come from a template */
    uint64_t left_bytes;   /* that runs left in files which the next one finds */
    struct shm_look shm;   /* when it was mounted */
    struct received *next; /* a run that is to be armed after this one; NULL: none */
    /* a descriptor that was sent to the host is not closed here yet: nothing that it can write to can be executed */
    volatile int is_handing_over;
};

static inline const char *plan_string(const struct init *init, uint32_t offset)
{
    return init->plan_bytes + offset;
}

static inline const struct sn__plan_mount *plan_mounts(const struct init *init)
{
    return (const struct sn__plan_mount *)(const void *)(init->plan_bytes + init->plan->mounts);
}

/* Fills a failure record from -errno and returns it. */
static inline int fail(struct sn__failure *failure, enum sn__step step, uint32_t index, long error)
{
    failure->step = step;
    failure->index = index;
    failure->error = (int32_t)-error;
    return (int)error;
}

/* struct linux_dirent64: getdents64(2) */
struct directory_entry {
    uint64_t inode;
    int64_t offset;
    uint16_t length;
    uint8_t type;
    char name[];
};

/* control.c */
/* 1: a message, 0: the host is gone, or -errno. */
int init_receive(struct received *received);
void init_close_received(struct received *received);
/* The whole of a sealed memfd that came with a message, read-only: 0 or -errno. */
long map_whole(const struct received *received, uint32_t index, const char **ret_bytes, size_t *ret_size);
int init_send(const struct sn__message *message, int fd);
/* What the host waits for: if it cannot be said, the end of PID 1 says at once that something is wrong. */
void init_must_send(const struct sn__message *message);

/* stem.c: returns in each child, which begins anew with another control socket */
void stem_serve(struct init *init);

/* setup.c: 0, or -errno with *failure filled */
int setup_sandbox(struct init *init, struct received *received, struct sn__failure *failure);

/* setup_mounts.c */
int setup_mounts(struct init *init, struct received *received, struct sn__failure *failure);
/* POSIX shared memory and semaphores live in /dev/shm: a fresh one for the next run, unless this one made nothing. */
int setup_mount_shm_again(struct init *init);

/* files.c */
uint64_t files_bytes(const struct init *init);
void files_serve(struct init *init, const struct sn__message *request);

/* run.c: serves one run until no process of it exists */
void run_serve(struct init *init, struct received *received);
/* The same of a run whose child a template forked, or could not fork. */
void run_adopt(struct init *init, struct received *received);

/* sample.c */
void sample_processes(struct sn__message_sampled *ret_sample);

/* child_exec.c */
struct child {
    const struct init *init;
    const struct sn__request *request;
    const char *bytes;
    const int *stdio;
    const int *join;
    uint32_t fd_count;                 /* that came with the request */
    int shares_table;                  /* with PID 1: the listener is to have the number that is kept for it */
    int needs_keyring;                 /* one of its own: PID 1 has none, or it would not stay empty */
    const char **vectors;              /* room for argv and envp, each with its NULL */
    struct sn__failure failure;        /* written by the child: it shares our memory until its exec */
    int listener;                      /* likewise */
    uint64_t at_ns[SN__CHILD_SECCOMP]; /* likewise: when each of its steps was over */
    uint64_t at_tick[3];               /* the processor's clock beside the last two, and behind the filter */
};
int child_main(void *child);
/* The steps of it, in their order: 0, or -1 with child->failure filled. */
int child_request(struct child *child);
int child_confine(struct child *child);
int child_filter(struct child *child);
int child_wait(struct child *child);
/*
 * What no process of a program can ever have: once, for PID 1, whose children have its bounding set. What it has itself
 * it keeps, because it never execs again. 0 or -errno.
 */
int child_bound_capabilities(const struct init *init);
/* A new session keyring, in place of the one that was inherited: 0 or -errno. */
int child_join_keyring(void);

#endif
