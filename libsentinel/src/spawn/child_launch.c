/* SPDX-License-Identifier: MIT */
#include "spawn/child_launch.h"

#include "init/protocol.h"
#include "init/sys.h"
#include "spawn/child_borrow.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define EXEC_FD 5
#define ABOVE_ALL_TARGETS 10

static _Noreturn void report_on(int fd, enum sn__step step, long error)
{
    struct sn__message message = {.type = SN__MSG_FAILED};

    message.failure.step = step;
    message.failure.error = (int32_t)-error;
    sn__sys(__NR_sendto, fd, &message, sizeof(message), MSG_NOSIGNAL, NULL, 0);
    sn__sys_exit(127);
}

static _Noreturn void report(enum sn__step step, long error)
{
    report_on(SN__INIT_CONTROL_FD, step, error);
}

/*
 * 0, 1, 2: /dev/null; 3: the control socket; 4: the caller; 5: what to exec. Everything else goes at once: a copy of
 * the caller's end of any control socket would hide the caller's death from the sandbox at its other end.
 */
static void arrange_fds(const struct sn__launch *launch)
{
    long null = sn__sys(__NR_fcntl, launch->null_fd, F_DUPFD, ABOVE_ALL_TARGETS);
    long control = sn__sys(__NR_fcntl, launch->control_fd, F_DUPFD, ABOVE_ALL_TARGETS);
    long host = sn__sys(__NR_fcntl, launch->host_fd, F_DUPFD, ABOVE_ALL_TARGETS);
    long init = sn__sys(__NR_fcntl, launch->init_fd, F_DUPFD, ABOVE_ALL_TARGETS);
    long r;

    /* one descriptor too few: the socket is still where the caller opened it */
    if (control < 0)
        report_on(launch->control_fd, SN__STEP_LAUNCH_FDS, control);
    r = sn__sys(__NR_dup3, control, SN__INIT_CONTROL_FD, 0);
    if (r < 0)
        report_on((int)control, SN__STEP_LAUNCH_FDS, r);
    if (null < 0)
        report(SN__STEP_LAUNCH_FDS, null);
    if (host < 0)
        report(SN__STEP_LAUNCH_FDS, host);
    if (init < 0)
        report(SN__STEP_LAUNCH_FDS, init);
    for (int i = 0; i < 3; i++) {
        r = sn__sys(__NR_dup3, null, i, 0);
        if (r < 0)
            report(SN__STEP_LAUNCH_FDS, r);
    }
    r = sn__sys(__NR_dup3, host, SN__INIT_HOST_FD, 0);
    if (r < 0)
        report(SN__STEP_LAUNCH_FDS, r);
    r = sn__sys(__NR_dup3, init, EXEC_FD, O_CLOEXEC);
    if (r < 0)
        report(SN__STEP_LAUNCH_FDS, r);
    r = sn__sys(__NR_close_range, EXEC_FD + 1, ~0U, 0);
    if (r < 0)
        report(SN__STEP_LAUNCH_FDS, r);
}

/* As another uid than 0 an exec would lose the capabilities over the new namespace: ambient ones stay. */
static void raise_ambient(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct caps[2];
    long r = sn__sys(__NR_capget, &header, caps);

    for (int i = 0; i < 2; i++)
        caps[i].inheritable = caps[i].permitted;
    if (r == 0)
        r = sn__sys(__NR_capset, &header, caps);
    for (int cap = 0; r == 0 && cap < 64; cap++)
        if (caps[cap / 32].permitted & (1U << (cap % 32)))
            r = sn__sys(__NR_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0);
    if (r < 0)
        report(SN__STEP_LAUNCH_CAPS, r);
}

/* One byte from the caller. Whoever the caller forked may hold its end of the socket open: its own end counts. */
static long await_go(void)
{
    struct pollfd fds[2] = {{.fd = SN__INIT_CONTROL_FD, .events = POLLIN}, {.fd = SN__INIT_HOST_FD, .events = POLLIN}};
    char go;
    long r;

    do
        r = sn__sys(__NR_ppoll, fds, 2, NULL, NULL, 8);
    while (r == -EINTR);
    if (r < 0)
        return r;
    if (fds[1].revents & POLLIN)
        return 0;
    do
        r = sn__sys(__NR_recvfrom, SN__INIT_CONTROL_FD, &go, 1, MSG_DONTWAIT, NULL, NULL);
    while (r == -EINTR);
    return r;
}

/*
 * CLOSE_RANGE_UNSHARE (5.9) copies no more of the table than what lies below a range up to its end. The launcher holds
 * the caller's thread until then, which would close what we have, or use the numbers again.
 */
static void leave_callers_table(struct sn__launch *launch)
{
    long r = sn__sys(__NR_close_range, launch->shared_below, ~0U, CLOSE_RANGE_UNSHARE);

    if (r < 0)
        r = sn__sys(__NR_unshare, CLONE_FILES);
    if (r < 0)
        report_on(launch->control_fd, SN__STEP_LAUNCH_FDS, r);
    __atomic_store_n(&launch->sharing, 0, __ATOMIC_RELEASE);
    sn__sys(__NR_futex, &launch->sharing, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static int future_init(void *argument)
{
    struct sn__launch *launch = argument;
    static const char name[] = "sentinel-init";
    const char *const argv[] = {name, NULL};
    const char *const envp[] = {NULL};
    long r;

    r = launch->join_init < 0 ? 1 : sn__sys(__NR_write, launch->join_init, "0", 1);
    if (r < 0)
        report_on(launch->control_fd, SN__STEP_CGROUP_JOIN, r);
    if (launch->shared_below)
        leave_callers_table(launch);
    arrange_fds(launch);
    r = await_go();
    if (r < 0)
        report(SN__STEP_LAUNCH_FDS, r);
    if (r != 1)
        sn__sys_exit(127); /* the caller is gone, or gave up */
    if (launch->take_root) {
        r = sn__sys(__NR_setgroups, 0, NULL);
        if (r < 0 && r != -EPERM) /* EPERM: forbidden for good in a namespace that an ordinary user made */
            report(SN__STEP_LAUNCH_GROUPS, r);
        r = sn__sys(__NR_setresgid, 0, 0, 0);
        if (r == 0)
            r = sn__sys(__NR_setresuid, 0, 0, 0);
        if (r < 0)
            report(SN__STEP_LAUNCH_IDS, r);
    }
    if (launch->keep_by_ambient)
        raise_ambient();
    r = sn__sys(__NR_execveat, EXEC_FD, "", argv, envp, AT_EMPTY_PATH);
    report(SN__STEP_LAUNCH_EXEC, r);
}

#define REALTIME_IO 1 /* ioprio_set(2): IOPRIO_CLASS_RT, in the upper bits */
#define IO_CLASS_SHIFT 13

/*
 * A caller that goes before others does not hand that on to programs that nobody trusts; one that lets others go first
 * does. Going back to the usual is refused to nobody. Real-time processes are also refused by v1 groups without a
 * share.
 */
void sn__child_usual_priority(void)
{
    const int usual = 0;
    long policy = sn__sys(__NR_sched_getscheduler, 0) & ~(long)SCHED_RESET_ON_FORK;

    if (policy == SCHED_FIFO || policy == SCHED_RR)
        sn__sys(__NR_sched_setscheduler, 0, SCHED_OTHER, &usual);
    if (sn__sys(__NR_getpriority, PRIO_PROCESS, 0) > 20) /* the kernel says 20 - nice */
        sn__sys(__NR_setpriority, PRIO_PROCESS, 0, 0);
    if (sn__sys(__NR_ioprio_get, 1, 0) >> IO_CLASS_SHIFT == REALTIME_IO)
        sn__sys(__NR_ioprio_set, 1, 0, 0);
}

/*
 * Is there no socket of any family in the network namespace that we are in? Not even one that nobody has a descriptor
 * of, and the kernel has yet to find that out.
 */
static int has_no_socket(void)
{
    static const char none[] = "sockets: used 0\n";
    char text[sizeof(none) - 1];
    long fd = sn__sys(__NR_openat, AT_FDCWD, "/proc/self/net/sockstat", O_RDONLY | O_CLOEXEC, 0);
    long n;

    if (fd < 0)
        return 0;
    n = sn__sys(__NR_read, fd, text, sizeof(text));
    sn__sys(__NR_close, fd);
    if (n != (long)sizeof(text))
        return 0;
    for (size_t i = 0; i < sizeof(text); i++)
        if (text[i] != none[i])
            return 0;
    return 1;
}

static void enter_network(struct sn__launch *launch)
{
    struct sn__network *network = launch->network;
    long fd;

    if (network->file.fd >= 0 && sn__sys(__NR_setns, network->file.fd, CLONE_NEWNET) == 0 && has_no_socket())
        return;
    if (network->file.fd >= 0)
        sn__sys(__NR_close, network->file.fd);
    network->file.fd = -1;
    if (sn__sys(__NR_unshare, CLONE_NEWNET) < 0) {
        launch->namespaces |= CLONE_NEWNET; /* without the right to that, it is made together with a user namespace */
        return;
    }
    fd = sn__sys(__NR_openat, AT_FDCWD, "/proc/self/ns/net", O_RDONLY | O_CLOEXEC, 0);
    if (fd >= 0)
        network->file.fd = (int)fd;
}

static int launcher(void *argument)
{
    struct sn__launch *launch = argument;
    uint32_t flags;

    sn__child_usual_priority();
    /* before the groups are entered: what is kept must not be charged to one that goes */
    if (launch->network)
        enter_network(launch);
    for (uint32_t i = 0; i < launch->join_count; i++) {
        long r = sn__sys(__NR_write, launch->join[i], "0", 1);

        if (r < 0) {
            launch->error = (int)-r;
            launch->failed = SN__LAUNCH_JOIN;
            sn__sys_exit(0);
        }
    }
    if (launch->tree_fd >= 0) {
        long r = sn__sys(__NR_setns, launch->tree_fd, CLONE_NEWNS);

        if (r < 0) {
            launch->error = (int)-r;
            launch->failed = SN__LAUNCH_TREE;
            sn__sys_exit(0);
        }
    }
    /* the caller's thread stands still and lends its errno with its memory: clone() may write it here */
    flags = CLONE_VM | CLONE_PIDFD | launch->namespaces;
    if (launch->shared_below) {
        launch->sharing = 1;
        flags |= CLONE_FILES | CLONE_CHILD_CLEARTID; /* which says so, too, should it die */
    }
    if (clone(future_init, launch->stack_top, (int)flags, launch, &launch->pidfd, NULL, &launch->sharing) < 0)
        launch->error = errno;
    else
        while (__atomic_load_n(&launch->sharing, __ATOMIC_ACQUIRE))
            sn__sys(__NR_futex, &launch->sharing, FUTEX_WAIT, 1, NULL, NULL, 0);
    sn__sys_exit(0);
}

int sn__child_launch(struct sn__launch *launch, void *launcher_stack_top)
{
    int r;

    launch->pidfd = -1;
    launch->error = 0;
    r = child_borrow(launcher, launch, launcher_stack_top);
    if (r < 0)
        launch->error = -r;
    return -launch->error;
}
