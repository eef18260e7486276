/* SPDX-License-Identifier: MIT */
#include "process/process.h"

#include "base/cleanup.h"

#include <limits.h>
#include <string.h>

/* Cuts the last component off, which must be `name`. */
static bool strip_component(char *path, const char *name)
{
    char *slash = strrchr(path, '/');

    if (!slash || strcmp(slash + 1, name) != 0)
        return false;
    *slash = '\0';
    return true;
}

void process_tell_library(const struct config *config)
{
    if (*config->language_path)
        setenv("SENTINEL_LANGUAGE_PATH", config->language_path, 1);
    else
        unsetenv("SENTINEL_LANGUAGE_PATH");
}

void process_find_data(const char *program)
{
    char build[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", build, sizeof(build) - 1);
    const char *given = getenv("SENTINEL_DATA_DIR");
    cleanup_free char *manifests = NULL;
    cleanup_free char *data = NULL;

    if (length <= 0 || (given && *given))
        return;
    build[length] = '\0';
    for (int i = 0; i < 2; i++)
        if (!strip_component(build, program))
            return;
    if (asprintf(&data, "%s/%s/policies", build, SN_SOURCE_FROM_BUILD) < 0 ||
        asprintf(&manifests, "%s/languages", data) < 0)
        return;
    if (access(manifests, R_OK | X_OK) == 0)
        setenv("SENTINEL_DATA_DIR", data, 1);
}
