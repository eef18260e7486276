/* SPDX-License-Identifier: MIT */
/*
 * Changes the limits of others by prlimit(), which asks for the same user only: with no descriptors or no processes
 * left, PID 1 could not serve the next run. They are set to what they are.
 */
#include "target.h"

#include <sys/resource.h>

int main(int argc, char **argv)
{
    pid_t pid = target(argc, argv);
    struct rlimit limit;

    if (prlimit(pid, RLIMIT_NOFILE, NULL, &limit) < 0 || prlimit(pid, RLIMIT_NOFILE, &limit, NULL) < 0)
        held_by_errno("prlimit");
    breach("the limits of process %d are its to change", pid);
}
