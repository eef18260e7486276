/* SPDX-License-Identifier: MIT */
/* Gets a fork of the template into a sandbox: see helper.h. Raw system calls; nothing here touches the C library. */
#include "init/check.h"
#include "init/clone.h"
#include "init/init.h"
#include "init/namespaces.h"
#include "init/socket.h"
#include "template/helper.h"

#include <sentinel/layer.h>

#include <asm/signal.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/poll.h>
#include <linux/prctl.h>
#include <linux/time_types.h>
#include <linux/wait.h>

#define STACK_BYTES 32768
#define LOOK_NS 30000U
#define LOOKS_MAX 100000U /* some seconds: a safety net */

/* What the guide must know of a child that cannot make a call any more; the child gives its view of it up before. */
struct mailbox {
    struct sn__failure failure;
    volatile int listener; /* the number that it is going to have, or 0 */
};

static struct {
    struct mailbox *mailbox;
    int *tid_address; /* glibc's field for the thread's number: the kernel writes the child's there */
    void *robust_list;
    size_t robust_length;
    struct sn__template_job *job;
    long child; /* its number inside, as the porter learns it */
    int pidfd;  /* of it, in the guide's table */
    char stacks[2][STACK_BYTES] __attribute__((aligned(16)));
} enter;

long sn__template_enter_init(void)
{
    long r = sn__sys(__NR_prctl, PR_GET_TID_ADDRESS, &enter.tid_address, 0, 0, 0);

    if (r == 0)
        r = sn__sys(__NR_get_robust_list, 0, &enter.robust_list, &enter.robust_length);
    if (r < 0)
        return r;
    r = sn__sys(__NR_mmap, NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (r < 0 && r > -4096)
        return r;
    enter.mailbox = (struct mailbox *)r;
    return 0;
}

static _Noreturn void fail_child(const struct sn__failure *failure)
{
    enter.mailbox->failure = *failure;
    sn__sys_exit(127);
}

/* The number that the next descriptor of this table gets. */
static int next_number(void)
{
    long r = sn__sys(__NR_dup, 0);

    if (r >= 0)
        sn__sys(__NR_close, r);
    return (int)r;
}

static void map_area(struct child *child, const int *run_fds)
{
    long r = sn__sys(__NR_mmap, NULL, SN__ARMED_REQUEST, PROT_READ, MAP_PRIVATE, run_fds[SN__RUN_FD_REQUEST], 0);

    if (r < 0 && r > -4096) {
        fail(&child->failure, SN__STEP_REQUEST, 0, r);
        fail_child(&child->failure);
    }
    child->bytes = (const char *)r;
    child->request = (const struct sn__request *)r;
    r = check_request(child->bytes, SN__ARMED_REQUEST, child->fd_count);
    if (r == 0 && !child->request->is_armed)
        r = -EBADMSG;
    if (r < 0) {
        fail(&child->failure, SN__STEP_REQUEST, 0, r);
        fail_child(&child->failure);
    }
}

static int child_enter(void *argument)
{
    static struct sn__plan plan;
    static struct init init;
    struct sn__template_job *job = argument;
    const int *run_fds = job->fds + SN__TEMPLATE_FD_RUN;
    struct child child = {.init = &init,
                          .stdio = run_fds + SN__RUN_FD_STDIO,
                          .join = run_fds + SN__RUN_FD_JOIN,
                          .fd_count = job->fd_count - SN__TEMPLATE_FD_RUN,
                          .needs_keyring = 1,
                          .listener = -1};
    unsigned long none = 0;
    long r;

    plan.layers = job->request.layers;
    plan.uid = job->request.uid;
    plan.gid = job->request.gid;
    plan.owner_uid = job->request.owner_uid;
    init.plan = &plan;
    init.proc_fd = -1;
    init.landlock_fd = job->request.landlock_fd;
    sn__sys(__NR_rt_sigprocmask, SIG_SETMASK, &none, NULL, 8);
    sn__sys(__NR_set_robust_list, enter.robust_list, enter.robust_length);
    map_area(&child, run_fds);
    /* not before: with nsdelegate nobody moves a process into a cgroup from outside of his cgroup namespace */
    if (job->request.layers & SN_LAYER_CGROUP_NS) {
        r = sn__sys(__NR_setns, job->fds[SN__TEMPLATE_FD_INIT], CLONE_NEWCGROUP);
        if (r < 0) {
            fail(&child.failure, SN__STEP_CGROUP_NS, 0, r);
            fail_child(&child.failure);
        }
    }
    r = child_bound_capabilities(&init); /* entering a user namespace gave all of them back */
    if (r < 0)
        fail(&child.failure, SN__STEP_CAPS, 2, r);
    if (r < 0 || child_request(&child) < 0)
        fail_child(&child.failure);
    if (job->get_ready() < 0) {
        fail(&child.failure, SN__STEP_ENTER, 1, -EINVAL);
        fail_child(&child.failure);
    }
    if (child_confine(&child) < 0)
        fail_child(&child.failure);
    /* another uid made the memory undumpable; an exec would have made it as that of any process again */
    sn__sys(__NR_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
    enter.mailbox->listener = next_number();
    sn__sys(__NR_munmap, enter.mailbox, 4096);
    if (child_filter(&child) < 0 || child_wait(&child) < 0)
        sn__sys_exit(127);
    job->begin(child.bytes);
    sn__sys_exit(127);
}

/* In the pid namespace: its child is left to PID 1. */
static int porter_main(void *argument)
{
    struct sn__template_job *job = argument;
    struct clone_args args = {
        .flags = CLONE_FILES | CLONE_PIDFD | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID,
        .pidfd = (uint64_t)(uintptr_t)&enter.pidfd,
        .child_tid = (uint64_t)(uintptr_t)enter.tid_address,
        .exit_signal = SIGCHLD,
        .stack = (uint64_t)(uintptr_t)job->stack_top - STACK_BYTES,
        .stack_size = STACK_BYTES,
    };

    if (job->request.layers & SN_LAYER_IPC_NS)
        args.flags |= CLONE_NEWIPC;
    enter.child = clone_call(&args, child_enter, job);
    sn__sys_exit(0);
}

static void await_end(long pid)
{
    while (sn__sys(__NR_wait4, pid, NULL, __WALL, NULL) == -EINTR)
        continue;
}

/* Until the child has its filter. 0 or -errno. */
static long await_listener(void)
{
    struct pollfd ended = {.fd = enter.pidfd, .events = POLLIN};

    for (unsigned i = 0; i < LOOKS_MAX; i++) {
        struct __kernel_timespec soon = {.tv_nsec = LOOK_NS};
        int number = enter.mailbox->listener;

        if (number < 0)
            return number;
        if (number > 0 && sn__sys(__NR_fcntl, number, F_GETFD) >= 0)
            return number;
        if (sn__sys(__NR_ppoll, &ended, 1, &soon, NULL, 8) > 0)
            return -ECHILD;
    }
    return -ETIME;
}

static long tell(const struct sn__template_job *job, const struct sn__message *message, const int *fds, uint32_t count)
{
    return socket_send(job->fds[SN__TEMPLATE_FD_CONTROL], message,
                       offsetof(struct sn__message, done) + sizeof(message->done), fds, count);
}

static _Noreturn void fail_guide(uint32_t index, long error)
{
    if (enter.mailbox->failure.step == SN__STEP_NONE)
        fail(&enter.mailbox->failure, SN__STEP_ENTER, index, error);
    if (enter.pidfd >= 0)
        sn__sys(__NR_pidfd_send_signal, enter.pidfd, SIGKILL, NULL, 0);
    sn__sys_exit(1);
}

static int guide_main(void *argument)
{
    struct sn__template_job *job = argument;
    struct clone_args args = {
        .flags = CLONE_VM | CLONE_VFORK | CLONE_FILES,
        .stack = (uint64_t)(uintptr_t)enter.stacks[1],
        .stack_size = STACK_BYTES,
    };
    struct sn__message adopt = {.type = SN__MSG_ADOPT, .serial = job->request.serial};
    int sent[SN__ADOPT_FDS];
    long r;

    /* whoever is root in there may look into the child, whose table this is: other sandboxes are not its business */
    r = sn__sys(__NR_close_range, SN__TEMPLATE_SOCKET_FD, SN__TEMPLATE_HOST_FD, 0);
    if (r == 0)
        r = sn__sys(__NR_setns, job->fds[SN__TEMPLATE_FD_INIT], namespaces_of(job->request.layers));
    if (r < 0)
        fail_guide(0, r);
    /* the template's end is ours: what it would have said next nobody can say then */
    sn__sys(__NR_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (job->request.landlock_fd >= 0) {
        r = sn__sys(__NR_pidfd_getfd, job->fds[SN__TEMPLATE_FD_INIT], job->request.landlock_fd, 0);
        if (r < 0)
            fail_guide(2, r);
        job->request.landlock_fd = (int)r;
    }
    r = clone_call(&args, porter_main, job);
    if (r < 0)
        fail_guide(3, r);
    await_end(r);
    if (enter.child < 0)
        fail_guide(4, enter.child);
    r = await_listener();
    if (r < 0)
        fail_guide(5, r);
    adopt.adopt.pid = (int32_t)enter.child;
    sent[SN__ADOPT_FD_REQUEST] = job->fds[SN__TEMPLATE_FD_RUN + SN__RUN_FD_REQUEST];
    sent[SN__ADOPT_FD_LISTENER] = (int)r;
    r = tell(job, &adopt, sent, SN__ADOPT_FDS);
    if (r < 0)
        fail_guide(6, r);
    r = sn__sys(__NR_close_range, 3, ~0U, 0);
    sn__sys_exit(r < 0);
}

int sn__template_enter(struct sn__template_job *job, struct sn__failure *ret_failure)
{
    struct clone_args args = {
        .flags = CLONE_VM | CLONE_VFORK,
        .stack = (uint64_t)(uintptr_t)enter.stacks[0],
        .stack_size = STACK_BYTES,
    };
    struct sn__message message = {.serial = job->request.serial};
    int status = -1;
    long guide;

    *enter.mailbox = (struct mailbox){0};
    enter.child = -ECHILD;
    enter.pidfd = -1;
    guide = clone_call(&args, guide_main, job);
    if (guide < 0)
        fail(&enter.mailbox->failure, SN__STEP_ENTER, 7, guide);
    else
        while (sn__sys(__NR_wait4, guide, &status, __WALL, NULL) == -EINTR)
            continue;
    message.type = status == 0 ? SN__MSG_ADOPTED : SN__MSG_ADOPT;
    if (status != 0) {
        message.adopt.failure = enter.mailbox->failure;
        if (message.adopt.failure.step == SN__STEP_NONE)
            message.adopt.failure = (struct sn__failure){.step = SN__STEP_ENTER, .index = 8, .error = ECHILD};
        *ret_failure = message.adopt.failure;
    }
    tell(job, &message, NULL, 0);
    return status == 0 ? 0 : -1;
}
