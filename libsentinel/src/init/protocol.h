/* SPDX-License-Identifier: MIT */
#ifndef SN_INIT_PROTOCOL_H
#define SN_INIT_PROTOCOL_H

/*
 * Theory of operation
 *
 * The host process and sentinel-init (the sandbox's PID 1) talk over one SOCK_SEQPACKET pair: one fixed-size message a
 * packet, descriptors beside it. Whatever has a variable size (the plan, the request of a run) travels as a sealed
 * memfd. Both ends are the same build of the same library, so the structs are the wire format.
 *
 *     host                                init
 *     GO (raw byte)                 ->    [still the host's memory] takes its ids, execs sentinel-init
 *     SETUP + plan, slot, sources   ->    unshares its cgroup namespace, if it was not born with one
 *                                   <-    ENTERED: then the host may now move it to its leaf
 *                                         carries out the plan
 *                                   <-    READY, or FAILED {step, index, errno}
 *     [a stem, which is made as a PID 1 is, and serves nothing else]
 *     FORK + a socket               ->    forks a PID 1, which is to have that, and begins with SETUP
 *                                   <-    FORKED + its pidfd, or FAILED
 *     RUN + request, 0, 1, 2, cgroup->
 *                                   <-    STARTED, or FAILED
 *                                         of a request that is to wait: ARMED + the listener, or FAILED; the
 *                                         host writes the arguments into it and answers what the child waits for
 *     [a template, over a copy of the host's end]
 *     ADOPT + request, listener     ->    the child that it forked into the sandbox; without them: it could not
 *     ADOPTED                       ->    nothing of the sandbox's outside is open in that child any more
 *                                   <-    ARMED + the listener, or FAILED
 *     KILL, SAMPLE                  ->
 *                                   <-    SAMPLED
 *                                   <-    BUSY: PID 1 itself works for the program
 *                                   <-    KILL_GROUP: without a pid namespace only the host can kill the run
 *     KILLED                        ->
 *                                   <-    DONE: no process of the run exists any more
 *     FILE                          ->
 *                                   <-    FILE_REPLY + a descriptor
 *
 * End of file on the socket means that the host is gone: init exits, and with it every process of its pid namespace.
 */
#include <stdint.h>

#define SN__INIT_CONTROL_FD 3
#define SN__INIT_HOST_FD 4  /* a pidfd of the host process */
#define SN__INIT_SPARE_FD 5 /* for a filter's listener, which open_files has to have room for */
#define SN__MESSAGE_FDS_MAX 200
#define SN__PATH_MAX 4096

enum sn__message_type {
    SN__MSG_SETUP = 1,
    SN__MSG_ENTERED,
    SN__MSG_READY,
    SN__MSG_FAILED,
    SN__MSG_FORK,
    SN__MSG_FORKED,
    SN__MSG_RUN,
    SN__MSG_ADOPT,
    SN__MSG_ADOPTED,
    SN__MSG_STARTED,
    SN__MSG_ARMED,
    SN__MSG_KILL,
    SN__MSG_SAMPLE,
    SN__MSG_SAMPLED,
    SN__MSG_BUSY,
    SN__MSG_KILL_GROUP,
    SN__MSG_KILLED,
    SN__MSG_DONE,
    SN__MSG_FILE,
    SN__MSG_FILE_REPLY,
};

/* Where something failed; sn__step_name() in spawn/ makes a name of it. Keep the order of that table. */
enum sn__step {
    SN__STEP_NONE,
    SN__STEP_LAUNCH_FDS,
    SN__STEP_LAUNCH_GROUPS,
    SN__STEP_LAUNCH_IDS,
    SN__STEP_LAUNCH_CAPS,
    SN__STEP_LAUNCH_EXEC,
    SN__STEP_PLAN,
    SN__STEP_CGROUP_NS,
    SN__STEP_PRIVATE,
    SN__STEP_ROOT_TMPFS,
    SN__STEP_PIVOT_ROOT,
    SN__STEP_MOUNT,
    SN__STEP_ROOT_READ_ONLY,
    SN__STEP_UMOUNT_OLD,
    SN__STEP_HOSTNAME,
    SN__STEP_NESTED_NS,
    SN__STEP_LANDLOCK_RULES,
    SN__STEP_REQUEST,
    SN__STEP_CLONE,
    SN__STEP_SESSION,
    SN__STEP_CGROUP_JOIN,
    SN__STEP_STDIO,
    SN__STEP_CWD,
    SN__STEP_RLIMIT,
    SN__STEP_KEYRING,
    SN__STEP_GROUPS,
    SN__STEP_IDS,
    SN__STEP_CAPS,
    SN__STEP_APPARMOR,
    SN__STEP_NO_NEW_PRIVS,
    SN__STEP_LANDLOCK,
    SN__STEP_SECCOMP,
    SN__STEP_ARM,
    SN__STEP_EXEC,
    SN__STEP_ENTER,
    SN__STEP_FORK,
    SN__STEP_COUNT,
};

struct sn__failure {
    uint32_t step;
    uint32_t index; /* of the mount, rlimit or descriptor */
    int32_t error;  /* positive errno */
    uint32_t reserved;
};

/* ---- the plan: header, then mounts, then strings (offsets from the start of the plan; 0: none) ---- */

#define SN__PLAN_MAGIC 0x53504c4eU

enum sn__plan_mount_kind {
    SN__MOUNT_DIRECTORY, /* mkdir -p target */
    SN__MOUNT_SYMLINK,   /* target -> source */
    SN__MOUNT_FILE,      /* target with `source` as its content */
    SN__MOUNT_BIND,      /* source descriptor or path */
    SN__MOUNT_TMPFS,     /* bytes, inodes, mode; owned by the program if OWNED */
    SN__MOUNT_PROC,
};

#define SN__MOUNT_FLAG_WRITABLE 1U
#define SN__MOUNT_FLAG_NOEXEC 2U
#define SN__MOUNT_FLAG_DEVICE 4U /* a device node may be opened through it */
#define SN__MOUNT_FLAG_OWNED 8U  /* belongs to the program's uid */
#define SN__MOUNT_FLAG_IS_DIR 16U

struct sn__plan_mount {
    uint32_t kind;
    uint32_t flags;
    uint32_t source; /* string */
    uint32_t target; /* string: absolute, no `.`, `..` or double slashes */
    int32_t fd;      /* index into the descriptors of SETUP behind the fixed ones, or -1: open `source` by path */
    uint32_t mode;
    uint64_t bytes;
    uint64_t inodes;
};

struct sn__plan {
    uint32_t magic;
    uint32_t size;
    uint64_t layers; /* SN_LAYER_ bits to put in force */
    uint32_t uid;    /* of the program, inside */
    uint32_t gid;
    uint32_t owner_uid; /* of root's files, inside: init's own */
    uint32_t network;
    uint32_t hostname;
    uint32_t mounts;
    uint32_t mount_count;
    uint32_t shm;      /* index of the mount at /dev/shm */
    uint32_t apparmor; /* enum sn__apparmor_state: what the host could tell without asking */
    uint32_t born;     /* SN__BORN_ bits: what it need not do any more */
};

#define SN__BORN_SETTLED 1U  /* in its groups and its cgroup namespace: it does not say ENTERED */
#define SN__BORN_IN_TREE 2U  /* in a copy of a tree that has all but what the plan lists (spawn/tree.c) */
#define SN__BORN_AS_TREE 4U  /* to make such a tree: its READY brings the mount namespace */
#define SN__BORN_SYSCTL 8U   /* with the directory /proc/sys/user of the host's: the last descriptor of SETUP */
#define SN__BORN_AS_STEM 16U /* to fork others (spawn/stem.h): it mounts nothing */
#define SN__BORN_OF_STEM 32U /* of one of these, which has done all but the mounts */
#define SN__BORN_APART 64U   /* its uid is nobody else's: keys that it has are in nobody's way */

/* Descriptors of SETUP: the plan, the slot, then the sources of mounts. */
#define SN__SETUP_FD_PLAN 0
#define SN__SETUP_FD_SLOT 1
#define SN__SETUP_FD_SOURCES 2
#define SN__SETUP_SOURCES_MAX (SN__MESSAGE_FDS_MAX - SN__SETUP_FD_SOURCES - 1)

/* ---- the request of a run: header, then what its offsets name ---- */

#define SN__REQUEST_MAGIC 0x53524551U
#define SN__REQUEST_RLIMITS 12

struct sn__request_rlimit {
    uint32_t resource;
    uint32_t reserved;
    uint64_t value; /* soft and hard; lowered to the hard limit in force */
};

struct sn__request {
    uint32_t magic;
    uint32_t size;
    uint32_t argv; /* argc offsets of strings, then 0 */
    uint32_t argc;
    uint32_t envp;
    uint32_t envc;
    uint32_t cwd;
    uint32_t search; /* PATH to search argv[0] in, 0: argv[0] has a slash */
    uint32_t bpf;
    uint32_t bpf_count;
    uint32_t rlimit_count;
    uint32_t join_count;     /* cgroup.procs descriptors behind 0, 1, 2 */
    uint32_t clone_into;     /* 1: one more descriptor, a v2 directory, behind those */
    uint32_t may_leave_keys; /* the policy lets it add keys: clear its user keyring afterwards */
    uint32_t watched;        /* bit 0: mmap, bit 1: mremap reach the listener only when large */
    uint32_t is_armed;       /* 1: the child stops in front of its exec; argv and envp come while it waits */
    uint64_t memory_bytes;   /* refuse larger mappings */
    uint64_t put_bytes;      /* armed: what the host wrote into files while it waited */
    uint64_t go_ns;          /* armed: when the host let it go, CLOCK_MONOTONIC */
    struct sn__request_rlimit rlimits[SN__REQUEST_RLIMITS];
};

/*
 * An armed child waits in this call: a number of x32, which every compiled filter answers by asking the listener. To
 * the program, later, it is a denied call like any other of a foreign ABI.
 */
#define SN__ARMED_CALL 0x40000fff
#define SN__ARMED_REQUEST 65536 /* size of the request of an armed child */
#define SN__ARMED_STRINGS 1024  /* argv and envp of one, together */

/* Descriptors of ADOPT. */
#define SN__ADOPT_FD_REQUEST 0
#define SN__ADOPT_FD_LISTENER 1
#define SN__ADOPT_FDS 2

/* Descriptors of RUN: the request, stdin, stdout, stderr, then join_count, then clone_into. */
#define SN__RUN_FD_REQUEST 0
#define SN__RUN_FD_STDIO 1
#define SN__RUN_FD_JOIN 4

/* ---- messages ---- */

enum sn__file_op {
    SN__FILE_READ,   /* open a regular file for reading */
    SN__FILE_CREATE, /* a new file for writing in place of whatever regular file has the name */
    SN__FILE_MKDIR,
    SN__FILE_LIST,   /* a memfd with the listing */
    SN__FILE_REMOVE, /* a file that CREATE made and that did not fit */
};

struct sn__message_file {
    uint32_t op;
    uint32_t mode;
    char path[SN__PATH_MAX]; /* relative, normalised */
};

/* Of a program's process on its way to its exec. */
enum { SN__CHILD_CLONE, SN__CHILD_JOIN, SN__CHILD_CONFINE, SN__CHILD_SECCOMP, SN__CHILD_EXEC, SN__CHILD_STEPS };

struct sn__message_done {
    int32_t exit_code; /* -1: a signal ended it */
    int32_t signal;
    uint64_t start_ns; /* CLOCK_MONOTONIC */
    uint64_t end_ns;
    uint64_t user_ns; /* by rusage of everything reaped: used where there is no cgroup */
    uint64_t system_ns;
    uint64_t max_rss_bytes; /* of the largest process */
    uint64_t busy_ns;       /* what PID 1 itself worked for it, see run.c */
    uint64_t left_bytes;    /* what this and earlier runs left in files that the next one finds */
    uint32_t denied;        /* 1: the three below say what */
    uint32_t denied_arch;
    int32_t denied_number;
    uint32_t refused_mappings;
    uint64_t denied_args[6];
    uint64_t waited_ns; /* for a processor, by the first process's first thread; 0 for a short run, or without /proc */
    uint64_t step_ns[SN__CHILD_STEPS]; /* how long each took; exec is 0 where it is not seen */
};

struct sn__message_armed {
    uint64_t notification; /* what the listener is to answer */
};

struct sn__message_adopt {
    struct sn__failure failure; /* without descriptors: what it failed of */
    int32_t pid;                /* of the child, inside */
};

struct sn__message_busy {
    uint64_t cpu_ns; /* so far */
};

struct sn__message_sampled {
    uint64_t cpu_ns;
    uint64_t rss_bytes;
    uint64_t processes;
};

/* What became of the layer apparmor (init/apparmor.h). */
enum sn__apparmor_state {
    SN__APPARMOR_UNASKED,    /* relaxed, or no proc to ask by */
    SN__APPARMOR_ABSENT,     /* not in this kernel, or not enabled */
    SN__APPARMOR_NOT_LOADED, /* enabled, but nobody loaded the profile */
    SN__APPARMOR_CONFINED,   /* we are under a profile ourselves, and our programs stay under it */
    SN__APPARMOR_READY,
};

struct sn__message_ready {
    uint64_t layers;       /* in force */
    uint32_t landlock_abi; /* 0: none */
    uint32_t apparmor;     /* enum sn__apparmor_state */
    uint64_t mounts_ns;    /* what of the time the mounts took */
    int32_t landlock_fd;   /* PID 1's number of the ruleset, for a template; or -1 */
};

struct sn__message {
    uint32_t type;
    uint32_t serial; /* of the run or file operation, so that a late answer is known as one; 0 before the first */
    union {
        struct sn__failure failure;
        struct sn__message_ready ready;
        struct sn__message_done done;
        struct sn__message_sampled sampled;
        struct sn__message_busy busy;
        struct sn__message_armed armed;
        struct sn__message_adopt adopt;
        struct sn__message_file file;
    };
};

/* One entry of a listing, followed by name_length bytes. */
struct sn__list_entry {
    uint64_t bytes;
    uint32_t mode;
    uint32_t name_length;
};
#define SN__LIST_MAX 65536

#endif
