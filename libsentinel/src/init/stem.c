/* SPDX-License-Identifier: MIT */
/* A PID 1 that runs nothing, but forks such as do: spawn/stem.h says what for. */
#include "init/init.h"

#include <asm/signal.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/sched.h>

#define IGNORED ((void *)1) /* SIG_IGN */

/* Ignored, the kernel reaps what a stem forked; but nothing that a PID 1 has to wait for. */
static void handle_children(void *handler)
{
    struct {
        void *handler;
        unsigned long flags;
        void *restorer;
        unsigned long mask;
    } action = {.handler = handler};

    sn__sys(__NR_rt_sigaction, SIGCHLD, &action, NULL, 8);
}

/* In the child: its own socket takes the place of the stem's, whose plan it does not need. */
static void become_new(struct init *init, struct received *received)
{
    if (sn__sys(__NR_dup3, received->fds[0], SN__INIT_CONTROL_FD, O_CLOEXEC) < 0)
        sn__sys_exit(1);
    init_close_received(received);
    handle_children(NULL);
    sn__sys(__NR_munmap, init->plan_bytes, init->plan->size);
}

void stem_serve(struct init *init)
{
    static struct received received;

    handle_children(IGNORED);
    for (;;) {
        struct sn__message reply = {.type = SN__MSG_FORKED};
        int pidfd = -1;
        struct clone_args args = {
            .flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_PIDFD,
            .pidfd = (uint64_t)(uintptr_t)&pidfd,
            .exit_signal = SIGCHLD,
        };
        long child;

        if (init_receive(&received) <= 0 || received.message.type != SN__MSG_FORK || received.fd_count != 1)
            sn__sys_exit(0);
        child = sn__sys(__NR_clone3, &args, sizeof(args));
        if (child == 0) {
            become_new(init, &received);
            return;
        }
        if (child < 0) {
            reply.type = SN__MSG_FAILED;
            fail(&reply.failure, SN__STEP_FORK, 0, child);
        }
        init_close_received(&received);
        if (init_send(&reply, pidfd) < 0)
            sn__sys_exit(1);
        if (pidfd >= 0)
            sn__sys(__NR_close, pidfd);
    }
}
