/* SPDX-License-Identifier: MIT */
#ifndef SN_TEMPLATE_CHILD_TEMPLATE_H
#define SN_TEMPLATE_CHILD_TEMPLATE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Starts a template as spawn/child_launch.h starts PID 1: by a launcher that borrows the caller's memory and exits, so
 * that it is nobody's child that the caller could meet. Its code is under the same rules as that.
 */
struct sn__template_launch {
    /* in */
    int socket_fd; /* the template's end */
    int host_fd;   /* a pidfd of the caller */
    int helper_fd;
    int null_fd;
    const char *const *argv;
    const char *const *envp;
    uint32_t namespaces; /* CLONE_NEW..., not of users or processes; 0: an ordinary user, who can make none */
    void *stack_top;     /* of the template until its exec */
    /* out */
    int pidfd;
    int error; /* positive errno of what failed, up to the exec */
};

#define SN__TEMPLATE_STACK 16384

/* All signals have to be blocked. Blocks until the exec. 0 or -errno. */
int sn__child_template_launch(struct sn__template_launch *launch, void *launcher_stack_top);

#endif
