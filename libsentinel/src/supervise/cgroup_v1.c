/* SPDX-License-Identifier: MIT */
#include "supervise/cgroup.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/kept_fd.h"
#include "supervise/cgroup_internal.h"
#include "supervise/cpuset.h"
#include "supervise/suspect.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

/*
 * Theory of operation
 *
 * v1 has a tree per hierarchy, so everything is done once in each of those that hold memory, cpu, cpuacct and pids (cpu
 * and cpuacct are often one). The parent string that pick() makes and create() takes names them, a line each:
 * "memory /sys/fs/cgroup/memory/own/path/sentinel".
 *
 * v1 allows processes beside child groups, so PID 1 stays in "s<slot>" except in the pids hierarchy, where its leaf
 * bounds it; that saves three groups a sandbox.
 *
 * There is no cgroup.kill. A group is killed by setting pids.max to 0, which refuses every further fork, and then
 * signalling what is listed until nothing is: no fork bomb outruns that, and the freezer hierarchy is not needed. The
 * refused forks that this causes must not look like the program's, so their counter is read before.
 *
 * A new process joins by writing "0" to descriptors that the host opened, of "tasks": it has a single thread, and
 * moving that is cheap (see cgroup.h). The kernel checks the credentials of the opener (5.16 and its stable branches;
 * before, of the writer, which may always move itself where file modes are not looked at again), so it needs neither
 * privilege nor a view of the tree.
 */

enum { MEMORY, CPU, CPUACCT, PIDS, CONTROLLERS };

/* Of a leaf, read when a run is over. */
enum { USAGE_USER, USAGE_SYSTEM, PEAK, USAGE, OOM_CONTROL, PIDS_EVENTS, COUNTERS };

static const struct {
    unsigned controller;
    const char *file;
    int flags;
} counters[COUNTERS] = {
    [USAGE_USER] = {CPUACCT, "cpuacct.usage_user", O_RDONLY}, [USAGE_SYSTEM] = {CPUACCT, "cpuacct.usage_sys", O_RDONLY},
    [PEAK] = {MEMORY, "memory.max_usage_in_bytes", O_RDWR},   [USAGE] = {MEMORY, "memory.usage_in_bytes", O_RDONLY},
    [OOM_CONTROL] = {MEMORY, "memory.oom_control", O_RDONLY}, [PIDS_EVENTS] = {PIDS, "pids.events", O_RDONLY},
};

static const char *const controllers[CONTROLLERS] = {"memory", "cpu", "cpuacct", "pids"};

#define INIT_PROCESSES 16 /* PID 1, a child on its way into a run, those armed ahead of one */
#define DEAD_MAX 48       /* PID 1s of earlier sandboxes that nobody has reaped yet */
#define PERIOD_US 100000
#define SWAP_SLACK (64 * 4096)
#define LEAST_LEFT (UINT64_C(512) << 10)
#define LEAST_PART 64 /* of the limit, which what is left takes from the next run */
#define SPARE_PART 8  /* of the descriptors, within which a spare's have to be */

struct hierarchy {
    char *parent;            /* ".../sentinel" */
    int dir;                 /* its s<slot> */
    struct sn__kept_fd seen; /* the same: a caller may close it while no sandbox has the groups */
};

struct sn__cgroup {
    char name[16]; /* "s<slot>" */
    struct hierarchy hierarchies[CONTROLLERS];
    uint32_t count;
    uint32_t of[CONTROLLERS]; /* controller -> hierarchy */
    struct sn__cpuset cpuset;
    uint32_t next_run;
    struct sn__cgroup_run *spare; /* a run's leaf that the next one may use; or NULL */
    bool has_leaf;                /* "init", in the pids hierarchy */
    uint64_t dead;                /* that its limit allows for */
};

/* What killing changes; apart from the run because killing takes a const one. */
struct kill_state {
    atomic_bool killed;
    uint64_t refused_before;
};

struct sn__cgroup_run {
    struct sn__cgroup *cgroup;
    sn_limits limits; /* in force */
    char name[16];    /* "r<n>" */
    int procs[CONTROLLERS];
    int cpu;            /* cpuacct.usage: a caller that has no descriptor left has its limit all the same */
    int kept[COUNTERS]; /* what else is read at the end; -1: opened then */
    int oom;            /* eventfd that counts the times it was out of memory, or -1 */
    uint32_t made;      /* in the first so many hierarchies */
    bool is_clean;      /* what run_usage() saw lets another run use it */
    uint64_t cpu_from, user_from, system_from;           /* counters when the program began */
    struct sn__kept_fd seen[CONTROLLERS + 2 + COUNTERS]; /* all of these, while no run has them */
    struct kill_state *state;
};

/* "<group>/<file>" below a hierarchy's s<slot>. */
struct path {
    char text[64];
};

static struct path in(const char *group, const char *file)
{
    struct path path;

    snprintf(path.text, sizeof(path.text), "%s/%s", group, file);
    return path;
}

static int dir_of(const struct sn__cgroup *cgroup, unsigned controller)
{
    return cgroup->hierarchies[cgroup->of[controller]].dir;
}

/* The directory shared by all sandboxes: somebody else may make it at this moment. A descriptor or -errno. */
static int open_parent(const char *parent)
{
    int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int r;

    if (fd >= 0 || errno != ENOENT)
        return fd < 0 ? -errno : fd;
    r = sn__cgroup_mkdir(AT_FDCWD, parent);
    if (r < 0 && r != -EEXIST)
        return r;
    fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static void remove_run(struct sn__cgroup_run *run);
static void close_run(struct sn__cgroup_run *run);

static void v1_destroy(struct sn__cgroup *cgroup)
{
    if (!cgroup)
        return;
    for (uint32_t i = 0; i < cgroup->count; i++)
        if (sn__kept_fd_is_lost(&cgroup->hierarchies[i].seen))
            cgroup->hierarchies[i].dir = -1;
    remove_run(cgroup->spare);
    /* it is almost always empty: then its parent goes as fast as the others */
    if (cgroup->has_leaf)
        (void)unlinkat(dir_of(cgroup, PIDS), "init", AT_REMOVEDIR);
    for (uint32_t i = 0; i < cgroup->count; i++) {
        sn__cgroup_drop_group(cgroup->hierarchies[i].parent, cgroup->name, cgroup->hierarchies[i].dir);
        free(cgroup->hierarchies[i].parent);
    }
    sn__cpuset_v1_destroy(&cgroup->cpuset, cgroup->name);
    free(cgroup);
}

static void v1_forget(struct sn__cgroup *cgroup)
{
    if (!cgroup)
        return;
    close_run(cgroup->spare);
    for (uint32_t i = 0; i < cgroup->count; i++) {
        if (!sn__kept_fd_is_lost(&cgroup->hierarchies[i].seen))
            sn__close(cgroup->hierarchies[i].dir);
        free(cgroup->hierarchies[i].parent);
    }
    if (cgroup->cpuset.parent)
        sn__close(cgroup->cpuset.dir);
    free(cgroup->cpuset.parent);
    free(cgroup);
}

/* Reads the lines of a parent string into hierarchies, none of them made yet. */
static int parse_parent(const char *parent, struct sn__cgroup *cgroup)
{
    uint32_t found = 0;
    const char *next;

    for (const char *line = parent; *line; line = next) {
        const char *newline = strchrnul(line, '\n');
        const char *space = memchr(line, ' ', (size_t)(newline - line));
        struct hierarchy *hierarchy = &cgroup->hierarchies[cgroup->count];
        const char *name = line;

        next = *newline ? newline + 1 : newline;
        if (!space || cgroup->count == CONTROLLERS)
            return -EINVAL;
        while (name < space) {
            const char *stop = memchr(name, ',', (size_t)(space - name));

            stop = stop ? stop : space;
            for (uint32_t i = 0; i < CONTROLLERS; i++) {
                if (strlen(controllers[i]) == (size_t)(stop - name) &&
                    memcmp(controllers[i], name, (size_t)(stop - name)) == 0) {
                    cgroup->of[i] = cgroup->count;
                    found |= 1U << i;
                }
            }
            name = stop + 1;
        }
        hierarchy->parent = strndup(space + 1, (size_t)(newline - space - 1));
        if (!hierarchy->parent)
            return -ENOMEM;
        hierarchy->dir = hierarchy->seen.fd = -1;
        cgroup->count++;
    }
    return found == (1U << CONTROLLERS) - 1 ? 0 : -EINVAL;
}

static int v1_create(const char *parent, uint32_t slot, uid_t init_uid, struct sn__cgroup **ret_cgroup,
                     sn_error **ret_error)
{
    struct sn__cgroup *cgroup = calloc(1, sizeof(*cgroup));
    int r;

    (void)init_uid; /* joins by descriptors: nothing has to be given away */
    if (!cgroup)
        return sn__error_nomem(ret_error);
    snprintf(cgroup->name, sizeof(cgroup->name), "s%u", slot);
    r = parse_parent(parent, cgroup);
    if (r < 0) {
        v1_destroy(cgroup);
        return r == -ENOMEM ? sn__error_nomem(ret_error)
                            : sn__error_set(ret_error, SN_EINVAL, "cgroup create",
                                            "the parent names no directory for some of memory, cpu, cpuacct, pids");
    }
    for (uint32_t i = 0; i < cgroup->count; i++) {
        r = sn__cgroup_make_group(cgroup->hierarchies[i].parent, open_parent, cgroup->name,
                                  &cgroup->hierarchies[i].dir);
        if (r < 0) {
            r = sn__cgroup_create_error(r, cgroup->hierarchies[i].parent, cgroup->name, ret_error);
            v1_destroy(cgroup);
            return r;
        }
        (void)sn__kept_fd_take(&cgroup->hierarchies[i].seen, cgroup->hierarchies[i].dir);
    }
    *ret_cgroup = cgroup;
    return 0;
}

static int make_leaf(struct sn__cgroup *cgroup)
{
    int dir = dir_of(cgroup, PIDS);
    int r;

    if (cgroup->has_leaf)
        return 0;
    r = sn__cgroup_mkdir(dir, "init");
    cgroup->has_leaf = r == 0;
    return r < 0 ? r : sn__file_write_u64_at(dir, "init/pids.max", INIT_PROCESSES);
}

/* "tasks" moves threads, "cgroup.procs" whole processes: see the theory of operation in cgroup.h. */
static int v1_launch(struct sn__cgroup *cgroup, struct sn__cgroup_launch *ret_launch, sn_error **ret_error)
{
    int r = make_leaf(cgroup);

    *ret_launch = (struct sn__cgroup_launch){.init = -1};
    if (r < 0)
        return sn__error_errno(ret_error, -r, "cgroup enter", "cannot make %s/%s/init",
                               cgroup->hierarchies[cgroup->of[PIDS]].parent, cgroup->name);
    ret_launch->init = openat(dir_of(cgroup, PIDS), "init/tasks", O_WRONLY | O_CLOEXEC);
    if (ret_launch->init < 0)
        return sn__error_errno(ret_error, errno, "cgroup enter", "cannot open %s/%s/init/tasks",
                               cgroup->hierarchies[cgroup->of[PIDS]].parent, cgroup->name);
    for (uint32_t i = 0; i < cgroup->count; i++) {
        int fd = openat(cgroup->hierarchies[i].dir, "tasks", O_WRONLY | O_CLOEXEC);

        if (fd < 0)
            return sn__error_errno(ret_error, errno, "cgroup enter", "cannot open %s/%s/tasks",
                                   cgroup->hierarchies[i].parent, cgroup->name);
        ret_launch->launcher[ret_launch->launcher_count++] = fd;
    }
    if (cgroup->cpuset.parent) { /* before its cgroup namespace is made, as the others */
        int fd = openat(cgroup->cpuset.dir, "tasks", O_WRONLY | O_CLOEXEC);

        if (fd < 0)
            return sn__error_errno(ret_error, errno, "cgroup enter", "cannot open %s/%s/tasks", cgroup->cpuset.parent,
                                   cgroup->name);
        ret_launch->launcher[ret_launch->launcher_count++] = fd;
    }
    return 0;
}

static int v1_enter(struct sn__cgroup *cgroup, pid_t init, sn_error **ret_error)
{
    for (uint32_t i = 0; i < cgroup->count; i++) {
        int r = sn__file_write_u64_at(cgroup->hierarchies[i].dir, "cgroup.procs", (uint64_t)init);

        if (r < 0)
            return sn__error_errno(ret_error, -r, "cgroup enter", "cannot move process %d into %s/%s", (int)init,
                                   cgroup->hierarchies[i].parent, cgroup->name);
    }
    return 0;
}

static int v1_settle(struct sn__cgroup *cgroup, pid_t init, sn_error **ret_error)
{
    int dir = dir_of(cgroup, PIDS);
    int r = make_leaf(cgroup);

    if (r == 0)
        r = sn__file_write_u64_at(dir, "init/cgroup.procs", (uint64_t)init);
    if (r == -EACCES)
        return sn__error_set(ret_error, SN_EHOST, "cgroup settle",
                             "cgroup v1 lets only the host's own root move processes of other uids, and uid %u here is "
                             "not that: do without the container's user namespace, boot with cgroup v2, or relax the "
                             "layer cgroup",
                             (unsigned)geteuid());
    if (r < 0)
        return sn__error_errno(ret_error, -r, "cgroup settle", "cannot move process %d into %s/%s/init", (int)init,
                               cgroup->hierarchies[cgroup->of[PIDS]].parent, cgroup->name);
    return 0;
}

/*
 * A run's group that has yet to go is a child of its parent, and shows in that directory's number of links. What is
 * left in the counters of s<slot> nobody reads, and limits are on runs. Only a PID 1 counts in its leaf until it has
 * been reaped, which an orphan is by somebody else: that leaf takes so many more.
 */
static bool v1_is_as_new(struct sn__cgroup *cgroup)
{
    uint64_t dead = 0;

    if (cgroup->cpuset.parent) /* of a list that the next one may not have */
        return false;
    /* the number in its name would tell how many runs there were */
    if (cgroup->spare && strcmp(cgroup->spare->name, "r0") != 0) {
        remove_run(cgroup->spare);
        cgroup->spare = NULL;
    }
    for (uint32_t i = 0; i < cgroup->count; i++) {
        nlink_t links = 2 + (cgroup->of[PIDS] == i && cgroup->has_leaf) + (cgroup->spare != NULL);
        struct stat st;

        if (fstat(cgroup->hierarchies[i].dir, &st) < 0 || st.st_nlink != links ||
            st.st_dev != cgroup->hierarchies[i].seen.device || st.st_ino != cgroup->hierarchies[i].seen.inode)
            return false;
    }
    cgroup->next_run = cgroup->spare != NULL;
    if (!cgroup->has_leaf)
        return true;
    if (sn__file_read_u64_at(dir_of(cgroup, PIDS), "init/pids.current", &dead) < 0 || dead > DEAD_MAX)
        return false;
    if (cgroup->dead != dead && sn__file_write_u64_at(dir_of(cgroup, PIDS), "init/pids.max", INIT_PROCESSES + dead) < 0)
        return false;
    cgroup->dead = dead;
    return true;
}

/* Each of its descriptors in turn; NULL: that was the last. */
static int *descriptor(struct sn__cgroup_run *run, unsigned index)
{
    if (index < CONTROLLERS)
        return &run->procs[index];
    index -= CONTROLLERS;
    if (index < COUNTERS)
        return &run->kept[index];
    index -= COUNTERS;
    return index == 0 ? &run->cpu : index == 1 ? &run->oom : NULL;
}

/* But for those that became the caller's while no run had them. */
static void close_descriptors(struct sn__cgroup_run *run)
{
    int *fd;

    for (unsigned i = 0; (fd = descriptor(run, i)); i++) {
        if (!sn__kept_fd_is_lost(&run->seen[i]))
            sn__close(*fd);
        *fd = run->seen[i].fd = -1;
    }
}

static bool has_all(struct sn__cgroup_run *spare)
{
    const int *fd;

    for (unsigned i = 0; (fd = descriptor(spare, i)); i++)
        if ((i >= CONTROLLERS || i < spare->cgroup->count) && (*fd < 0 || !sn__kept_fd_is_ours(&spare->seen[i])))
            return false;
    return true;
}

/* The groups stay. */
static void close_run(struct sn__cgroup_run *run)
{
    if (!run)
        return;
    close_descriptors(run);
    free(run->state);
    free(run);
}

/* Removes a run's groups; also those of one that was only begun. */
static void remove_run(struct sn__cgroup_run *run)
{
    if (!run)
        return;
    /* first, so that removing has descriptors to work with in a host program that has run out of them */
    close_descriptors(run);
    for (uint32_t i = 0; i < run->made; i++)
        (void)sn__cgroup_remove(run->cgroup->hierarchies[i].dir, run->name, SN__CGROUP_PATIENT);
    close_run(run);
}

/* Writes one limit; the error names file and value. */
static int set_limit(const struct sn__cgroup_run *run, unsigned controller, const char *file, uint64_t value,
                     sn_error **ret_error)
{
    int r = sn__file_write_u64_at(dir_of(run->cgroup, controller), in(run->name, file).text, value);

    if (r < 0)
        return sn__error_errno(ret_error, -r, "cgroup limits", "cannot write %" PRIu64 " to %s of the run's group",
                               value, file);
    return 0;
}

/* Anything but its absence counts as there: then writing it tells what is wrong, and no limit is left out unseen. */
static bool has_file(const struct sn__cgroup_run *run, unsigned controller, const char *file)
{
    return faccessat(dir_of(run->cgroup, controller), in(run->name, file).text, F_OK, 0) == 0 || errno != ENOENT;
}

static int set_limits(const struct sn__cgroup_run *run, const sn_limits *limits, sn_error **ret_error)
{
    /*
     * The kernel keeps memory <= memory + swap at every moment, so in a fresh group memory comes first. The second
     * limit is asked first and no longer counts what it refuses (6.18), so it lies one batch of charges (64 pages)
     * above: memory.failcnt tells, and no more than that batch could ever be swapped. Without swap accounting,
     * swappiness 0 keeps reclaim in this group away from swap.
     */
    int r = set_limit(run, MEMORY, "memory.limit_in_bytes", limits->memory_bytes, ret_error);

    if (r == 0 && has_file(run, MEMORY, "memory.memsw.limit_in_bytes"))
        r = set_limit(run, MEMORY, "memory.memsw.limit_in_bytes", limits->memory_bytes + SWAP_SLACK, ret_error);
    if (r == 0 && has_file(run, MEMORY, "memory.swappiness"))
        r = set_limit(run, MEMORY, "memory.swappiness", 0, ret_error);
    /* socket buffers of the internet families are apart from the rest here: a budget of their own */
    if (r == 0 && has_file(run, MEMORY, "memory.kmem.tcp.limit_in_bytes"))
        r = set_limit(run, MEMORY, "memory.kmem.tcp.limit_in_bytes", limits->memory_bytes / 4, ret_error);
    if (r == 0)
        r = set_limit(run, PIDS, "pids.max", sn__cgroup_pids_max(limits->processes), ret_error);
    if (r == 0 && limits->cpu_percent) {
        if (!has_file(run, CPU, "cpu.cfs_quota_us"))
            return sn__error_set(ret_error, SN_EHOST, "cgroup limits",
                                 "cpu_percent needs a kernel with CONFIG_CFS_BANDWIDTH; leave it 0");
        r = set_limit(run, CPU, "cpu.cfs_period_us", PERIOD_US, ret_error);
        if (r == 0)
            r = set_limit(run, CPU, "cpu.cfs_quota_us", limits->cpu_percent * (PERIOD_US / 100), ret_error);
    }
    return r;
}

/* cgroup-v1/memory.rst, "OOM Control": an eventfd and memory.oom_control, joined through cgroup.event_control. */
static int watch_oom(struct sn__cgroup_run *run, sn_error **ret_error)
{
    int dir = dir_of(run->cgroup, MEMORY);
    cleanup_close int control = openat(dir, in(run->name, "memory.oom_control").text, O_RDONLY | O_CLOEXEC);
    char line[32];
    int r;

    run->oom = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (control < 0 || run->oom < 0)
        return sn__error_errno(ret_error, errno, "cgroup run", "cannot watch the run's memory");
    snprintf(line, sizeof(line), "%d %d", run->oom, control);
    r = sn__file_write_at(dir, in(run->name, "cgroup.event_control").text, line);
    return r < 0 ? sn__error_errno(ret_error, -r, "cgroup run", "cannot watch the run's memory") : 0;
}

static int v1_run_oom_fd(const struct sn__cgroup_run *run)
{
    return run->oom;
}

static void v1_run_join(const struct sn__cgroup_run *run, struct sn__cgroup_join *ret_join)
{
    *ret_join = (struct sn__cgroup_join){.clone_into = -1, .procs_count = run->cgroup->count};
    for (uint32_t i = 0; i < run->cgroup->count; i++)
        ret_join->procs[i] = run->procs[i];
}

/* A counter's file: the one that is kept, or *ret_opened, which is to be closed. */
static int counter(const struct sn__cgroup_run *run, unsigned which, int *ret_opened)
{
    int fd = run->kept[which];

    if (fd < 0)
        fd = *ret_opened = openat(dir_of(run->cgroup, counters[which].controller),
                                  in(run->name, counters[which].file).text, counters[which].flags | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static int read_number(const struct sn__cgroup_run *run, unsigned which, uint64_t *ret_value)
{
    cleanup_close int opened = -1;
    int fd = counter(run, which, &opened);

    return fd < 0 ? fd : sn__fd_read_u64(fd, ret_value);
}

static int read_key(const struct sn__cgroup_run *run, unsigned which, const char *key, uint64_t *ret_value)
{
    cleanup_close int opened = -1;
    int fd = counter(run, which, &opened);

    return fd < 0 ? fd : sn__fd_read_key(fd, key, ret_value);
}

/* For a run that shall be over quickly. Without descriptors left it is over all the same. */
static void v1_run_keep_open(struct sn__cgroup_run *run)
{
    for (unsigned i = 0; i < COUNTERS; i++)
        if (run->kept[i] < 0)
            (void)counter(run, i, &run->kept[i]);
}

/* Only while descriptors are no matter: it has a dozen. */
static bool may_be_kept(const struct sn__cgroup_run *run)
{
    return run->is_clean && !run->limits.cpu_percent && !atomic_load(&run->state->killed) && !run->cgroup->spare &&
           sn__kept_fd_is_low(run->oom, SPARE_PART);
}

static void v1_run_end(struct sn__cgroup_run *run)
{
    const int *fd;

    if (!run || !may_be_kept(run)) {
        remove_run(run);
        return;
    }
    v1_run_keep_open(run);
    for (unsigned i = 0; (fd = descriptor(run, i)); i++)
        if (*fd >= 0)
            (void)sn__kept_fd_take(&run->seen[i], *fd);
    run->cgroup->spare = run;
}

static int v1_run_cpu(const struct sn__cgroup_run *run, uint64_t *ret_cpu_ns)
{
    uint64_t now;

    if (sn__fd_read_u64(run->cpu, &now) < 0)
        return SN_ESYS;
    *ret_cpu_ns = now - run->cpu_from;
    return 0;
}

static void v1_run_mark(struct sn__cgroup_run *run)
{
    (void)sn__fd_read_u64(run->cpu, &run->cpu_from);
}

/*
 * May another run use the leaf as if it were a fresh one? Page cache and kernel memory of the run before would be
 * figures of the next one. Less than LEAST_LEFT, and than a small part of the limit, may be charges that the kernel
 * keeps at hand on each CPU, and memory of processes that are on their way out.
 */
static bool renew(struct sn__cgroup_run *run)
{
    uint64_t left;

    v1_run_mark(run);
    run->is_clean = false;
    return read_number(run, USAGE, &left) == 0 && left <= LEAST_LEFT && left <= run->limits.memory_bytes / LEAST_PART &&
           pwrite(run->kept[PEAK], "0", 1, 0) == 1;
}

/* The leaf of the run before, or NULL. */
static struct sn__cgroup_run *use_again(struct sn__cgroup *cgroup, const sn_limits *limits, bool has_files)
{
    struct sn__cgroup_run *run = cgroup->spare;

    cgroup->spare = NULL;
    if (run && has_all(run) && !has_files && run->limits.memory_bytes == limits->memory_bytes &&
        run->limits.processes == limits->processes && !limits->cpu_percent && renew(run))
        return run;
    remove_run(run);
    return NULL;
}

static struct sn__cgroup_run *new_run(struct sn__cgroup *cgroup, const sn_limits *limits)
{
    struct sn__cgroup_run *run = calloc(1, sizeof(*run));
    int *fd;

    if (!run)
        return NULL;
    run->cgroup = cgroup;
    run->limits = *limits;
    for (unsigned i = 0; (fd = descriptor(run, i)); i++)
        *fd = run->seen[i].fd = -1;
    /* never the name of an earlier run: its group may need a moment to go */
    snprintf(run->name, sizeof(run->name), "r%u", cgroup->next_run++);
    run->state = calloc(1, sizeof(*run->state));
    if (!run->state) {
        remove_run(run);
        return NULL;
    }
    return run;
}

static int make_groups(struct sn__cgroup_run *run, sn_error **ret_error)
{
    const struct sn__cgroup *cgroup = run->cgroup;
    int r = 0;

    for (uint32_t i = 0; i < cgroup->count && r == 0; i++) {
        r = sn__cgroup_mkdir(cgroup->hierarchies[i].dir, run->name);
        if (r == 0) {
            run->made = i + 1;
            run->procs[i] = openat(cgroup->hierarchies[i].dir, in(run->name, "tasks").text, O_WRONLY | O_CLOEXEC);
            if (run->procs[i] < 0)
                r = -errno;
        }
        if (r < 0)
            r = sn__error_errno(ret_error, -r, "cgroup run", "cannot make %s/%s/%s", cgroup->hierarchies[i].parent,
                                cgroup->name, run->name);
    }
    return r;
}

static int v1_run_begin(struct sn__cgroup *cgroup, const sn_limits *limits, bool has_files,
                        struct sn__cgroup_run **ret_run, sn_error **ret_error)
{
    struct sn__cgroup_run *run = use_again(cgroup, limits, has_files);
    int r;

    if (run) {
        *ret_run = run;
        return 0;
    }
    run = new_run(cgroup, limits);
    if (!run)
        return sn__error_nomem(ret_error);
    r = make_groups(run, ret_error);
    if (r == 0) {
        run->cpu = openat(dir_of(cgroup, CPUACCT), in(run->name, "cpuacct.usage").text, O_RDONLY | O_CLOEXEC);
        if (run->cpu < 0)
            r = sn__error_errno(ret_error, errno, "cgroup run", "cannot open cpuacct.usage of the run's group");
    }
    if (r == 0)
        r = set_limits(run, limits, ret_error);
    if (r == 0)
        r = watch_oom(run, ret_error);
    if (r < 0) {
        remove_run(run);
        return r;
    }
    *ret_run = run;
    return 0;
}

/*
 * The kernel samples user and system time at ticks (usage_user and usage_sys do not add up to usage): what is exact is
 * the sum, so it is split in their ratio, as the kernel does for getrusage(2) and v2's cpu.stat.
 */
static void split_cpu(struct sn__usage *usage, uint64_t user_ticks, uint64_t system_ticks)
{
    double share = user_ticks + system_ticks ? (double)user_ticks / (double)(user_ticks + system_ticks) : 1.0;

    usage->user_ns = (uint64_t)((double)usage->cpu_ns * share);
    if (usage->user_ns > usage->cpu_ns)
        usage->user_ns = usage->cpu_ns;
    usage->system_ns = usage->cpu_ns - usage->user_ns;
}

static int v1_run_usage(struct sn__cgroup_run *run, struct sn__usage *ret_usage, sn_error **ret_error)
{
    struct sn__usage usage = {
        .cpu_source = "cgroup v1 cpuacct.usage",
        .memory_source = "cgroup v1 memory.max_usage_in_bytes",
    };
    uint64_t user = 0;
    uint64_t system = 0;
    int r = sn__fd_read_u64(run->cpu, &usage.cpu_ns);

    usage.cpu_ns -= run->cpu_from;
    if (r == 0)
        r = read_number(run, USAGE_USER, &user);
    if (r == 0)
        r = read_number(run, USAGE_SYSTEM, &system);
    if (r == 0)
        r = read_number(run, PEAK, &usage.memory_peak);
    if (r == 0)
        r = read_key(run, OOM_CONTROL, "oom_kill", &usage.oom_kills);
    if (r < 0)
        return sn__error_errno(ret_error, -r, "cgroup usage", "cannot read the counters of the run's group");
    split_cpu(&usage, user - run->user_from, system - run->system_from);
    run->user_from = user;
    run->system_from = system;
    /* memory.failcnt would count reclaimed page cache too */
    if (read(run->oom, &usage.memory_refused, sizeof(usage.memory_refused)) < 0)
        usage.memory_refused = 0;
    if (atomic_load(&run->state->killed))
        usage.processes_refused = run->state->refused_before;
    else
        r = read_key(run, PIDS_EVENTS, "max", &usage.processes_refused);
    if (r < 0 && r != -ENOENT) /* the verdict depends on it; old kernels have none */
        return sn__error_errno(ret_error, -r, "cgroup usage", "cannot read pids.events of the run's group");
    /* absent without CONFIG_CFS_BANDWIDTH; and a group without a quota of its own is never throttled itself */
    if (run->limits.cpu_percent)
        (void)sn__file_read_key_at(dir_of(run->cgroup, CPU), in(run->name, "cpu.stat").text, "throttled_time",
                                   &usage.throttled_ns);
    run->is_clean = !usage.oom_kills && !usage.memory_refused && !usage.processes_refused;
    *ret_usage = usage;
    return 0;
}

static void v1_run_kill(const struct sn__cgroup_run *run)
{
    int dir = dir_of(run->cgroup, PIDS);
    uint64_t refused = 0;

    if (!atomic_load(&run->state->killed)) {
        (void)read_key(run, PIDS_EVENTS, "max", &refused);
        run->state->refused_before = refused;
        atomic_store(&run->state->killed, true);
    }
    (void)sn__file_write_at(dir, in(run->name, "pids.max").text, "0");
    (void)sn__cgroup_kill_listed(dir, run->name, SN__CGROUP_PATIENT);
}

static int v1_confine(struct sn__cgroup *cgroup, const char *cpus, sn_error **ret_error)
{
    return sn__cpuset_v1_create(cgroup->name, cpus, &cgroup->cpuset, ret_error);
}

static int v1_enter_cpus(struct sn__cgroup *cgroup, pid_t init, sn_error **ret_error)
{
    return sn__cpuset_v1_enter(&cgroup->cpuset, cgroup->name, init, ret_error);
}

static uint64_t v1_throttled_above(const struct sn__cgroup *cgroup)
{
    return sn__suspect_throttled(cgroup->hierarchies[cgroup->of[CPU]].parent, "throttled_time");
}

static void v1_reap_stale(const char *parent)
{
    struct sn__cgroup cgroup = {0};
    struct sn__cgroup_reaper reaper;
    int r = sn__cgroup_reaper_init(&reaper);

    (void)parse_parent(parent, &cgroup);
    for (uint32_t i = 0; i < cgroup.count; i++) {
        if (r == 0)
            sn__cgroup_reap(&reaper, cgroup.hierarchies[i].parent);
        free(cgroup.hierarchies[i].parent);
    }
    if (r == 0)
        sn__close(reaper.slots);
}

int sn__cgroup_v1_find_parent(const struct sn__cgroup_place *place, char **ret_parent)
{
    cleanup_free char *at = strdup(place->own);
    size_t mount_length = strlen(place->mount);
    int first = 0;

    while (at) {
        cleanup_free char *parent = NULL;
        char *slash;
        int r;

        /* everybody's own path may be the root here, and users count their slots apart from each other */
        r = geteuid() == 0 ? asprintf(&parent, "%s/sentinel", at)
                           : asprintf(&parent, "%s/sentinel-%u", at, (unsigned)geteuid());
        if (r < 0) {
            parent = NULL;
            return -ENOMEM;
        }
        r = sn__cgroup_mkdir(AT_FDCWD, parent);
        r = r == -EEXIST ? 0 : r;
        if (r == 0 && access(parent, W_OK | X_OK) == 0) {
            *ret_parent = steal_ptr(&parent);
            return 0;
        }
        /* further up means outside the limits that this process is under: only for want of permission, not of memory */
        if (r < 0 && r != -EACCES && r != -EPERM && r != -EROFS && r != -ENOENT)
            return r;
        if (first == 0)
            first = r < 0 ? r : -EACCES;
        slash = strrchr(at, '/');
        if (strlen(at) <= mount_length || !slash)
            return first;
        *slash = '\0';
    }
    return -ENOMEM;
}

static int parent_failed(const char *controller, const struct sn__cgroup_place *place, int error, sn_error **ret_error)
{
    if (error == -ENOMEM)
        return sn__error_nomem(ret_error);
    if (error != -EACCES && error != -EPERM && error != -EROFS && error != -ENOENT)
        return sn__error_errno(ret_error, -error, "cgroup find", "cannot make a group in %s", place->own);
    if (place->read_only || error == -EROFS)
        return sn__error_set(ret_error, SN_EHOST, "cgroup find",
                             "the cgroup v1 hierarchy of %s at %s is mounted read-only; mount it writable (for a "
                             "container: make a group for it on the host, and give it that as a volume, -v "
                             "%s/GROUP:%s:rw, the same for each of memory, cpu, cpuacct and pids), or relax the layer "
                             "cgroup",
                             controller, place->mount, place->mount, place->mount);
    return sn__error_set(ret_error, SN_EHOST, "cgroup find",
                         "cannot make a group in %s (%s): run as root, or have root do "
                         "'mkdir %s/sentinel-%u && chown -R %u %s/sentinel-%u' (the same for each of memory, cpu, "
                         "cpuacct and pids), or relax the layer cgroup",
                         place->own, strerrordesc_np(-error), place->mount, (unsigned)geteuid(), (unsigned)geteuid(),
                         place->mount, (unsigned)geteuid());
}

int sn__cgroup_v1_pick(const struct sn__cgroup_tables *tables, char **ret_parent, sn_error **ret_error)
{
    cleanup_buffer struct sn__buffer parent = {0};
    struct sn__cgroup_place places[CONTROLLERS] = {0};
    int r = 0;

    for (uint32_t i = 0; i < CONTROLLERS && r == 0; i++) {
        cleanup_free char *directory = NULL;
        bool again = false;

        r = sn__cgroup_locate(tables, controllers[i], &places[i]);
        if (r < 0 && r != -ENOENT) {
            r = sn__error_errno(ret_error, -r, "cgroup find", "cannot look at the cgroup v1 hierarchy of %s",
                                controllers[i]);
            break;
        }
        if (r < 0) {
            r = sn__error_set(ret_error, i == 0 ? SN_ENOENT : SN_EHOST, "cgroup find",
                              "no cgroup v1 hierarchy has the controller %s; mount it: "
                              "mkdir -p /sys/fs/cgroup/%s && mount -t cgroup -o %s cgroup "
                              "/sys/fs/cgroup/%s",
                              controllers[i], controllers[i], controllers[i], controllers[i]);
            break;
        }
        for (uint32_t j = 0; j < i; j++)
            again = again || strcmp(places[i].mount, places[j].mount) == 0;
        if (again)
            continue;
        r = sn__cgroup_v1_find_parent(&places[i], &directory);
        if (r < 0) {
            r = parent_failed(controllers[i], &places[i], r, ret_error);
            break;
        }
        sn__buffer_addf(&parent, "%s%s", parent.length ? "\n" : "", controllers[i]);
        /* those mounted together with it */
        for (uint32_t j = i + 1; j < CONTROLLERS; j++) {
            cleanup_place struct sn__cgroup_place other = {0};

            if (sn__cgroup_locate(tables, controllers[j], &other) == 0 && strcmp(other.mount, places[i].mount) == 0)
                sn__buffer_addf(&parent, ",%s", controllers[j]);
        }
        sn__buffer_addf(&parent, " %s", directory);
    }
    for (uint32_t i = 0; i < CONTROLLERS; i++)
        sn__cgroup_place_clear(&places[i]);
    if (r < 0)
        return r;
    *ret_parent = sn__buffer_steal(&parent, NULL);
    return *ret_parent ? 0 : sn__error_nomem(ret_error);
}

const struct sn__cgroup_driver sn__cgroup_v1 = {
    .name = "v1",
    .create = v1_create,
    .launch = v1_launch,
    .enter = v1_enter,
    .confine = v1_confine,
    .enter_cpus = v1_enter_cpus,
    .settle = v1_settle,
    .run_begin = v1_run_begin,
    .run_join = v1_run_join,
    .run_cpu = v1_run_cpu,
    .run_mark = v1_run_mark,
    .run_keep_open = v1_run_keep_open,
    .run_oom_fd = v1_run_oom_fd,
    .run_usage = v1_run_usage,
    .run_kill = v1_run_kill,
    .run_end = v1_run_end,
    .throttled_above = v1_throttled_above,
    .destroy = v1_destroy,
    .forget = v1_forget,
    .is_as_new = v1_is_as_new,
    .reap_stale = v1_reap_stale,
};
