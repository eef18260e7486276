/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation
 *
 * sentinel-init is PID 1 of a sandbox. It is started from a sealed memfd with one descriptor (the control socket, 3),
 * carries out the plan it is given (setup.c), and then serves runs and file operations one at a time until the socket
 * ends; or it is a stem (stem.c), and what it forks does that. It is single-threaded, has no libc, allocates nothing,
 * and keeps root of the sandbox's own user namespace: what it runs has another uid, no capabilities, a filter, and can
 * neither see nor signal it.
 */
#include "init/init.h"

#include <asm/signal.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/prctl.h>

static _Noreturn void serve(struct init *init)
{
    static struct received received;

    for (;;) {
        int r;

        if (init->next) {
            received = *init->next;
            init->next = NULL;
            run_serve(init, &received);
            init_close_received(&received);
            continue;
        }
        r = init_receive(&received);
        if (r <= 0)
            sn__sys_exit(r == 0 ? 0 : 1);
        if (received.message.type == SN__MSG_RUN)
            run_serve(init, &received);
        else if (received.message.type == SN__MSG_ADOPT)
            run_adopt(init, &received);
        else if (received.message.type == SN__MSG_FILE)
            files_serve(init, &received.message);
        else if (received.message.type == SN__MSG_KILL)
            init->refused = received.message.serial;
        /* else a KILL or SAMPLE that crossed a DONE is late: nothing to do */
        init_close_received(&received);
    }
}

static _Noreturn void end_failed(struct sn__message *message)
{
    message->type = SN__MSG_FAILED;
    init_send(message, -1);
    sn__sys_exit(1);
}

/* What exec leaves of the caller. */
static void begin(void)
{
    unsigned long none = 0;

    /* an ignored signal stays ignored over exec: the host's choices are not the sandbox's */
    sn__sys_reset_signals();
    sn__sys(__NR_rt_sigprocmask, SIG_SETMASK, &none, NULL, 8);
    /* one without address space randomization (setarch -R), say */
    sn__sys(__NR_personality, 0);
    sn__sys(__NR_fcntl, SN__INIT_CONTROL_FD, F_SETFD, FD_CLOEXEC);
    sn__sys(__NR_fcntl, SN__INIT_HOST_FD, F_SETFD, FD_CLOEXEC);
    sn__sys(__NR_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
    sn__sys(__NR_prctl, PR_SET_NAME, "sentinel-init", 0, 0, 0); /* not the name of the memfd */
    sn__sys(__NR_umask, 022);
    sn__sys(__NR_dup3, 0, SN__INIT_SPARE_FD, O_CLOEXEC);
}

static void get_ready(struct init *init)
{
    static struct received received;
    struct sn__message reply = {.type = SN__MSG_READY};
    long r, given = -1; /* for the host */

    if (init_receive(&received) <= 0)
        sn__sys_exit(1);
    if (received.message.type != SN__MSG_SETUP || setup_sandbox(init, &received, &reply.failure) < 0)
        end_failed(&reply);
    r = init->plan->born & SN__BORN_OF_STEM ? 0 : child_bound_capabilities(init);
    if (r < 0) {
        fail(&reply.failure, SN__STEP_CAPS, 0, r);
        end_failed(&reply);
    }
    reply.ready.layers = init->layers;
    reply.ready.landlock_abi = init->landlock_abi;
    reply.ready.apparmor = init->apparmor;
    reply.ready.mounts_ns = init->mounts_ns;
    reply.ready.landlock_fd = init->landlock_fd;
    if (init->plan->network) /* it is configured through that */
        given = sn__sys(__NR_socket, 16 /* AF_NETLINK */, 3 | O_CLOEXEC /* SOCK_RAW */, 0 /* NETLINK_ROUTE */);
    else if (init->plan->born & SN__BORN_AS_TREE)
        given = sn__sys(__NR_openat, AT_FDCWD, "/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC, 0);
    if (init_send(&reply, (int)given) < 0)
        sn__sys_exit(1);
    if (given >= 0)
        sn__sys(__NR_close, given);
}

static _Noreturn void init_main(void)
{
    static struct init init;

    begin();
    for (;;) {
        init = (struct init){.null_fd = -1,
                             .work_fd = -1,
                             .kept_fds = {-1, -1},
                             .landlock_fd = -1,
                             .proc_fd = -1,
                             .has_keyring = init.has_keyring};
        get_ready(&init);
        if (!(init.plan->born & SN__BORN_AS_STEM))
            serve(&init);
        stem_serve(&init);
    }
}

/* The kernel enters with a stack that is aligned for a jump, not for a call. */
__attribute__((naked, noreturn, used)) void _start(void);
void _start(void)
{
    __asm__("xor %ebp, %ebp\n\tand $-16, %rsp\n\tcall init_entry\n\thlt");
}

_Noreturn __attribute__((used)) void init_entry(void);
void init_entry(void)
{
    init_main();
}
