/* SPDX-License-Identifier: MIT */
#include "spawn/helper.h"

#include "base/cleanup.h"
#include "spawn/child_helper.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>

int sn__helper_run(const char *const *argv)
{
    cleanup_close int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    struct sn__child_helper helper = {.argv = argv};
    sigset_t all, old;
    char *stacks;

    if (null_fd < 0)
        return -errno;
    stacks = mmap(NULL, 2 * SN__HELPER_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stacks == MAP_FAILED)
        return -errno;
    helper.null_fd = null_fd;
    helper.stack_top = stacks + SN__HELPER_STACK;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    sn__child_helper_run(&helper, stacks + 2 * SN__HELPER_STACK);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    munmap(stacks, 2 * SN__HELPER_STACK);
    return helper.error ? -helper.error : helper.status;
}
