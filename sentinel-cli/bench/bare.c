/* SPDX-License-Identifier: MIT */
#include "bare.h"

#include "../message.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

int bare_run(const char *const *argv, const char *directory, double *ret_ns, char **ret_why)
{
    posix_spawn_file_actions_t actions;
    uint64_t begin = bench_now();
    pid_t pid;
    int status = -1, r;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    if (directory)
        posix_spawn_file_actions_addchdir_np(&actions, directory);
    r = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (r != 0) {
        *ret_why = xprintf("%s: %s", argv[0], strerror(r));
        return r == ENOENT ? MISSING : -1;
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    *ret_ns = (double)(bench_now() - begin);
    if (status != 0) {
        *ret_why = xprintf("%s ended with status %d", argv[0], WIFEXITED(status) ? WEXITSTATUS(status) : -1);
        return -1;
    }
    return 0;
}

int bare_prepare(const struct contender *contender, void **ret_state, char **ret_why)
{
    const char *const *argv = contender->what;
    double ignored;

    (void)ret_state;
    return bare_run(argv, NULL, &ignored, ret_why);
}

int bare_measure(const struct contender *contender, void *state, double *ret_ns, char **ret_why)
{
    (void)state;
    return bare_run(contender->what, NULL, ret_ns, ret_why);
}
