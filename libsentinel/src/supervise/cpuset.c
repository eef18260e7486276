/* SPDX-License-Identifier: MIT */
#include "supervise/cpuset.h"

#include "base/cleanup.h"
#include "base/cpus.h"
#include "base/error.h"
#include "base/file.h"
#include "supervise/cgroup_internal.h"

#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>

#define LIST_MAX 65536
#define STEP "cgroup cpuset"
#define OR_DO_WITHOUT "or do without a list of processors"

static int read_list(int dirfd, const char *path, char **ret_text, struct sn__cpus *ret_cpus)
{
    size_t length;
    int r = sn__file_read_at(dirfd, path, LIST_MAX, ret_text, &length);

    return r < 0 ? r : sn__cpus_parse(*ret_text, ret_cpus);
}

/* The list must lie within the processors of the group that `path` (of an open directory, or absolute) tells of. */
static int check_within(const char *list, int dirfd, const char *path, const char *whose, sn_error **ret_error)
{
    cleanup_free char *text = NULL;
    struct sn__cpus wanted, allowed;
    int cpu, r = sn__cpus_parse(list, &wanted);

    if (r == 0)
        r = read_list(dirfd, path, &text, &allowed);
    if (r < 0)
        return sn__error_errno(ret_error, -r, STEP, "cannot read %s", path);
    cpu = sn__cpus_first_outside(&wanted, &allowed);
    if (cpu < 0)
        return 0;
    text[strcspn(text, "\n")] = '\0';
    return sn__error_set(ret_error, SN_EINVAL, STEP,
                         "processor %d of the list '%s' is not online, or not among those of %s (%s)", cpu, list, whose,
                         text);
}

/* ---- v1 ---- */

/* Copies what the parent has where the group has none yet, or less than what is wanted of it. */
static int take_from_parent(int dir, const char *file, const char *effective, const char *wanted)
{
    cleanup_free char *has = NULL;
    cleanup_free char *parents = NULL;
    struct sn__cpus has_set, wanted_set;
    size_t length;
    int r = read_list(dir, file, &has, &has_set);

    if (r == 0 &&
        (!wanted || (sn__cpus_parse(wanted, &wanted_set) == 0 && sn__cpus_first_outside(&wanted_set, &has_set) < 0)))
        return 0;
    if (r < 0 && r != -EINVAL) /* that is an empty one */
        return r;
    r = sn__file_read_at(dir, effective, LIST_MAX, &parents, &length);
    return r < 0 ? r : sn__file_write_at(dir, file, parents);
}

static int open_v1_parent(const char *parent)
{
    int r = sn__cgroup_mkdir(AT_FDCWD, parent);
    int fd;

    if (r < 0 && r != -EEXIST)
        return r;
    fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static int confine_v1(const struct sn__cpuset *cpuset, const char *name, const char *list, sn_error **ret_error)
{
    cleanup_close int parent = open_v1_parent(cpuset->parent);
    int r = parent < 0 ? parent : take_from_parent(parent, "cpuset.mems", "../cpuset.effective_mems", NULL);

    if (r == 0)
        r = take_from_parent(parent, "cpuset.cpus", "../cpuset.effective_cpus", list);
    if (r == 0)
        r = take_from_parent(cpuset->dir, "cpuset.mems", "../cpuset.effective_mems", NULL);
    if (r == 0) {
        r = sn__file_write_at(cpuset->dir, "cpuset.cpus", list);
        /* the group that sandboxes are made in may have less than ours: then that is what to say */
        if (r == -EACCES && check_within(list, parent, "cpuset.effective_cpus", "the group that sandboxes are made in",
                                         ret_error) == SN_EINVAL)
            return SN_EINVAL;
    }
    if (r < 0)
        return sn__error_errno(ret_error, -r, STEP, "cannot confine %s/%s to the processors %s", cpuset->parent, name,
                               list);
    return 0;
}

static void reap_stale(const char *parent)
{
    struct sn__cgroup_reaper reaper;

    if (sn__cgroup_reaper_init(&reaper) < 0)
        return;
    sn__cgroup_reap(&reaper, parent);
    sn__close(reaper.slots);
}

/* Where the groups go, and whether the caller may have what it asks for. */
static int find_v1(const char *list, char **ret_parent, sn_error **ret_error)
{
    static const char *const others[] = {"memory", "cpu", "cpuacct", "pids"};
    cleanup_tables struct sn__cgroup_tables tables = {0};
    cleanup_place struct sn__cgroup_place place = {0};
    cleanup_free char *own = NULL;
    int r = sn__cgroup_tables_read(&tables);

    if (r == 0)
        r = sn__cgroup_locate(&tables, "cpuset", &place);
    if (r == -ENOENT)
        return sn__error_set(
            ret_error, SN_EHOST, STEP,
            "no cgroup v1 hierarchy has the controller cpuset; mount it: mkdir -p "
            "/sys/fs/cgroup/cpuset && mount -t cgroup -o cpuset cgroup /sys/fs/cgroup/cpuset, " OR_DO_WITHOUT);
    if (r < 0)
        return sn__error_errno(ret_error, -r, STEP, "cannot look at the cgroup v1 hierarchy of cpuset");
    for (size_t i = 0; i < SN_ARRAY_SIZE(others); i++) {
        cleanup_place struct sn__cgroup_place other = {0};

        if (sn__cgroup_locate(&tables, others[i], &other) == 0 && strcmp(other.mount, place.mount) == 0)
            return sn__error_set(
                ret_error, SN_EHOST, STEP,
                "cpuset and %s are mounted as one cgroup v1 hierarchy at %s; mount cpuset by itself, " OR_DO_WITHOUT,
                others[i], place.mount);
    }
    if (asprintf(&own, "%s/cpuset.effective_cpus", place.own) < 0) {
        own = NULL;
        return sn__error_nomem(ret_error);
    }
    r = check_within(list, AT_FDCWD, own, "this process's own group", ret_error);
    if (r < 0)
        return r;
    r = sn__cgroup_v1_find_parent(&place, ret_parent);
    if (r == -ENOMEM)
        return sn__error_nomem(ret_error);
    if (r < 0)
        return sn__error_set(ret_error, SN_EHOST, STEP,
                             "cannot make a group in %s (%s), as a list of processors needs it: run as root, or have "
                             "root do 'mkdir %s/sentinel-%u && chown -R %u %s/sentinel-%u', " OR_DO_WITHOUT,
                             place.own, strerrordesc_np(-r), place.mount, (unsigned)geteuid(), (unsigned)geteuid(),
                             place.mount, (unsigned)geteuid());
    return 0;
}

int sn__cpuset_v1_create(const char *name, const char *list, struct sn__cpuset *ret_cpuset, sn_error **ret_error)
{
    struct sn__cpuset cpuset = {.dir = -1};
    int r = find_v1(list, &cpuset.parent, ret_error);

    if (r < 0)
        return r;
    reap_stale(cpuset.parent);
    r = sn__cgroup_make_group(cpuset.parent, open_v1_parent, name, &cpuset.dir);
    if (r < 0)
        r = sn__cgroup_create_error(r, cpuset.parent, name, ret_error);
    else
        r = confine_v1(&cpuset, name, list, ret_error);
    if (r < 0)
        sn__cpuset_v1_destroy(&cpuset, name);
    else
        *ret_cpuset = cpuset;
    return r;
}

int sn__cpuset_v1_enter(const struct sn__cpuset *cpuset, const char *name, pid_t init, sn_error **ret_error)
{
    int r = cpuset->parent ? sn__file_write_u64_at(cpuset->dir, "cgroup.procs", (uint64_t)init) : 0;

    if (r < 0)
        return sn__error_errno(ret_error, -r, "cgroup enter", "cannot move process %d into %s/%s", (int)init,
                               cpuset->parent, name);
    return 0;
}

void sn__cpuset_v1_destroy(struct sn__cpuset *cpuset, const char *name)
{
    if (!cpuset->parent)
        return;
    sn__cgroup_drop_group(cpuset->parent, name, cpuset->dir);
    free(cpuset->parent);
    *cpuset = (struct sn__cpuset){.dir = -1};
}

/* ---- v2 ---- */

/* The nearest group from our own upwards that says which processors it has. */
static int check_own_v2(const char *list, sn_error **ret_error)
{
    cleanup_tables struct sn__cgroup_tables tables = {0};
    cleanup_place struct sn__cgroup_place place = {0};
    int r = sn__cgroup_tables_read(&tables);

    if (r == 0)
        r = sn__cgroup_locate(&tables, NULL, &place);
    if (r < 0)
        return sn__error_errno(ret_error, -r, STEP, "cannot look at the cgroup v2 tree");
    for (;;) {
        cleanup_free char *path = NULL;
        char *slash = strrchr(place.own, '/');

        if (asprintf(&path, "%s/cpuset.cpus.effective", place.own) < 0) {
            path = NULL;
            return sn__error_nomem(ret_error);
        }
        if (access(path, F_OK) == 0 || errno != ENOENT)
            return check_within(list, AT_FDCWD, path, "this process's own group", ret_error);
        if (strlen(place.own) <= strlen(place.mount) || !slash)
            return 0;
        *slash = '\0';
    }
}

/* From the top down; a parent that the caller named may have the controller, and what is above it not. 0 or -errno. */
static int enable_v2(int parent)
{
    int r = sn__file_write_at(parent, "cgroup.subtree_control", "+cpuset");

    if (r == -ENOENT && sn__file_write_at(parent, "../cgroup.subtree_control", "+cpuset") == 0)
        r = sn__file_write_at(parent, "cgroup.subtree_control", "+cpuset");
    return r;
}

int sn__cpuset_v2_confine(const char *parent, int dir, const char *list, sn_error **ret_error)
{
    cleanup_close int up = -1;
    int r = check_own_v2(list, ret_error);

    if (r < 0)
        return r;
    up = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (up < 0)
        return sn__error_errno(ret_error, errno, STEP, "cannot open %s", parent);
    if (faccessat(dir, "cpuset.cpus", F_OK, 0) < 0)
        r = enable_v2(up);
    if (r == -ENOENT || r == -EACCES || r == -EPERM || r == -EROFS || r == -EBUSY)
        return sn__error_set(
            ret_error, SN_EHOST, STEP,
            "a list of processors needs the cgroup controller cpuset, which %s does not have (%s); have "
            "it delegated (systemd: Delegate=cpu cpuset memory pids), " OR_DO_WITHOUT,
            parent, strerrordesc_np(-r));
    if (r == 0)
        r = sn__file_write_at(dir, "cpuset.cpus", list);
    if (r < 0)
        return sn__error_errno(ret_error, -r, STEP, "cannot confine a group in %s to the processors %s", parent, list);
    /* the kernel takes any list, and gives of it what the parent has */
    return check_within(list, dir, "cpuset.cpus.effective", "the group that sandboxes are made in", ret_error);
}

int sn__cpuset_set_affinity(pid_t init, const char *list, sn_error **ret_error)
{
    struct sn__cpus cpus;
    int r = sn__cpus_parse(list, &cpus);

    /* the plain call: it takes a set of any size, of which the kernel uses as much as it knows */
    if (r == 0 && syscall(SYS_sched_setaffinity, init, sizeof(cpus.words), cpus.words) < 0)
        r = -errno;
    if (r == -ESRCH) /* what its end was, its own report says */
        return sn__error_errno(ret_error, ESRCH, "cgroup enter", "cannot set the processors of process %d", (int)init);
    if (r < 0)
        return sn__error_errno(ret_error, -r, "cgroup enter", "cannot set the processors of process %d to %s",
                               (int)init, list);
    return 0;
}
