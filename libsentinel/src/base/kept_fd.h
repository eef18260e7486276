/* SPDX-License-Identifier: MIT */
#ifndef SN_BASE_KEPT_FD_H
#define SN_BASE_KEPT_FD_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * A descriptor that this process keeps while no call of ours is going on. A caller may close it with all that it does
 * not know, and have another file under its number, which is neither ours to use nor to close.
 */
struct sn__kept_fd {
    int fd;
    dev_t device;
    ino_t inode;
};

/* Takes a descriptor: 0, or -errno, and then it is still the caller's. */
int sn__kept_fd_take(struct sn__kept_fd *kept, int fd);
/* Certainly still ours? */
bool sn__kept_fd_is_ours(const struct sn__kept_fd *kept);
/* Certainly closed, or another's? Of one that was never taken (-1) nobody knows. */
bool sn__kept_fd_is_lost(const struct sn__kept_fd *kept);
/* Within the first so manieth of the descriptors that this process may have: others run out of those. */
bool sn__kept_fd_is_low(int fd, unsigned part);
/* Unless it is certainly another's. */
void sn__kept_fd_close(struct sn__kept_fd *kept);

#endif
