/* SPDX-License-Identifier: MIT */
/*
 * A current directory, or a root, that lies outside of the sandbox is a way out of it (runc, CVE-2024-21626: the
 * working directory was a descriptor of the host's): everything relative starts there.
 */
#include "attack.h"

#include <fcntl.h>
#include <sys/stat.h>

#define UP "../../../../../../../.."

static void try(int directory, const char *path)
{
    int fd = openat(directory, path, O_RDONLY);

    if (fd < 0)
        return;
    show(fd);
    breach("opened %s", path);
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "relative";
    const char *canary = scene("SN_CANARY");
    char path[8192], cwd[4096];

    if (strcmp(how, "name") == 0) {
        if (!getcwd(cwd, sizeof(cwd)))
            breach("getcwd: %s", strerror(errno));
        if (strcmp(cwd, "/work") != 0)
            breach("the current directory is %s", cwd);
        held("the current directory is %s", cwd);
    } else if (strcmp(how, "relative") == 0) {
        snprintf(path, sizeof(path), UP "%s", canary);
        try(AT_FDCWD, path);
        try(AT_FDCWD, "canary");
    } else if (strcmp(how, "proc-cwd") == 0) {
        snprintf(path, sizeof(path), "/proc/self/cwd/" UP "%s", canary);
        try(AT_FDCWD, path);
        snprintf(path, sizeof(path), "/proc/thread-self/cwd/canary");
        try(AT_FDCWD, path);
    } else if (strcmp(how, "proc-root") == 0) {
        snprintf(path, sizeof(path), "/proc/self/root/" UP "%s", canary);
        try(AT_FDCWD, path);
        snprintf(path, sizeof(path), "/proc/1/root%s", canary);
        try(AT_FDCWD, path);
        try(AT_FDCWD, "/proc/1/cwd/canary");
    } else if (strcmp(how, "stdio") == 0) {
        for (int fd = 0; fd < 3; fd++) {
            try(fd, "canary");
            if (fchdir(fd) == 0)
                breach("descriptor %d is a directory", fd);
        }
    } else if (strcmp(how, "o-path") == 0) {
        int fd = open("/", O_PATH | O_DIRECTORY);

        if (fd < 0 || fchdir(fd) < 0)
            cannot("/: %s", strerror(errno));
        snprintf(path, sizeof(path), UP "%s", canary);
        try(fd, path);
        snprintf(path, sizeof(path), "/proc/self/fd/%d/" UP "%s", fd, canary);
        try(AT_FDCWD, path);
    } else if (strcmp(how, "removed") == 0) {
        /* a directory that is gone has no parent to stop at */
        mkdir("gone", 0777);
        if (chdir("gone") < 0 || rmdir("../gone") < 0)
            cannot("gone: %s", strerror(errno));
        snprintf(path, sizeof(path), UP "%s", canary);
        try(AT_FDCWD, path);
    } else {
        cannot("no way called %s", how);
    }
    held("%s: %s", how, strerror(errno));
}
