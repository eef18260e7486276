/* SPDX-License-Identifier: MIT */
#include "spawn/pid_numbers.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEPTH_MAX 32 /* MAX_PID_NS_LEVEL in the kernel, from level 0 on */

int sn__pid_numbers_possible(sn_error **ret_error)
{
    char ignored[64];

    /* namespaces(7): there is no such link until the namespace has its first process */
    if (readlink("/proc/thread-self/ns/pid_for_children", ignored, sizeof(ignored)) >= 0 || errno != ENOENT ||
        access("/proc/thread-self/ns/pid", F_OK) < 0)
        return 0;
    return sn__error_set(ret_error, SN_EHOST, "start PID 1",
                         "this thread has unshared its pid namespace (CLONE_NEWPID) and forked nobody since: the next "
                         "process would be the init of that; fork first, or make sandboxes from another thread");
}

/* What fdinfo lists of a pidfd ("NSpid:", proc(5)), from the pid namespace of /proc on down; how many, or -errno. */
static int read_numbers(int pidfd, pid_t numbers[DEPTH_MAX])
{
    cleanup_free char *text = NULL;
    char path[64];
    const char *at;
    int r, count = 0;

    snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
    r = sn__file_read_at(AT_FDCWD, path, 4096, &text, NULL);
    if (r < 0)
        return r;
    at = strstr(text, "\nNSpid:");
    at = at ? at + strlen("\nNSpid:") : "";
    while (count < DEPTH_MAX) {
        char *end;
        long number = strtol(at, &end, 10);

        if (end == at || memchr(at, '\n', (size_t)(end - at)))
            break;
        numbers[count++] = (pid_t)number;
        at = end;
    }
    return count;
}

int sn__pid_numbers(int pidfd, int own_pidfd, pid_t *ret_here, pid_t *ret_in_proc, sn_error **ret_error)
{
    pid_t numbers[DEPTH_MAX], own[DEPTH_MAX];
    int count = read_numbers(pidfd, numbers);
    int own_count = count < 0 ? count : read_numbers(own_pidfd, own);

    if (own_count < 0)
        return sn__error_errno(ret_error, -own_count, "start PID 1", "cannot read /proc/self/fdinfo");
    /* 0: that pid namespace does not see it, or it is dead */
    if (own_count == 0 || own_count > count || numbers[0] <= 0 || numbers[own_count - 1] <= 0 || own[0] <= 0)
        return sn__error_set(ret_error, SN_EHOST, "start PID 1",
                             "/proc does not show the processes that this one starts: PID 1 died at once, or that is "
                             "another pid namespace's /proc");
    *ret_in_proc = numbers[0];
    *ret_here = numbers[own_count - 1];
    return 0;
}

pid_t sn__pid_number_in_proc(int pidfd)
{
    pid_t numbers[DEPTH_MAX];

    return read_numbers(pidfd, numbers) > 0 && numbers[0] > 0 ? numbers[0] : 0;
}
