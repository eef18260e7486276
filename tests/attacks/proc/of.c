/* SPDX-License-Identifier: MIT */
/*
 * Reads what /proc knows of another process: PID 1 of the sandbox, or one of the host's by its number there. exe is how
 * a container's runtime was overwritten from inside (CVE-2019-5736), root and cwd are ways out, environ has secrets.
 *
 *     of PROC PID|SN_VARIABLE exe|environ|root|cwd|mem|maps|fd|comm
 */
#include "attack.h"

#include <dirent.h>
#include <fcntl.h>

int main(int argc, char **argv)
{
    const char *what = argc > 3 ? argv[3] : "environ";
    const char *pid = argc > 3 ? argv[2] : "1";
    char path[4096 + 64];
    DIR *directory;
    int fd;

    snprintf(path, sizeof(path), "%s/%s/%s", argc > 3 ? argv[1] : "/proc", strncmp(pid, "SN_", 3) ? pid : scene(pid),
             what);
    if (strcmp(what, "root") == 0 || strcmp(what, "cwd") == 0 || strcmp(what, "fd") == 0) {
        directory = opendir(path);
        if (!directory)
            held_by_errno(path);
        breach("%s can be listed", path);
    }
    if (strcmp(what, "exe") == 0) {
        fd = open(path, O_RDONLY);
        if (fd < 0)
            held_by_errno(path);
        fd = open(path, O_WRONLY);
        if (fd >= 0 || errno == ETXTBSY)
            breach("%s can be written to once nobody runs it", path);
        held_by_errno(path);
    }
    fd = open(path, strcmp(what, "mem") == 0 ? O_RDWR : O_RDONLY);
    if (fd < 0)
        held_by_errno(path);
    if (strcmp(what, "mem") != 0)
        show(fd);
    breach("%s can be read", path);
}
