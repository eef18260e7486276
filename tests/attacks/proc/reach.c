/* SPDX-License-Identifier: MIT */
/*
 * Opens files of /proc, /sys and /dev that lead to the kernel or to the host: core_pattern, modprobe, uevent_helper and
 * release_agent name programs that the kernel starts as root; sysrq-trigger reboots; kcore and mem are its memory.
 * Nothing is ever written. The control is given other places: where the host's own are shown for once.
 *
 *     reach read|write|list PATH...     which of these can be opened?
 */
#include "attack.h"

#include <dirent.h>
#include <fcntl.h>

static int try(const char *how, const char *path)
{
    DIR *directory;
    int fd;

    if (strcmp(how, "list") != 0) {
        fd = open(path, (strcmp(how, "write") == 0 ? O_WRONLY : O_RDONLY) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (fd >= 0)
            close(fd);
        return fd >= 0;
    }
    directory = opendir(path);
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        if (entry->d_name[0] != '.')
            return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    const char *how = argc > 2 ? argv[1] : "read";
    int refused = 0;

    for (int i = 2; i < argc; i++) {
        if (try(how, argv[i]))
            breach("%s: %s works", argv[i], how);
        if (errno != ENOENT)
            refused = errno;
    }
    /* the host's own place, but this kernel has no such file */
    if (!refused && argc > 2 && strncmp(argv[2], "/host", 5) == 0)
        cannot("%s: this host has none", argv[2]);
    held("%s: %s", argv[argc - 1], strerror(refused ? refused : ENOENT));
}
