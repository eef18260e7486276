/* SPDX-License-Identifier: MIT */
/* Carries out the plan: reads in the order in which a sandbox comes into being. */
#include "init/apparmor.h"
#include "init/check.h"
#include "init/init.h"

#include <sentinel/layer.h>

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/landlock.h>
#include <linux/mman.h>
#include <linux/mount.h>
#include <linux/sched.h>

static int map_plan(struct init *init, const struct received *received)
{
    const char *bytes;
    size_t size;
    long r = map_whole(received, SN__SETUP_FD_PLAN, &bytes, &size);

    if (r < 0)
        return (int)r;
    if (check_plan(bytes, size, received->fd_count) < 0)
        return -EBADMSG;
    init->plan = (const struct sn__plan *)(const void *)bytes;
    init->plan_bytes = bytes;
    return 0;
}

/* -errno, or 0 */
static int write_zero(long directory, const char *name)
{
    long file = sn__sys(__NR_openat, directory, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0);
    long r;

    if (file < 0)
        return (int)file;
    r = sn__sys(__NR_write, file, "0", 1);
    sn__sys(__NR_close, file);
    return r < 0 ? (int)r : 0;
}

/*
 * user.max_user_namespaces counts per user namespace, and whose it is depends on who opens it, so a 0 here binds only
 * the sandbox. Where that cannot be written by the host's /proc, a detached, full instance of proc gives the file;
 * nobody else ever sees it. (It costs more: the kernel waits for all processors when a mount goes.)
 */
static int forbid_nested_namespaces(const struct init *init, const struct received *received)
{
    long fs, mount, r;

    if ((init->plan->born & SN__BORN_SYSCTL) &&
        write_zero(received->fds[received->fd_count - 1], "max_user_namespaces") == 0)
        return 0;
    fs = sn__sys(__NR_fsopen, "proc", FSOPEN_CLOEXEC);
    if (fs < 0)
        return (int)fs;
    r = sn__sys(__NR_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
    if (r < 0) {
        sn__sys(__NR_close, fs);
        return (int)r;
    }
    mount = sn__sys(__NR_fsmount, fs, FSMOUNT_CLOEXEC, 0);
    sn__sys(__NR_close, fs);
    if (mount < 0)
        return (int)mount;
    r = write_zero(mount, "sys/user/max_user_namespaces");
    sn__sys(__NR_close, mount);
    return (int)r;
}

#define LANDLOCK_READ (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
/* Rights newer than the build's headers (uapi/linux/landlock.h has the values; the ABI that brought them behind it). */
#define LANDLOCK_FS_REFER (1ULL << 13)     /* 2 */
#define LANDLOCK_FS_TRUNCATE (1ULL << 14)  /* 3 */
#define LANDLOCK_FS_IOCTL_DEV (1ULL << 15) /* 5 */
#define LANDLOCK_NET_BIND_CONNECT 3ULL     /* 4 */
#define LANDLOCK_SCOPED 3ULL               /* 6: abstract sockets, signals */

struct landlock_ruleset {
    uint64_t fs, net, scoped;
};

static int landlock_allow(const struct init *init, const char *path, uint64_t access)
{
    struct landlock_path_beneath_attr rule = {.allowed_access = access};
    long fd = sn__sys(__NR_openat, AT_FDCWD, path, O_PATH | O_CLOEXEC, 0);
    long r;

    if (fd < 0)
        return fd == -ENOENT ? 0 : (int)fd;
    rule.parent_fd = (int)fd;
    r = sn__sys(__NR_landlock_add_rule, init->landlock_fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    sn__sys(__NR_close, fd);
    return (int)r;
}

/*
 * The tree is read-only and small already; Landlock says the same once more by another mechanism: read and execute
 * everywhere, write only where the plan mounted something writable. /dev has these rights for the sake of /dev/shm
 * below it, whose mount is renewed after every run; its own file system is read-only. Nobody makes devices anywhere:
 * nodev says the same, but for the white-outs that an overlay knows, which some kernels count as devices here and some
 * as files.
 */
static int landlock_prepare(struct init *init)
{
    struct landlock_ruleset ruleset = {0};
    uint64_t all, writable;
    size_t size;
    long abi = sn__sys(__NR_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    long r;

    if (abi <= 0)
        return 0; /* not in this kernel, or not among its active modules: the host reports the layer as missing */
    all = (1ULL << 13) - 1;
    if (abi >= 2)
        all |= LANDLOCK_FS_REFER;
    if (abi >= 3)
        all |= LANDLOCK_FS_TRUNCATE;
    if (abi >= 5)
        all |= LANDLOCK_FS_IOCTL_DEV;
    ruleset.fs = all;
    writable = all & ~(uint64_t)(LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK);
    if (abi >= 4 && (init->plan->layers & SN_LAYER_NETWORK_NS) && init->plan->network == 0)
        ruleset.net = LANDLOCK_NET_BIND_CONNECT;
    if (abi >= 6)
        ruleset.scoped = LANDLOCK_SCOPED;
    size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
    r = sn__sys(__NR_landlock_create_ruleset, &ruleset, size, 0);
    if (r < 0)
        return (int)r;
    init->landlock_fd = (int)r;
    init->landlock_abi = (uint32_t)abi;

    r = landlock_allow(init, "/", LANDLOCK_READ);
    if (r == 0)
        r = landlock_allow(init, "/proc", LANDLOCK_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | (all & LANDLOCK_FS_TRUNCATE));
    if (r == 0)
        r = landlock_allow(init, "/dev", writable);
    for (uint32_t i = 0; r == 0 && i < init->plan->mount_count; i++) {
        const struct sn__plan_mount *mount = &plan_mounts(init)[i];
        uint64_t access = writable;

        if (!(mount->flags & SN__MOUNT_FLAG_WRITABLE))
            continue;
        /* rights on directories cannot be given to a file */
        if (mount->kind == SN__MOUNT_BIND && !(mount->flags & SN__MOUNT_FLAG_IS_DIR))
            access &= LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE |
                      LANDLOCK_FS_TRUNCATE | LANDLOCK_FS_IOCTL_DEV;
        r = landlock_allow(init, plan_string(init, mount->target), access);
    }
    if (r < 0)
        return (int)r;
    init->layers |= SN_LAYER_LANDLOCK;
    return 0;
}

/*
 * Without a /proc of the sandbox's own, that of the caller's tree is kept: a descriptor that no program inherits.
 */
static void open_proc(struct init *init)
{
    long fd = sn__sys(__NR_openat, AT_FDCWD, "/proc", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);

    init->proc_fd = fd < 0 ? -1 : (int)fd;
}

static void apparmor_prepare(struct init *init)
{
    if (init->proc_fd < 0)
        return;
    init->apparmor = sn__apparmor_try(init->proc_fd);
    if (init->apparmor == SN__APPARMOR_READY) {
        init->layers |= SN_LAYER_APPARMOR;
        return;
    }
    sn__sys(__NR_close, init->proc_fd);
    init->proc_fd = -1;
}

/*
 * What the host is spared by the OOM killer is not the program's to inherit: with -1000 nothing could end its hunger. A
 * host that wants to go first, and lets its children, is left alone.
 */
static void reset_oom_score(void)
{
    long fd = sn__sys(__NR_openat, AT_FDCWD, "/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC, 0);
    char first = '0';

    if (fd < 0)
        return;
    if (sn__sys(__NR_read, fd, &first, 1) == 1 && first == '-')
        sn__sys(__NR_write, fd, "0", 1);
    sn__sys(__NR_close, fd);
}

/* What is the same for all that a stem forks. */
static int setup_namespaces(struct init *init, const struct received *received, struct sn__failure *failure)
{
    const struct sn__message entered = {.type = SN__MSG_ENTERED};
    uint64_t layers = init->plan->layers;
    long r;

    if (!(init->plan->born & SN__BORN_SETTLED)) {
        r = layers & SN_LAYER_CGROUP_NS ? sn__sys(__NR_unshare, CLONE_NEWCGROUP) : 0;
        if (r < 0)
            return fail(failure, SN__STEP_CGROUP_NS, 0, r);
        r = init_send(&entered, -1);
        if (r < 0)
            return fail(failure, SN__STEP_PLAN, 1, r);
    }
    if (!(init->plan->born & SN__BORN_IN_TREE))
        reset_oom_score(); /* by the caller's /proc */
    if (layers & SN_LAYER_UTS_NS) {
        const char *name = plan_string(init, init->plan->hostname);

        r = sn__sys(__NR_sethostname, name, strlen(name));
        if (r < 0)
            return fail(failure, SN__STEP_HOSTNAME, 0, r);
    }
    init->has_keyring = (init->plan->born & SN__BORN_APART) && child_join_keyring() == 0;
    r = layers & SN_LAYER_NESTED_NS ? forbid_nested_namespaces(init, received) : 0;
    return r < 0 ? fail(failure, SN__STEP_NESTED_NS, 0, r) : 0;
}

int setup_sandbox(struct init *init, struct received *received, struct sn__failure *failure)
{
    uint64_t layers;
    int asks_apparmor;
    long r;

    r = map_plan(init, received);
    if (r < 0)
        return fail(failure, SN__STEP_PLAN, 0, r);
    layers = init->plan->layers;

    /* The slot's descriptor stays open for as long as PID 1 lives: that is what holds the slot. */
    received->fds[SN__SETUP_FD_SLOT] = -1;

    if (!(init->plan->born & SN__BORN_OF_STEM)) {
        r = setup_namespaces(init, received, failure);
        if (r < 0)
            return (int)r;
    }
    if (init->plan->born & SN__BORN_AS_STEM) {
        init_close_received(received);
        return 0;
    }
    init->apparmor = init->plan->apparmor;
    asks_apparmor = (layers & SN_LAYER_APPARMOR) && init->apparmor == SN__APPARMOR_UNASKED;
    if (asks_apparmor && !(layers & SN_LAYER_PROC))
        open_proc(init);
    init->mounts_ns = rt_now_ns();
    r = setup_mounts(init, received, failure);
    init->mounts_ns = rt_now_ns() - init->mounts_ns;
    if (r < 0)
        return (int)r;
    if (init->plan->born & SN__BORN_IN_TREE)
        reset_oom_score();
    if (asks_apparmor) {
        if (layers & SN_LAYER_PROC)
            open_proc(init);
        apparmor_prepare(init);
    }
    if (layers & SN_LAYER_LANDLOCK) {
        r = landlock_prepare(init);
        if (r < 0)
            return fail(failure, SN__STEP_LANDLOCK_RULES, 0, r);
    }
    init_close_received(received);
    init->layers |= layers & ~(SN_LAYER_LANDLOCK | SN_LAYER_APPARMOR);
    return 0;
}
