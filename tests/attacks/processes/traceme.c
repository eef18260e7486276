/* SPDX-License-Identifier: MIT */
/*
 * Makes its parent, PID 1, its tracer, without asking: each signal then stops us until PID 1 says go on. A PID 1 that
 * does not know what a stop is waits for us for ever, and the host for it.
 */
#include "attack.h"

#include <signal.h>
#include <sys/ptrace.h>

int main(void)
{
    signal(SIGUSR1, SIG_IGN);
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
        held_by_errno("PTRACE_TRACEME");
    signal(SIGUSR1, SIG_DFL);
    signal(SIGUSR1, SIG_IGN);
    raise(SIGUSR1);
    raise(SIGCHLD);
    held("PID 1 lets its tracee go on");
}
