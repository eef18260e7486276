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

/* Sets a variable that is not set to an existing directory. */
static void point_to(const char *variable, const char *directory)
{
    const char *given = getenv(variable);
    cleanup_free char *resolved = given && *given ? NULL : realpath(directory, NULL);

    if (resolved)
        setenv(variable, resolved, 1);
}

void buildtree_find_data(void)
{
    char build[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", build, sizeof(build) - 1);
    cleanup_free char *library = NULL;
    cleanup_free char *data = NULL;
    cleanup_free char *manifests = NULL;
    cleanup_free char *attacks = NULL;
    cleanup_free char *attack_programs = NULL;

    if (length <= 0)
        return;
    build[length] = '\0';
    if (!strip_component(build, "sentinel") || !strip_component(build, "sentinel-cli"))
        return;
    library = xprintf("%s/libsentinel/libsentinel.so", build);
    data = xprintf("%s/%s/policies", build, SN_SOURCE_FROM_BUILD);
    manifests = xprintf("%s/languages", data);
    attacks = xprintf("%s/%s/tests/attacks", build, SN_SOURCE_FROM_BUILD);
    attack_programs = xprintf("%s/tests/attacks", build);
    if (access(library, F_OK) != 0 || access(manifests, R_OK | X_OK) != 0)
        return;
    point_to("SENTINEL_DATA_DIR", data);
    point_to("SENTINEL_ATTACK_DIR", attacks);
    point_to("SENTINEL_ATTACK_PROGRAMS", attack_programs);
}
