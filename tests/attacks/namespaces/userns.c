/* SPDX-License-Identifier: MIT */
/*
 * A user namespace of its own makes a program root of it, with every capability there: that alone is no escape, but it
 * opens the parts of the kernel in which most of the escapes of the last ten years were. Several ways to ask for one.
 */
#include "attack.h"

#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static void check(long r, const char *how)
{
    if (r < 0)
        held_by_errno(how);
    breach("%s made a user namespace", how);
}

static int idle(void *argument)
{
    (void)argument;
    return 0;
}

int main(int argc, char **argv)
{
    static char stack[65536] __attribute__((aligned(16)));
    struct clone_args args = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
    const char *how = argc == 2 ? argv[1] : "";
    long r;

    if (strcmp(how, "unshare") == 0)
        check(unshare(CLONE_NEWUSER), how);
    if (strcmp(how, "all") == 0)
        check(unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS), how);
    if (strcmp(how, "clone") == 0)
        check(clone(idle, stack + sizeof(stack), CLONE_NEWUSER | SIGCHLD, NULL), how);
    if (strcmp(how, "high-bits") == 0) {
        /* only the lower half of the flags counts: a filter must not look at the upper one */
        r = syscall(SYS_clone, 0xffffffff00000000UL | CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, 0L);
        if (r == 0)
            _exit(0);
        check(r, how);
    }
    if (strcmp(how, "clone3") == 0) {
        /* its flags are in memory, where a filter cannot look */
        r = syscall(SYS_clone3, &args, sizeof(args));
        if (r == 0)
            _exit(0);
        check(r, how);
    }
    return 1;
}
