/* SPDX-License-Identifier: MIT */
/*
 * A core dump is written by the kernel: into a file that the limits of file sizes do not know, or to a helper that it
 * starts on the host as root (core_pattern), and whose parsing of what crashed has been the way out (apport, ABRT,
 * systemd-coredump). A child raises its limit, makes itself dumpable and crashes.
 */
#include "attack.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

int main(void)
{
    struct rlimit limit;
    pid_t pid;
    int status;

    if (getrlimit(RLIMIT_CORE, &limit) < 0)
        return 1;
    pid = fork();
    if (pid == 0) {
        struct rlimit wanted = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};

        if (setrlimit(RLIMIT_CORE, &wanted) == 0)
            breach("it raised the limit of core dumps");
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
        raise(SIGSEGV);
        _exit(0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        cannot("fork: %s", strerror(errno));
    if (WIFEXITED(status) && WEXITSTATUS(status) == 42)
        _exit(42);
    if (WIFSIGNALED(status) && WCOREDUMP(status))
        breach("the kernel wrote a core dump");
    held("no core dump, with a limit of %lu", (unsigned long)limit.rlim_max);
}
