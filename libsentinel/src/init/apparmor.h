/* SPDX-License-Identifier: MIT */
#ifndef SN_INIT_APPARMOR_H
#define SN_INIT_APPARMOR_H

/*
 * The layer `apparmor`: the program's exec changes to a profile. A process may ask for that only itself, in its own
 * directory of a proc (/proc/PID/attr/apparmor, Linux 5.4), and anybody may who is unconfined, no_new_privs or not:
 * Documentation/userspace-api/no_new_privs.rst and security/apparmor/domain.c. For code without a libc.
 */
#include "init/protocol.h"
#include "init/sys.h"

#ifdef SN_FREESTANDING
#include <linux/errno.h>
#include <linux/fcntl.h>
#else
#include <errno.h>
#include <fcntl.h>
#endif

#define SN__APPARMOR_PROFILE "sentinel-program"

/* `proc` is a descriptor of a proc file system that the caller is visible in. 0, or -errno; ENOENT: no such profile. */
static inline long sn__apparmor_ask_exec(int proc)
{
    static const char request[] = "exec " SN__APPARMOR_PROFILE;
    long fd = sn__sys(__NR_openat, proc, "self/attr/apparmor/exec", O_WRONLY | O_CLOEXEC, 0);
    long r;

    if (fd < 0)
        return fd;
    r = sn__sys(__NR_write, fd, request, sizeof(request) - 1);
    sn__sys(__NR_close, fd);
    return r < 0 ? r : 0;
}

static inline int sn__apparmor_ends_with(const char *text, size_t length, const char *end, size_t end_length)
{
    if (length < end_length)
        return 0;
    for (size_t i = 0; i < end_length; i++)
        if (text[length - end_length + i] != end[i])
            return 0;
    return 1;
}

/* "unconfined", or "NAME (unconfined)" for a profile that only gives a name to what it lets do anything. */
static inline int sn__apparmor_is_unconfined(const char *label, size_t length)
{
    static const char word[] = "unconfined", mode[] = " (unconfined)";

    while (length && (label[length - 1] == '\n' || label[length - 1] == '\0'))
        length--;
    return (length == sizeof(word) - 1 && sn__apparmor_ends_with(label, length, word, sizeof(word) - 1)) ||
           (length > sizeof(mode) - 1 && sn__apparmor_ends_with(label, length, mode, sizeof(mode) - 1));
}

/*
 * What this process's children will get. Asking is the trial: the list of profiles is root's to read. The request stays
 * with this process and is void without an exec; a child makes its own, so that a profile unloaded meanwhile is
 * noticed.
 */
static inline enum sn__apparmor_state sn__apparmor_try(int proc)
{
    char label[256];
    long n = -ENOENT, r;
    long fd = sn__sys(__NR_openat, proc, "self/attr/apparmor/current", O_RDONLY | O_CLOEXEC, 0);

    if (fd >= 0) {
        n = sn__sys(__NR_read, fd, label, sizeof(label));
        sn__sys(__NR_close, fd);
    }
    if (n < 0) /* no such directory, or EINVAL: built in, and off */
        return SN__APPARMOR_ABSENT;
    /* from another profile, exec of a no_new_privs process may not change to ours, whatever that profile says */
    if (!sn__apparmor_is_unconfined(label, (size_t)n))
        return SN__APPARMOR_CONFINED;
    r = sn__apparmor_ask_exec(proc);
    return r == 0 ? SN__APPARMOR_READY : r == -ENOENT ? SN__APPARMOR_NOT_LOADED : SN__APPARMOR_CONFINED;
}

#endif
