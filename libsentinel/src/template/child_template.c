/* SPDX-License-Identifier: MIT */
#include "template/child_template.h"

#include "init/sys.h"
#include "spawn/child_borrow.h"
#include "spawn/child_launch.h"
#include "template/protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#define ABOVE_ALL_TARGETS 10
#define STACK_LIMIT (UINT64_C(1) << 30) /* room for what stack limit a run may have: mmap_base is chosen at exec */
#define MS_REC_PRIVATE ((1UL << 14) | (1UL << 18))

/* 0, 1, 2: /dev/null; then what template/protocol.h says. */
static long arrange_fds(const struct sn__template_launch *launch)
{
    const int wanted[] = {launch->null_fd,   launch->null_fd, launch->null_fd,
                          launch->socket_fd, launch->host_fd, launch->helper_fd};
    long moved[sizeof(wanted) / sizeof(wanted[0])];
    const int count = sizeof(wanted) / sizeof(wanted[0]);

    for (int i = 0; i < count; i++) {
        moved[i] = sn__sys(__NR_fcntl, wanted[i], F_DUPFD, ABOVE_ALL_TARGETS);
        if (moved[i] < 0)
            return moved[i];
    }
    for (int i = 0; i < count; i++) {
        long r = sn__sys(__NR_dup3, moved[i], i, 0);

        if (r < 0)
            return r;
    }
    return sn__sys(__NR_close_range, count, ~0U, 0);
}

/* It writes no file of the host's, whoever it is. */
static long make_read_only(void)
{
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID};
    long r = sn__sys(__NR_mount, NULL, "/", NULL, MS_REC_PRIVATE, NULL);

    return r < 0 ? r : sn__sys(__NR_mount_setattr, AT_FDCWD, "/", AT_RECURSIVE, &attributes, sizeof(attributes));
}

/*
 * Entering a sandbox takes none: whoever made a user namespace has every right in it, seen from the one above
 * (user_namespaces(7)).
 */
static long drop_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {{0}};
    long r;

    for (int cap = 0; cap < 64; cap++)
        if (sn__sys(__NR_prctl, PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
            break; /* past the last one; or an ordinary user, who has nothing that could come back */
    r = sn__sys(__NR_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (r == 0)
        r = sn__sys(__NR_capset, &header, none);
    return r < 0 ? r : sn__sys(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static void make_room_for_stacks(void)
{
    struct rlimit limit;

    if (sn__sys(__NR_prlimit64, 0, RLIMIT_STACK, NULL, &limit) < 0)
        return;
    limit.rlim_cur = limit.rlim_max < STACK_LIMIT ? limit.rlim_max : STACK_LIMIT;
    sn__sys(__NR_prlimit64, 0, RLIMIT_STACK, &limit, NULL);
}

static long become_template(const struct sn__template_launch *launch)
{
    unsigned long none = 0;
    long r = arrange_fds(launch);

    if (r < 0)
        return r;
    sn__sys_reset_signals();
    sn__sys(__NR_rt_sigprocmask, SIG_SETMASK, &none, NULL, 8);
    sn__sys(__NR_personality, 0);
    sn__sys(__NR_umask, 022);
    sn__sys(__NR_setsid);
    make_room_for_stacks();
    r = sn__sys(__NR_chdir, "/");
    if (r == 0 && (launch->namespaces & CLONE_NEWNS))
        r = make_read_only();
    if (r == 0)
        r = drop_capabilities();
    return r < 0 ? r : sn__sys(__NR_execve, launch->argv[0], launch->argv, launch->envp);
}

static int future_template(void *argument)
{
    struct sn__template_launch *launch = argument;

    launch->error = (int)-become_template(launch);
    sn__sys_exit(127);
}

static int launcher(void *argument)
{
    struct sn__template_launch *launch = argument;

    sn__child_usual_priority();
    if (clone(future_template, launch->stack_top, (int)(CLONE_VM | CLONE_VFORK | CLONE_PIDFD | launch->namespaces),
              launch, &launch->pidfd) < 0)
        launch->error = errno;
    sn__sys_exit(0);
}

int sn__child_template_launch(struct sn__template_launch *launch, void *launcher_stack_top)
{
    int r;

    launch->pidfd = -1;
    launch->error = 0;
    r = child_borrow(launcher, launch, launcher_stack_top);
    if (r < 0)
        launch->error = -r;
    return -launch->error;
}
