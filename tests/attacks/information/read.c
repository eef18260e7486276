/* SPDX-License-Identifier: MIT */
/*
 * Reads files that tell of the host: its accounts, its settings, its kernel and hardware. The first that can be read,
 * or listed, is one too many. The control is given the places where the host's own are shown for once.
 */
#include "attack.h"

#include <dirent.h>
#include <fcntl.h>

int main(int argc, char **argv)
{
    int refused = ENOENT;
    char byte;

    for (int i = 1; i < argc; i++) {
        const char *path = strncmp(argv[i], "SN_", 3) == 0 ? scene(argv[i]) : argv[i];
        DIR *directory = opendir(path);
        ssize_t length;
        int fd;

        for (struct dirent *entry; directory && (entry = readdir(directory));) {
            if (entry->d_name[0] != '.')
                breach("%s can be listed: %s", path, entry->d_name);
        }
        if (directory)
            continue;
        fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
        length = fd < 0 ? -1 : read(fd, &byte, 1);
        if (length == 1) {
            lseek(fd, 0, SEEK_SET);
            show(fd);
            breach("%s can be read", path);
        }
        /* what is empty tells nothing */
        if (length < 0 && errno != ENOENT)
            refused = errno;
    }
    if (refused == ENOENT && argc > 1 && strncmp(argv[1], "/host", 5) == 0)
        cannot("%s: this host has none", argv[1]);
    /* where the scene is to be seen, this is the tree of the host */
    if (refused == ENOENT && getenv("SN_SCENE") && access(getenv("SN_SCENE"), F_OK) == 0)
        cannot("%s: this host has none", argv[argc - 1]);
    held("%s: %s", argv[argc - 1], strerror(refused));
}
