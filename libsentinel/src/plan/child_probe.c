/* SPDX-License-Identifier: MIT */
#include "plan/child_probe.h"

#include "init/apparmor.h"
#include "init/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define MS_REC_PRIVATE (16384UL | (1UL << 18)) /* MS_REC | MS_PRIVATE: sys/mount.h clashes with linux/mount.h */

static long try_private(void)
{
    return sn__sys(__NR_mount, NULL, "/", NULL, MS_REC_PRIVATE, NULL);
}

static long try_proc(void)
{
    long r = try_private();

    if (r == 0)
        r = sn__sys(__NR_mount, "proc", "/proc", "proc", 2 | 4 | 8 /* nosuid, nodev, noexec */, "subset=pid");
    return r;
}

static long try_mounts(void)
{
    struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
    long tree;
    long r = try_private();

    if (r < 0)
        return r;
    tree = sn__sys(__NR_open_tree, AT_FDCWD, "/usr", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    if (tree < 0)
        return tree;
    r = sn__sys(__NR_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr));
    if (r == 0)
        r = sn__sys(__NR_move_mount, tree, "", AT_FDCWD, "/usr", MOVE_MOUNT_F_EMPTY_PATH);
    return r;
}

static long try_notify(void)
{
    struct sock_filter allow[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_fprog program = {.len = 1, .filter = allow};
    long r = sn__sys(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);

    if (r == 0)
        r = sn__sys(__NR_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
    return r < 0 ? r : 0;
}

static long try_apparmor(void)
{
    long proc = sn__sys(__NR_openat, AT_FDCWD, "/proc", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);

    return -(long)(proc < 0 ? SN__APPARMOR_UNASKED : sn__apparmor_try((int)proc));
}

static long try(enum sn__trial trial)
{
    switch (trial) {
    case SN__TRIAL_HOSTNAME:
        return sn__sys(__NR_sethostname, "probe", 5);
    case SN__TRIAL_PRIVATE:
        return try_private();
    case SN__TRIAL_PROC:
        return try_proc();
    case SN__TRIAL_MOUNTS:
        return try_mounts();
    case SN__TRIAL_NOTIFY:
        return try_notify();
    case SN__TRIAL_APPARMOR:
        return try_apparmor();
    case SN__TRIAL_NOTHING:
        break;
    }
    return 0;
}

int sn__child_probe(uint64_t namespaces, enum sn__trial trial, int *ret_cloned)
{
    struct clone_args args = {.flags = namespaces};
    int status = 0;
    long pid = sn__sys(__NR_clone3, &args, sizeof(args));
    long r;

    if (pid == 0)
        sn__sys_exit((int)-try(trial));
    *ret_cloned = pid > 0;
    if (pid < 0)
        return (int)-pid;
    do {
        r = sn__sys(__NR_wait4, pid, &status, __WCLONE, NULL);
    } while (r == -EINTR);
    if (r < 0)
        return (int)-r;
    return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}
