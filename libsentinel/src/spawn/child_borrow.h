/* SPDX-License-Identifier: MIT */
#ifndef SN_SPAWN_CHILD_BORROW_H
#define SN_SPAWN_CHILD_BORROW_H

/* In a header, as what runs between clone and exec calls nothing outside its own file (tests: suite symbols). */
#include "init/sys.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

/*
 * Runs a launcher in the caller's memory and descriptor table, on a stack of its own, until its end; it clones what
 * shall outlive it. 0 or -errno.
 */
static inline int child_borrow(int (*function)(void *), void *argument, void *stack_top)
{
    int saved = errno, r = 0;
    pid_t pid = clone(function, stack_top, CLONE_VM | CLONE_VFORK | CLONE_FILES, argument);

    if (pid < 0)
        r = -errno;
    else /* exit signal 0: only __WCLONE sees it, so a wait(-1) elsewhere in the caller does not */
        while (sn__sys(__NR_wait4, pid, NULL, __WCLONE, NULL) == -EINTR)
            ;
    errno = saved;
    return r;
}

#endif
