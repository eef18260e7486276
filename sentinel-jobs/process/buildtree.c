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

/* The source tree whose build directory this program is run in, with `below` behind it. NULL: none, or no memory. */
static char *in_source_tree(const char *program, const char *below)
{
    char build[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", build, sizeof(build) - 1);
    cleanup_free char *manifests = NULL;
    char *path = NULL;

    if (length <= 0)
        return NULL;
    build[length] = '\0';
    for (int i = 0; i < 2; i++)
        if (!strip_component(build, program))
            return NULL;
    if (asprintf(&manifests, "%s/%s/policies/languages", build, SN_SOURCE_FROM_BUILD) < 0) {
        manifests = NULL;
        return NULL;
    }
    if (access(manifests, R_OK | X_OK) < 0)
        return NULL;
    return asprintf(&path, "%s/%s/%s", build, SN_SOURCE_FROM_BUILD, below) < 0 ? NULL : path;
}

void process_find_data(const char *program)
{
    const char *given = getenv("SENTINEL_DATA_DIR");
    cleanup_free char *data = NULL;

    if (given && *given)
        return;
    data = in_source_tree(program, "policies");
    if (data)
        setenv("SENTINEL_DATA_DIR", data, 1);
}

static char *web_below(const char *directory, const char *name)
{
    cleanup_free char *path = NULL, *index = NULL;

    if (asprintf(&path, "%s/%s", directory, name) < 0) {
        path = NULL;
        return NULL;
    }
    if (asprintf(&index, "%s/index.html", path) < 0) {
        index = NULL;
        return NULL;
    }
    return access(index, F_OK) == 0 ? steal_ptr(&path) : NULL;
}

char *process_find_web(const char *program)
{
    const char *given = getenv("SENTINEL_DATA_DIR");
    cleanup_free char *sources = in_source_tree(program, "web");
    char *path = given && *given ? web_below(given, "web") : NULL;

    if (path)
        return path;
    return sources ? web_below(sources, "dist") : web_below(SN_DATA_DIR, "web");
}
