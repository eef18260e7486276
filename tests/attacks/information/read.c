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
        int fd;

        for (struct dirent *entry; directory && (entry = readdir(directory));) {
            if (entry->d_name[0] != '.')
                breach("%s can be listed: %s", path, entry->d_name);
        }
        if (directory)
            continue;
        fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
        if (fd >= 0 && read(fd, &byte, 1) == 1) {
            lseek(fd, 0, SEEK_SET);
            show(fd);
            breach("%s can be read", path);
        }
        if (errno != ENOENT)
            refused = errno;
    }
    if (refused == ENOENT && argc > 1 && strncmp(argv[1], "/host", 5) == 0)
        cannot("%s: this host has none", argv[1]);
    held("%s: %s", argv[argc - 1], strerror(refused));
}
