/* SPDX-License-Identifier: MIT */
/*
 * Gets at the control groups from inside: mounts them in a namespace of its own and opens the limits for writing. That
 * and release_agent were a way out of containers (CVE-2022-0492). Nothing is written.
 */
#include "attack.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define AT "/tmp/groups"

static void map(const char *path, const char *format, unsigned outside)
{
    char text[64];
    int fd = open(path, O_WRONLY);

    snprintf(text, sizeof(text), format, outside);
    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        held_by_errno(path);
    close(fd);
}

static void try(const char *path)
{
    int fd = open(path, O_WRONLY);

    if (fd >= 0)
        breach("%s can be written to", path);
}

/* Is there a v1 hierarchy of this controller? "4:memory:/..." says so. */
static int has_hierarchy(const char *controller)
{
    FILE *file = fopen("/proc/self/cgroup", "r");
    char line[4096];
    int found = 0;

    while (file && fgets(line, sizeof(line), file)) {
        char *names = strchr(line, ':');

        names = names ? strtok(names + 1, ":") : NULL;
        for (names = names ? strtok(names, ",") : NULL; names; names = strtok(NULL, ","))
            found |= strcmp(names, controller) == 0;
    }
    if (file)
        fclose(file);
    return found;
}

int main(int argc, char **argv)
{
    const char *file_system = argc > 1 ? argv[1] : "cgroup2";
    const char *options = argc > 2 ? argv[2] : "";
    unsigned uid = getuid(), gid = getgid();

    if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWCGROUP) < 0)
        held_by_errno("unshare");
    map("/proc/self/setgroups", "deny", 0);
    map("/proc/self/uid_map", "0 %u 1", uid);
    map("/proc/self/gid_map", "0 %u 1", gid);
    mkdir(AT, 0700);
    if (mount("none", AT, file_system, 0, options) < 0) {
        int error = errno;

        /* where there is none to show, some kernels say EPERM: a namespace of one's own makes no new ones */
        if ((error != EPERM && error != EACCES) || (*options && !has_hierarchy(options)))
            cannot("mount: %s: this host has no such hierarchy", strerror(error));
        held("mount: %s", strerror(error));
    }
    try(AT "/cgroup.procs");
    try(AT "/memory.max");
    try(AT "/memory.limit_in_bytes");
    try(AT "/pids.max");
    try(AT "/release_agent");
    held_by_errno("opening limits");
}
