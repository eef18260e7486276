/* SPDX-License-Identifier: MIT */
/*
 * Runs a program of the host's that is set-user-id root (or has file capabilities, of its own making). ld.so tells
 * whether that gave it anything: LD_SHOW_AUXV prints the auxiliary vector, unless the program is privileged.
 */
#include "attack.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>

static const char *const candidates[] = {"/usr/bin/su",      "/usr/bin/mount", "/usr/bin/newgrp", "/usr/bin/passwd",
                                         "/usr/bin/chsh",    "/usr/bin/sudo",  "/usr/bin/umount", "/usr/bin/chfn",
                                         "/usr/bin/gpasswd", "/usr/bin/pkexec"};

/* Does ld.so speak of the same user as ours, and of no privilege? */
static int is_plain(const char *path)
{
    char *argv[] = {(char *)(size_t)path, (char *)(size_t) "--help", NULL};
    char *envp[] = {(char *)(size_t) "LD_SHOW_AUXV=1", NULL};
    char text[16384] = "", wanted[64];
    int ends[2];
    size_t length = 0;
    ssize_t n;
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) < 0 || (pid = fork()) < 0)
        cannot("pipe or fork: %s", strerror(errno));
    if (pid == 0) {
        dup2(ends[1], 1);
        dup2(ends[1], 2);
        execve(path, argv, envp);
        _exit(127);
    }
    close(ends[1]);
    while (length < sizeof(text) - 1 && (n = read(ends[0], text + length, sizeof(text) - 1 - length)) > 0)
        length += (size_t)n;
    waitpid(pid, NULL, 0);
    if (length == 0)
        cannot("%s says nothing", path);
    snprintf(wanted, sizeof(wanted), "AT_EUID:              %u\n", getuid());
    return strstr(text, "AT_SECURE:            0\n") && strstr(text, wanted);
}

static void set_user_id(void)
{
    struct stat status;
    int tried = 0;

    for (size_t i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++) {
        if (stat(candidates[i], &status) < 0 || !(status.st_mode & S_ISUID))
            continue;
        if (!is_plain(candidates[i]))
            breach("%s runs with privileges", candidates[i]);
        tried++;
    }
    if (tried == 0)
        cannot("the host has no set-user-id program");
    held("%d set-user-id programs of the host run as user %u", tried, getuid());
}

/* Copies the shell, writes the capabilities on it that would give everything. */
static void file_capabilities(void)
{
    struct vfs_cap_data caps = {.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE};
    char room[65536];
    int from = open("/bin/true", O_RDONLY | O_CLOEXEC), to = open("own", O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
    ssize_t n;

    if (from < 0 || to < 0)
        return;
    while ((n = read(from, room, sizeof(room))) > 0)
        if (write(to, room, (size_t)n) != n)
            return;
    close(to);
    caps.data[0].permitted = caps.data[1].permitted = ~0U;
    if (setxattr("own", "security.capability", &caps, sizeof(caps), 0) < 0)
        held_by_errno("setxattr security.capability");
    if (!is_plain("./own"))
        breach("its own file capabilities count");
    held("its own file capabilities do not count");
}

/* Its own set-user-id file gives what it has already; one that belonged to root would give root. */
static void own_file(void)
{
    int fd = open("own", O_WRONLY | O_CREAT | O_CLOEXEC, 0755);

    if (fd < 0)
        held_by_errno("own");
    if (fchown(fd, 0, 0) < 0 && errno == EINVAL)
        cannot("there is no root in this user namespace");
    if (fchown(fd, 0, 0) < 0 || fchmod(fd, 04755) < 0)
        held_by_errno("a file that belongs to root");
    close(fd);
    breach("it has a set-user-id file that belongs to root");
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "setuid") == 0)
        set_user_id();
    if (argc == 2 && strcmp(argv[1], "capabilities") == 0)
        file_capabilities();
    if (argc == 2 && strcmp(argv[1], "root") == 0)
        own_file();
    return 1;
}
