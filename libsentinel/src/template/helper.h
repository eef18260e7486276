/* SPDX-License-Identifier: MIT */
#ifndef SN_TEMPLATE_HELPER_H
#define SN_TEMPLATE_HELPER_H

#include "template/protocol.h"

/*
 * Theory of operation
 *
 * The code that makes an interpreter a template: a shared object, bytes inside the library, which the bootstrap loads.
 * helper_python.c serves the library's requests and knows the interpreter; helper_enter.c gets a child into a sandbox.
 *
 * That takes three processes, because a process enters a user namespace for good, and enters a pid namespace only by
 * its children:
 *
 *     template  stands still until the guide is done (CLONE_VFORK)
 *     guide     shares the template's memory, has descriptors of its own; enters the sandbox's namespaces
 *     porter    shares both with the guide, and is in the pid namespace: its end leaves the child to PID 1. (A child of
 *               the guide's would be left to the init of the *guide's* pid namespace: pid_namespaces(7).)
 *     child     a fork with memory of its own; shares the guide's descriptors until it waits
 *
 * The child goes through the steps of init/child_exec.c and waits as an armed one does. The guide finds the listener
 * in the table that both share, hands it to PID 1, closes everything but 0, 1 and 2 in that table, and exits; then the
 * template tells PID 1 that this is so. Until that has been said nobody can start the child, so no program ever holds
 * a descriptor of these.
 */
struct sn__template_job {
    struct sn__template_request request;
    int fds[SN__TEMPLATE_FDS_MAX];
    uint32_t fd_count;
    void *stack_top;                 /* of the child: the template's own stack, below what it uses */
    int (*get_ready)(void);          /* in the child, in its group, not yet confined: 0, or -1 */
    void (*begin)(const char *area); /* in the child, when it was started; does not return */
};

/* Once. 0 or -errno. */
long sn__template_enter_init(void);
/* 0: PID 1 has the child; else -1 and *ret_failure. */
int sn__template_enter(struct sn__template_job *job, struct sn__failure *ret_failure);

#endif
