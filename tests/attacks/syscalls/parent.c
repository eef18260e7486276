/* SPDX-License-Identifier: MIT */
/*
 * CLONE_PARENT makes a brother instead of a child: a child of PID 1's, or of whatever started the program, which then
 * waits for somebody it does not know (and may take its end for the program's). clone3 hides the flag in memory.
 */
#include "attack.h"

#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>

int main(int argc, char **argv)
{
    struct clone_args args = {.flags = CLONE_PARENT};
    const char *how = argc == 2 ? argv[1] : "";
    pid_t parent = getppid();
    long r;

    if (strcmp(how, "clone") == 0)
        r = syscall(SYS_clone, CLONE_PARENT, NULL, NULL, NULL, 0L);
    else if (strcmp(how, "clone3") == 0)
        r = syscall(SYS_clone3, &args, sizeof(args));
    else
        return 1;
    if (r == 0)
        _exit(getppid() == parent ? 42 : 0);
    if (r < 0)
        held_by_errno(how);
    breach("it gave its parent another child, %ld", r);
}
