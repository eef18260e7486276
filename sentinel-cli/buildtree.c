/* SPDX-License-Identifier: MIT */
#include "buildtree.h"

#include "message.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

/* Cuts the last component off, which must be `name`. */
static bool strip_component(char *path, const char *name)
{
    char *slash = strrchr(path, '/');

    if (!slash || strcmp(slash + 1, name) != 0)
        return false;
    *slash = '\0';
    return true;
}

void buildtree_find_data(void)
{
    const char *given = getenv("SENTINEL_DATA_DIR");
    char build[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", build, sizeof(build) - 1);
    cleanup_free char *library = NULL;
    cleanup_free char *data = NULL;
    cleanup_free char *manifests = NULL;
    cleanup_free char *resolved = NULL;

    if ((given && *given) || length <= 0)
        return;
    build[length] = '\0';
    if (!strip_component(build, "sentinel") || !strip_component(build, "sentinel-cli"))
        return;
    library = xprintf("%s/libsentinel/libsentinel.so", build);
    data = xprintf("%s/%s/policies", build, SN_SOURCE_FROM_BUILD);
    manifests = xprintf("%s/languages", data);
    if (access(library, F_OK) == 0 && access(manifests, R_OK | X_OK) == 0)
        resolved = realpath(data, NULL);
    if (resolved)
        setenv("SENTINEL_DATA_DIR", resolved, 1);
}
