/* SPDX-License-Identifier: MIT */
/*
 * A mount that is shared with the host, or receives from it, carries mounts over: what the program mounts would appear
 * there, and what the host mounts later (a disk, a secret) would appear here. mountinfo says so of each mount.
 */
#include "attack.h"

int main(void)
{
    FILE *file = fopen("/proc/self/mountinfo", "re");
    char line[4096];
    int count = 0;

    if (!file)
        held_by_errno("/proc/self/mountinfo");
    while (fgets(line, sizeof(line), file)) {
        char *end = strstr(line, " - ");

        if (end)
            *end = '\0';
        if (strstr(line, " shared:") || strstr(line, " master:"))
            breach("a mount propagates: %s", line);
        count++;
    }
    held("none of %d mounts propagates", count);
}
