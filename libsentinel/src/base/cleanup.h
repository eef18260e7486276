/* SPDX-License-Identifier: MIT */
#ifndef SN_BASE_CLEANUP_H
#define SN_BASE_CLEANUP_H

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Scope-bound ownership: `cleanup_free char *p`, `cleanup_close int fd = -1`; steal_*() hands ownership on. */
#define cleanup_free __attribute__((cleanup(sn__cleanup_free)))
#define cleanup_close __attribute__((cleanup(sn__cleanup_close)))
#define cleanup_dir __attribute__((cleanup(sn__cleanup_dir)))
#define cleanup_file __attribute__((cleanup(sn__cleanup_file)))

#define SN_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static inline void sn__cleanup_free(void *p)
{
    free(*(void **)p);
}

/* Closes and keeps errno: it runs on the way out of a failure that has its own. */
static inline void sn__close(int fd)
{
    int saved = errno;

    if (fd >= 0)
        close(fd);
    errno = saved;
}

static inline void sn__cleanup_close(int *fd)
{
    sn__close(*fd);
}

static inline void sn__cleanup_dir(DIR **dir)
{
    if (*dir)
        closedir(*dir);
}

static inline void sn__cleanup_file(FILE **file)
{
    if (*file)
        fclose(*file);
}

static inline int steal_fd(int *fd)
{
    int taken = *fd;

    *fd = -1;
    return taken;
}

static inline void *sn__steal_pointer(void *pp)
{
    void *taken = *(void **)pp;

    *(void **)pp = NULL;
    return taken;
}
#define steal_ptr(pp) ((__typeof__(*(pp)))sn__steal_pointer(pp))

#endif
