/* SPDX-License-Identifier: MIT */
/*
 * Chooses the number of a new process (clone3 with set_tid): who can make a process of a number that somebody has just
 * looked up is taken for the one that had it.
 */
#include "attack.h"

#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>

int main(void)
{
    struct clone_args args = {.exit_signal = SIGCHLD, .set_tid_size = 1};
    pid_t pid = fork();
    long r;

    if (pid == 0)
        _exit(0);
    if (pid < 0 || waitpid(pid, NULL, 0) != pid)
        cannot("fork: %s", strerror(errno));
    args.set_tid = (uint64_t)(uintptr_t)&pid;
    r = syscall(SYS_clone3, &args, sizeof(args));
    if (r == 0)
        _exit(0);
    if (r < 0)
        held_by_errno("clone3 with a number of its own");
    breach("there is a process %d again", pid);
}
