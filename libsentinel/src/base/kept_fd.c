/* SPDX-License-Identifier: MIT */
#include "base/kept_fd.h"

#include "base/cleanup.h"

#include <sys/resource.h>
#include <sys/stat.h>

int sn__kept_fd_take(struct sn__kept_fd *kept, int fd)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return -errno;
    *kept = (struct sn__kept_fd){fd, st.st_dev, st.st_ino};
    return 0;
}

static bool is_same(const struct sn__kept_fd *kept, const struct stat *st)
{
    return st->st_dev == kept->device && st->st_ino == kept->inode;
}

bool sn__kept_fd_is_ours(const struct sn__kept_fd *kept)
{
    struct stat st;

    return fstat(kept->fd, &st) == 0 && is_same(kept, &st);
}

bool sn__kept_fd_is_low(int fd, unsigned part)
{
    struct rlimit limit;

    return getrlimit(RLIMIT_NOFILE, &limit) == 0 && (rlim_t)fd < limit.rlim_cur / part;
}

bool sn__kept_fd_is_lost(const struct sn__kept_fd *kept)
{
    struct stat st;

    return kept->fd >= 0 && (fstat(kept->fd, &st) < 0 ? errno == EBADF : !is_same(kept, &st));
}

void sn__kept_fd_close(struct sn__kept_fd *kept)
{
    if (!sn__kept_fd_is_lost(kept))
        sn__close(kept->fd);
    kept->fd = -1;
}
