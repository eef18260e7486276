/* SPDX-License-Identifier: MIT */
#include "supervise/cgroup.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "supervise/cgroup_internal.h"
#include "supervise/cpuset.h"
#include "supervise/suspect.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

/*
 * Theory of operation
 *
 * One tree: "<parent>/s<slot>" with "init" and "r<n>" below it. Controllers are enabled from the top down, and only in
 * groups without processes of their own; that is why PID 1 leaves s<slot> (settle) before s<slot> gets them.
 *
 * PID 1 clones each run into its leaf. The kernel checks that the *cloner* may write cgroup.procs of the leaf and of
 * the nearest common ancestor, s<slot>, and that both lie below the root of the cloner's cgroup namespace, again
 * s<slot>. PID 1 is nobody's root outside, so those two files are given to its uid. Nothing else is, and no program
 * sees a cgroup file system.
 *
 * cpu is optional: cpu.stat counts time without it, only cpu_percent needs it.
 */

#define INIT_PROCESSES 16 /* PID 1, and children of it that are not in a run (yet) */
#define PERIOD_US 100000
#define EMPTY_MS 1000

struct sn__cgroup {
    char *parent;
    char name[16]; /* "s<slot>" */
    int dir;
    uid_t init_uid;
    uint32_t next_run;
};

/* What changes while a run is const: killing it, and sampling a peak the kernel does not keep. */
struct run_state {
    atomic_bool counted;
    uint64_t refused_before;
    _Atomic uint64_t sampled_peak;
};

struct sn__cgroup_run {
    const struct sn__cgroup *cgroup;
    char name[16]; /* "r<n>" */
    int dir;
    int cpu; /* cpu.stat: a caller that has no descriptor left has its limit all the same */
    bool has_peak;
    uint64_t cpu_from, user_from, system_from; /* counters when the program began, ns */
    struct run_state *state;
};

/* Is `word` one of the space-separated words of `text`? */
static bool lists(const char *text, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = text; (at = strstr(at, word)); at += length) {
        if ((at == text || at[-1] == ' ') && (at[length] == '\0' || at[length] == ' ' || at[length] == '\n'))
            return true;
    }
    return false;
}

/* Has the group the controllers that we cannot do without? 1, 0 or -errno. */
static int has_controllers(int dirfd)
{
    cleanup_free char *text = NULL;
    size_t length;
    int r = sn__file_read_at(dirfd, "cgroup.controllers", 4096, &text, &length);

    return r < 0 ? r : lists(text, "memory") && lists(text, "pids");
}

/* Hands memory and pids (and cpu, if it can be had) down to the children of a group: 0 or -errno. */
static int enable(int dirfd)
{
    static const char *const words[] = {"+memory", "+pids", "+cpu"};
    cleanup_free char *enabled = NULL;
    size_t length;
    int r = sn__file_read_at(dirfd, "cgroup.subtree_control", 4096, &enabled, &length);

    if (r < 0)
        return r;
    for (size_t i = 0; i < SN_ARRAY_SIZE(words); i++) {
        if (lists(enabled, words[i] + 1))
            continue;
        r = sn__file_write_at(dirfd, "cgroup.subtree_control", words[i]);
        /* cpu is refused while real-time processes are about (CONFIG_RT_GROUP_SCHED) */
        if (r < 0 && i < 2)
            return r;
    }
    return 0;
}

/* Opens the group that all sandboxes share, making it if it is not there. Others may do the same at this moment. */
static int open_parent(const char *parent)
{
    int r = sn__cgroup_mkdir(AT_FDCWD, parent);
    cleanup_close int fd = -1;

    if (r < 0 && r != -EEXIST)
        return r;
    fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    r = enable(fd);
    return r < 0 ? r : steal_fd(&fd);
}

static void v2_destroy(struct sn__cgroup *cgroup)
{
    if (!cgroup)
        return;
    sn__cgroup_drop_group(cgroup->parent, cgroup->name, cgroup->dir);
    free(cgroup->parent);
    free(cgroup);
}

static void v2_forget(struct sn__cgroup *cgroup)
{
    if (!cgroup)
        return;
    sn__close(cgroup->dir);
    free(cgroup->parent);
    free(cgroup);
}

/* Gives `file` of a group to PID 1's uid, where that is not ours. */
static int give(const struct sn__cgroup *cgroup, int dirfd, const char *file)
{
    if (cgroup->init_uid == geteuid())
        return 0;
    return fchownat(dirfd, file, cgroup->init_uid, (gid_t)-1, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

/* A container's root may lack what root has: a group belongs to PID 1's uid and is still ours to write. */
#define NEED_CAPS                                                                                                      \
    "root needs the capabilities CHOWN and DAC_OVERRIDE for that (a container: --cap-add CHOWN,DAC_OVERRIDE); or "     \
    "relax the layer cgroup"

static int v2_create(const char *parent, uint32_t slot, uid_t init_uid, struct sn__cgroup **ret_cgroup,
                     sn_error **ret_error)
{
    struct sn__cgroup *cgroup = calloc(1, sizeof(*cgroup));
    int r;

    if (!cgroup)
        return sn__error_nomem(ret_error);
    cgroup->dir = -1;
    cgroup->init_uid = init_uid;
    snprintf(cgroup->name, sizeof(cgroup->name), "s%u", slot);
    cgroup->parent = strdup(parent);
    r = cgroup->parent ? sn__cgroup_make_group(parent, open_parent, cgroup->name, &cgroup->dir) : -ENOMEM;
    if (r == 0)
        r = give(cgroup, cgroup->dir, "cgroup.procs");
    if (r < 0) {
        r = r == -EPERM && geteuid() == 0
                ? sn__error_set(ret_error, SN_EHOST, "cgroup create", "cannot give %s/%s to PID 1's uid; " NEED_CAPS,
                                parent, cgroup->name)
                : sn__cgroup_create_error(r, parent, cgroup->name, ret_error);
        v2_destroy(cgroup);
        return r;
    }
    *ret_cgroup = cgroup;
    return 0;
}

static int v2_enter(struct sn__cgroup *cgroup, pid_t init, sn_error **ret_error)
{
    int r = sn__file_write_u64_at(cgroup->dir, "cgroup.procs", (uint64_t)init);

    if (r == -EACCES && geteuid() == 0)
        return sn__error_set(ret_error, SN_EHOST, "cgroup enter",
                             "cannot write a group that was given to PID 1; " NEED_CAPS);
    if (r < 0)
        return sn__error_errno(ret_error, -r, "cgroup enter", "cannot move process %d into %s/%s", (int)init,
                               cgroup->parent, cgroup->name);
    return 0;
}

static int v2_settle(struct sn__cgroup *cgroup, pid_t init, sn_error **ret_error)
{
    int r = sn__cgroup_mkdir(cgroup->dir, "init");

    if (r == 0)
        r = sn__file_write_u64_at(cgroup->dir, "init/cgroup.procs", (uint64_t)init);
    if (r == 0)
        r = enable(cgroup->dir);
    if (r == 0)
        r = sn__file_write_u64_at(cgroup->dir, "init/pids.max", INIT_PROCESSES);
    if (r < 0)
        return sn__error_errno(ret_error, -r, "cgroup settle", "cannot move process %d into %s/%s/init", (int)init,
                               cgroup->parent, cgroup->name);
    return 0;
}

static void v2_run_end(struct sn__cgroup_run *run)
{
    if (!run)
        return;
    sn__close(run->cpu);
    if (run->dir >= 0) {
        sn__close(run->dir);
        (void)sn__cgroup_remove(run->cgroup->dir, run->name, SN__CGROUP_PATIENT);
    }
    free(run->state);
    free(run);
}

static int set_text(const struct sn__cgroup_run *run, const char *file, const char *value, sn_error **ret_error)
{
    int r = sn__file_write_at(run->dir, file, value);

    if (r < 0)
        return sn__error_errno(ret_error, -r, "cgroup limits", "cannot write %s to %s of the run's group", value, file);
    return 0;
}

static int set_limit(const struct sn__cgroup_run *run, const char *file, uint64_t value, sn_error **ret_error)
{
    char text[32];

    snprintf(text, sizeof(text), "%" PRIu64, value);
    return set_text(run, file, text, ret_error);
}

static int set_limits(const struct sn__cgroup_run *run, const sn_limits *limits, sn_error **ret_error)
{
    char quota[64];
    int r = set_limit(run, "memory.max", limits->memory_bytes, ret_error);

    /* absent in a kernel without swap */
    if (r == 0 && faccessat(run->dir, "memory.swap.max", F_OK, 0) == 0)
        r = set_limit(run, "memory.swap.max", 0, ret_error);
    /* a program that lost one of its processes to the limit is no longer itself: all of it goes (4.19) */
    if (r == 0)
        r = set_limit(run, "memory.oom.group", 1, ret_error);
    if (r == 0)
        r = set_limit(run, "pids.max", sn__cgroup_pids_max(limits->processes), ret_error);
    if (r < 0 || !limits->cpu_percent)
        return r;
    if (faccessat(run->dir, "cpu.max", F_OK, 0) < 0)
        return sn__error_set(ret_error, SN_EHOST, "cgroup limits",
                             "cpu_percent needs the cgroup controller cpu, which %s does not have; have it delegated "
                             "(systemd: Delegate=cpu memory pids), or leave cpu_percent 0",
                             run->cgroup->parent);
    snprintf(quota, sizeof(quota), "%" PRIu64 " %d", limits->cpu_percent * (PERIOD_US / 100), PERIOD_US);
    return set_text(run, "cpu.max", quota, ret_error);
}

static int v2_run_begin(struct sn__cgroup *cgroup, const sn_limits *limits, bool has_files,
                        struct sn__cgroup_run **ret_run, sn_error **ret_error)
{
    struct sn__cgroup_run *run = calloc(1, sizeof(*run));
    int r;

    (void)has_files; /* a leaf is always new */

    if (!run)
        return sn__error_nomem(ret_error);
    run->cgroup = cgroup;
    run->dir = run->cpu = -1;
    /* never the name of an earlier run: its group may need a moment to go */
    snprintf(run->name, sizeof(run->name), "r%u", cgroup->next_run++);
    run->state = calloc(1, sizeof(*run->state));
    r = run->state ? sn__cgroup_mkdir(cgroup->dir, run->name) : -ENOMEM;
    if (r == 0) {
        run->dir = openat(cgroup->dir, run->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (run->dir < 0) {
            r = -errno;
            (void)unlinkat(cgroup->dir, run->name, AT_REMOVEDIR);
        } else {
            run->cpu = openat(run->dir, "cpu.stat", O_RDONLY | O_CLOEXEC);
            r = run->cpu < 0 ? -errno : give(cgroup, run->dir, "cgroup.procs");
        }
    }
    if (r < 0)
        r = sn__error_errno(ret_error, -r, "cgroup run", "cannot make %s/%s/%s", cgroup->parent, cgroup->name,
                            run->name);
    else
        r = set_limits(run, limits, ret_error);
    if (r < 0) {
        v2_run_end(run);
        return r;
    }
    run->has_peak = faccessat(run->dir, "memory.peak", F_OK, 0) == 0;
    *ret_run = run;
    return 0;
}

static void v2_run_join(const struct sn__cgroup_run *run, struct sn__cgroup_join *ret_join)
{
    *ret_join = (struct sn__cgroup_join){.clone_into = run->dir};
}

/* Kernels before 5.19 keep no peak: the best there is is what was seen when somebody looked. */
static void sample_memory(const struct sn__cgroup_run *run)
{
    uint64_t now;

    if (run->has_peak || sn__file_read_u64_at(run->dir, "memory.current", &now) < 0)
        return;
    if (now > atomic_load(&run->state->sampled_peak))
        atomic_store(&run->state->sampled_peak, now);
}

static int v2_run_cpu(const struct sn__cgroup_run *run, uint64_t *ret_cpu_ns)
{
    uint64_t us;

    sample_memory(run);
    if (sn__fd_read_key(run->cpu, "usage_usec", &us) < 0)
        return SN_ESYS;
    *ret_cpu_ns = us * 1000 - run->cpu_from;
    return 0;
}

static int read_cpu(const struct sn__cgroup_run *run, struct sn__usage *usage)
{
    cleanup_free char *text = NULL;
    uint64_t total, user, system;
    uint64_t throttled = 0;
    size_t length;
    int r = sn__file_read_at(run->dir, "cpu.stat", 8192, &text, &length);

    if (r == 0)
        r = sn__text_find_key(text, "usage_usec", &total);
    if (r == 0)
        r = sn__text_find_key(text, "user_usec", &user);
    if (r == 0)
        r = sn__text_find_key(text, "system_usec", &system);
    if (r < 0)
        return r;
    /* only with the controller cpu */
    (void)sn__text_find_key(text, "throttled_usec", &throttled);
    usage->cpu_ns = total * 1000 - run->cpu_from;
    usage->user_ns = user * 1000 - run->user_from;
    usage->system_ns = system * 1000 - run->system_from;
    usage->throttled_ns = throttled * 1000;
    return 0;
}

static void v2_run_mark(struct sn__cgroup_run *run)
{
    struct sn__usage usage = {0};

    if (read_cpu(run, &usage) < 0)
        return;
    run->cpu_from += usage.cpu_ns;
    run->user_from += usage.user_ns;
    run->system_from += usage.system_ns;
}

static void v2_run_keep_open(struct sn__cgroup_run *run)
{
    (void)run; /* one directory, few files */
}

/* memory.peak starts anew only since 6.12, for one descriptor, and its leaf costs less than four of v1. */
static int v2_run_oom_fd(const struct sn__cgroup_run *run)
{
    (void)run;
    return -1;
}

static int v2_run_usage(struct sn__cgroup_run *run, struct sn__usage *ret_usage, sn_error **ret_error)
{
    struct sn__usage usage = {
        .cpu_source = "cgroup v2 cpu.stat",
        .memory_source = run->has_peak ? "cgroup v2 memory.peak" : "cgroup v2 memory.current, sampled",
    };
    int r = read_cpu(run, &usage);

    if (r == 0 && run->has_peak)
        r = sn__file_read_u64_at(run->dir, "memory.peak", &usage.memory_peak);
    if (r == 0)
        r = sn__file_read_key_at(run->dir, "memory.events", "oom", &usage.memory_refused);
    if (r == 0)
        r = sn__file_read_key_at(run->dir, "memory.events", "oom_kill", &usage.oom_kills);
    if (r == 0 && atomic_load(&run->state->counted))
        usage.processes_refused = run->state->refused_before;
    else if (r == 0)
        r = sn__file_read_key_at(run->dir, "pids.events", "max", &usage.processes_refused);
    if (r < 0)
        return sn__error_errno(ret_error, -r, "cgroup usage", "cannot read the counters of the run's group");
    if (!run->has_peak) {
        sample_memory(run);
        usage.memory_peak = atomic_load(&run->state->sampled_peak);
        /* what was refused at the limit has been at the limit, seen or not */
        if (usage.memory_refused)
            (void)sn__file_read_u64_at(run->dir, "memory.max", &usage.memory_peak);
    }
    *ret_usage = usage;
    return 0;
}

static void wait_empty(const struct sn__cgroup_run *run)
{
    cleanup_close int fd = openat(run->dir, "cgroup.events", O_RDONLY | O_CLOEXEC);

    for (int left = EMPTY_MS; fd >= 0 && left > 0; left -= 10) {
        char text[256];
        ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
        uint64_t populated;
        struct pollfd wait = {.fd = fd, .events = POLLPRI};

        if (n < 0)
            return;
        text[n] = '\0';
        if (sn__text_find_key(text, "populated", &populated) < 0 || !populated)
            return;
        (void)poll(&wait, 1, 10);
    }
}

static void v2_run_kill(const struct sn__cgroup_run *run)
{
    if (sn__file_write_at(run->dir, "cgroup.kill", "1") == 0) {
        wait_empty(run);
        return;
    }
    /* before 5.14: as in cgroup_v1.c, and the forks refused from here on are not the program's */
    if (!atomic_load(&run->state->counted)) {
        (void)sn__file_read_key_at(run->dir, "pids.events", "max", &run->state->refused_before);
        atomic_store(&run->state->counted, true);
    }
    (void)sn__file_write_at(run->dir, "pids.max", "0");
    (void)sn__cgroup_kill_listed(run->dir, ".", SN__CGROUP_PATIENT);
}

static int v2_confine(struct sn__cgroup *cgroup, const char *cpus, sn_error **ret_error)
{
    return sn__cpuset_v2_confine(cgroup->parent, cgroup->dir, cpus, ret_error);
}

/* The confined group is the one that it is in. */
static int v2_enter_cpus(struct sn__cgroup *cgroup, pid_t init, sn_error **ret_error)
{
    (void)cgroup;
    (void)init;
    (void)ret_error;
    return 0;
}

static uint64_t v2_throttled_above(const struct sn__cgroup *cgroup)
{
    return sn__suspect_throttled(cgroup->parent, "throttled_usec") * 1000;
}

static void v2_reap_stale(const char *parent)
{
    struct sn__cgroup_reaper reaper;

    if (sn__cgroup_reaper_init(&reaper) < 0)
        return;
    sn__cgroup_reap(&reaper, parent);
    sn__close(reaper.slots);
}

const struct sn__cgroup_driver sn__cgroup_v2 = {
    .name = "v2",
    .create = v2_create,
    .enter = v2_enter,
    .confine = v2_confine,
    .enter_cpus = v2_enter_cpus,
    .settle = v2_settle,
    .run_begin = v2_run_begin,
    .run_join = v2_run_join,
    .run_cpu = v2_run_cpu,
    .run_mark = v2_run_mark,
    .run_keep_open = v2_run_keep_open,
    .run_oom_fd = v2_run_oom_fd,
    .run_usage = v2_run_usage,
    .run_kill = v2_run_kill,
    .run_end = v2_run_end,
    .throttled_above = v2_throttled_above,
    .destroy = v2_destroy,
    .forget = v2_forget,
    .reap_stale = v2_reap_stale,
};

/* --- finding a parent --- */

#define HOW_TO_DELEGATE                                                                                                \
    "run it by 'systemd-run --user --scope -p Delegate=yes COMMAND', set Delegate=yes in its unit, give a delegated "  \
    "directory as cgroup parent, or relax the layer cgroup"

/* Why a directory cannot hold our groups. */
enum obstacle { USABLE, READ_ONLY, NOT_OURS, THREADED, NO_CONTROLLERS, BUSY, FAILED, NO_MEMORY };

struct finding {
    enum obstacle obstacle;
    int error;
    char *where;
};

/* A want of the caller's at this moment, which says nothing about the host. */
static bool out_of_descriptors(int error)
{
    return error == EMFILE || error == ENFILE;
}

static bool may_write(int dirfd, const char *name)
{
    return faccessat(dirfd, name, W_OK, AT_EACCESS) == 0;
}

/* May we make groups below this one, with the controllers we need? */
static enum obstacle examine(int dirfd, int *ret_error)
{
    cleanup_free char *type = NULL;
    size_t length;
    int r;

    /* moving a process needs cgroup.procs of the nearest common ancestor, which this is or is below */
    if (!may_write(dirfd, ".") || !may_write(dirfd, "cgroup.procs"))
        return errno == EROFS ? READ_ONLY : NOT_OURS;
    /* the real root has no type */
    r = sn__file_read_at(dirfd, "cgroup.type", 64, &type, &length);
    if (r == 0 && strncmp(type, "domain\n", 7) != 0)
        return THREADED;
    if (r == 0 || r == -ENOENT)
        r = has_controllers(dirfd);
    if (r == 0)
        return NO_CONTROLLERS;
    if (r > 0)
        r = enable(dirfd);
    *ret_error = -r;
    switch (r) {
    case 0:
        return USABLE;
    case -EBUSY:
        return BUSY;
    case -EROFS:
        return READ_ONLY;
    case -EACCES:
    case -EPERM:
        return NOT_OURS;
    case -ENOMEM:
        return NO_MEMORY;
    default:
        return FAILED;
    }
}

/* Tries <directory>/sentinel, or the directory itself if the caller named it. True with *ret_parent set. */
static bool try_directory(const char *directory, bool itself, char **ret_parent, struct finding *finding)
{
    cleanup_close int dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_close int parent_fd = -1;
    cleanup_free char *parent = NULL;
    enum obstacle obstacle;
    int error = 0;

    if (dir < 0) {
        obstacle = FAILED;
        error = errno;
    } else {
        obstacle = examine(dir, &error);
    }
    if (obstacle == USABLE) {
        if (asprintf(&parent, itself ? "%s" : "%s/sentinel", directory) < 0) {
            parent = NULL;
            obstacle = NO_MEMORY;
        } else {
            parent_fd = open_parent(parent);
            error = parent_fd < 0 ? -parent_fd : 0;
            obstacle = parent_fd < 0 ? FAILED : may_write(parent_fd, ".") ? USABLE : NOT_OURS;
        }
    }
    if (obstacle == USABLE) {
        *ret_parent = steal_ptr(&parent);
        return true;
    }
    /* the nearest directory that is ours says most; one of somebody else's says nothing */
    if (!finding->where || (finding->obstacle == NOT_OURS && obstacle != NOT_OURS) || out_of_descriptors(error)) {
        free(finding->where);
        *finding = (struct finding){obstacle, error, strdup(directory)};
    }
    return false;
}

static int explain(const struct finding *finding, sn_error **ret_error)
{
    const char *where = finding->where ? finding->where : "?";

    switch (finding->obstacle) {
    case NO_MEMORY:
        return sn__error_nomem(ret_error);
    case READ_ONLY:
        return sn__error_set(ret_error, SN_EHOST, "cgroup find",
                             "the cgroup tree at %s is mounted read-only; in a container: --cgroupns=private with "
                             "/sys/fs/cgroup writable (podman: --security-opt unmask=/sys/fs/cgroup); or relax the "
                             "layer cgroup",
                             where);
    case NOT_OURS:
        return sn__error_set(ret_error, SN_EHOST, "cgroup find",
                             "no cgroup above this process is delegated to uid %u (%s is not); " HOW_TO_DELEGATE,
                             (unsigned)geteuid(), where);
    case THREADED:
        return sn__error_set(ret_error, SN_EHOST, "cgroup find",
                             "the cgroup %s is threaded and can hold no memory limit; start this process in another "
                             "group, or relax the layer cgroup",
                             where);
    case NO_CONTROLLERS:
        return sn__error_set(ret_error, SN_EHOST, "cgroup find",
                             "the cgroup %s has not got both controllers memory and pids (see its "
                             "cgroup.controllers); " HOW_TO_DELEGATE,
                             where);
    case BUSY:
        return sn__error_set(
            ret_error, SN_EHOST, "cgroup find",
            "the cgroup %s is ours but has processes in it, so no controller can be enabled for groups "
            "below; start them in a group of their own: DelegateSubgroup=main in the unit (systemd "
            "254), or 'mkdir %s/main && echo $$ >%s/main/cgroup.procs' before this program; or relax "
            "the layer cgroup",
            where, where, where);
    default:
        if (out_of_descriptors(finding->error))
            return sn__error_errno(ret_error, finding->error, "cgroup find", "cannot look at the cgroup %s", where);
        return sn__error_set(ret_error, SN_EHOST, "cgroup find", "cannot use the cgroup %s (%s); " HOW_TO_DELEGATE,
                             where, finding->error ? strerrordesc_np(finding->error) : "unknown");
    }
}

/* A caller's own choice is used as it is, or refused. */
static int pick_wanted(const char *wanted, char **ret_parent, sn_error **ret_error)
{
    struct finding finding = {0};
    struct statfs fs;
    int r = 0;

    if (wanted[0] != '/')
        return sn__error_set(ret_error, SN_EINVAL, "cgroup find", "the cgroup parent %s is not an absolute path",
                             wanted);
    if (statfs(wanted, &fs) < 0)
        return errno == ENOENT ? sn__error_set(ret_error, SN_ENOENT, "cgroup find",
                                               "the cgroup parent %s does not exist; make it with mkdir", wanted)
                               : sn__error_errno(ret_error, errno, "cgroup find", "cgroup parent %s", wanted);
    if (fs.f_type != CGROUP2_SUPER_MAGIC)
        return sn__error_set(ret_error, SN_EINVAL, "cgroup find",
                             "the cgroup parent %s is not a directory of a cgroup v2 tree", wanted);
    if (!try_directory(wanted, true, ret_parent, &finding))
        r = explain(&finding, ret_error);
    free(finding.where);
    return r;
}

/* Cuts the last component; false at the mount point. */
static bool go_up(char *path, const char *mount)
{
    char *slash = strrchr(path, '/');

    if (strlen(path) <= strlen(mount) || !slash)
        return false;
    *slash = '\0';
    return true;
}

/*
 * Root on the real root of the tree takes <mount>/sentinel. Everybody else needs a group that was given to them: the
 * nearest one above our own; our own only says why it cannot be (this library never moves its caller out of it).
 */
static int search(const struct sn__cgroup_place *place, char **ret_parent, struct finding *finding)
{
    cleanup_free char *at = NULL;
    cleanup_free char *type = NULL;

    if (asprintf(&type, "%s/cgroup.type", place->mount) < 0) {
        type = NULL;
        return -ENOMEM;
    }
    if (geteuid() == 0 && access(type, F_OK) < 0 && errno == ENOENT &&
        try_directory(place->mount, false, ret_parent, finding))
        return 1;
    at = strdup(place->own);
    if (!at)
        return -ENOMEM;
    while (go_up(at, place->mount)) {
        if (try_directory(at, false, ret_parent, finding))
            return 1;
    }
    return try_directory(place->own, false, ret_parent, finding);
}

int sn__cgroup_v2_pick(const struct sn__cgroup_tables *tables, const char *wanted, char **ret_parent,
                       sn_error **ret_error)
{
    cleanup_place struct sn__cgroup_place place = {0};
    struct finding finding = {0};
    cleanup_close int mount = -1;
    int r;

    if (wanted)
        return pick_wanted(wanted, ret_parent, ret_error);
    r = sn__cgroup_locate(tables, NULL, &place);
    if (r < 0 && r != -ENOENT)
        return sn__error_errno(ret_error, -r, "cgroup find", "cannot look at the cgroup v2 tree");
    if (r < 0)
        return sn__error_set(ret_error, SN_EHOST, "cgroup find",
                             "no cgroup tree is mounted; mount it by 'mount -t cgroup2 cgroup2 /sys/fs/cgroup' (in a "
                             "container: leave /sys/fs/cgroup to the runtime), or relax the layer cgroup");
    mount = open(place.mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    r = mount < 0 ? -errno : has_controllers(mount);
    if (r < 0)
        return sn__error_errno(ret_error, -r, "cgroup find", "cannot look at the cgroup v2 tree at %s", place.mount);
    if (r == 0)
        return sn__error_set(ret_error, SN_EHOST, "cgroup find",
                             "the cgroup v2 tree at %s has not got both controllers memory and pids; boot with "
                             "'systemd.unified_cgroup_hierarchy=1 cgroup_no_v1=all' (and 'cgroup_enable=memory'), have "
                             "the container's runtime delegate them, or relax the layer cgroup",
                             place.mount);
    r = search(&place, ret_parent, &finding);
    if (r == 1)
        r = 0;
    else
        r = r < 0 ? sn__error_nomem(ret_error) : explain(&finding, ret_error);
    free(finding.where);
    return r;
}
