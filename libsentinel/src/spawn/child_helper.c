/* SPDX-License-Identifier: MIT */
#include "spawn/child_helper.h"

#include "init/sys.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

static int exec_helper(void *argument)
{
    struct sn__child_helper *helper = argument;
    const char *const envp[] = {NULL};
    unsigned long none = 0;
    long r = 0;

    for (int i = 0; i < 3 && r >= 0; i++)
        r = sn__sys(__NR_dup2, helper->null_fd, i);
    sn__sys(__NR_rt_sigprocmask, SIG_SETMASK, &none, NULL, 8);
    if (r >= 0)
        r = sn__sys(__NR_execve, helper->argv[0], helper->argv, envp);
    helper->error = (int)-r;
    sn__sys_exit(127);
}

static int launcher(void *argument)
{
    struct sn__child_helper *helper = argument;
    pid_t pid;
    int status = 0;
    long r;

    /* our table is a copy: no handler of the caller's may run here, and an ignored SIGCHLD would hide the end */
    sn__sys_reset_signals();
    pid = clone(exec_helper, helper->stack_top, CLONE_VM | CLONE_VFORK | SIGCHLD, helper);
    if (pid < 0) {
        helper->error = errno;
        sn__sys_exit(0);
    }
    do
        r = sn__sys(__NR_wait4, pid, &status, 0, NULL);
    while (r == -EINTR);
    helper->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    sn__sys_exit(0);
}

void sn__child_helper_run(struct sn__child_helper *helper, void *launcher_stack_top)
{
    int saved = errno;
    pid_t pid = clone(launcher, launcher_stack_top, CLONE_VM | CLONE_VFORK, helper);

    if (pid < 0)
        helper->error = errno;
    else
        while (sn__sys(__NR_wait4, pid, NULL, __WCLONE, NULL) == -EINTR)
            ;
    errno = saved;
}
