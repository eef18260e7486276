/* SPDX-License-Identifier: MIT */
#include "plan/confinement.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>

bool sn__confinement_is_container(void)
{
    /* podman's marks (a tmpfs may hide the file) and docker's; kubernetes tells every container where its API is */
    return access("/run/.containerenv", F_OK) == 0 || secure_getenv("container") || access("/.dockerenv", F_OK) == 0 ||
           secure_getenv("KUBERNETES_SERVICE_HOST");
}

bool sn__confinement_is_filtered(void)
{
    cleanup_free char *status = NULL;
    const char *line;

    if (sn__file_read_at(AT_FDCWD, "/proc/self/status", 1U << 16, &status, NULL) < 0)
        return false;
    line = strstr(status, "\nSeccomp:");
    return line && strtol(line + 9, NULL, 10) == 2;
}

bool sn__confinement_has_profile(void)
{
    cleanup_free char *label = NULL;

    /* EINVAL where AppArmor is not enabled; older kernels have the second file only, which other modules use, too */
    if (sn__file_read_at(AT_FDCWD, "/proc/self/attr/apparmor/current", 4096, &label, NULL) < 0 &&
        sn__file_read_at(AT_FDCWD, "/proc/self/attr/current", 4096, &label, NULL) < 0)
        return false;
    return label[0] && strncmp(label, "unconfined", strlen("unconfined")) != 0;
}

bool sn__confinement_covers_proc(void)
{
    cleanup_free char *mounts = NULL;

    /* proc(5): the fifth field of a line is the mount point */
    if (sn__file_read_at(AT_FDCWD, "/proc/self/mountinfo", 4U << 20, &mounts, NULL) < 0)
        return false;
    for (const char *line = mounts; *line;) {
        const char *newline = strchrnul(line, '\n');
        const char *field = line;

        for (int i = 0; field && i < 4; i++) {
            field = memchr(field, ' ', (size_t)(newline - field));
            field = field ? field + 1 : NULL;
        }
        if (field && strncmp(field, "/proc/", 6) == 0)
            return true;
        line = *newline ? newline + 1 : newline;
    }
    return false;
}
