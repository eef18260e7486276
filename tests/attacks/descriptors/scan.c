/* SPDX-License-Identifier: MIT */
/*
 * Looks for descriptors beyond 0, 1 and 2: a sandbox that inherits one of the host's directories is left by openat()
 * (runc, "leaky vessels"), and one that closes only the first 1024 keeps the others (nsjail).
 */
#include "attack.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

static void scan(int end)
{
    for (int fd = 3; fd < end; fd++) {
        if (fcntl(fd, F_GETFD) >= 0)
            breach("descriptor %d is open", fd);
    }
    held("3 to %d are closed", end - 1);
}

/* By the numbers that the host says it leaks. */
static void use(void)
{
    char *list = strdup(scene("SN_FDS"));

    for (char *at = strtok(list, ","); at; at = strtok(NULL, ",")) {
        int fd = atoi(at);
        int opened = openat(fd, "canary", O_RDONLY);

        if (opened >= 0) {
            show(opened);
            breach("openat(%d, \"canary\")", fd);
        }
        show(fd);
        if (send(fd, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1)
            breach("send(%d)", fd);
    }
    held("openat, read and send on %s: %s", scene("SN_FDS"), strerror(errno));
}

static void list(const char *path)
{
    DIR *directory = opendir(path);
    struct dirent *entry;

    if (!directory)
        held_by_errno(path);
    while ((entry = readdir(directory))) {
        int fd = atoi(entry->d_name);

        if (entry->d_name[0] != '.' && fd > 2 && fd != dirfd(directory))
            breach("%s/%d is there", path, fd);
    }
    held("%s shows 0, 1 and 2", path);
}

/* What the loader or a shell would inherit: the same seen by a program started by this one. */
static void in_child(char *self)
{
    char scan_word[] = "scan";
    char *argv[] = {self, scan_word, NULL};

    execv(self, argv);
    cannot("execv: %s", strerror(errno));
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "scan";

    if (strcmp(how, "scan") == 0)
        scan(65536);
    if (strcmp(how, "use") == 0)
        use();
    if (strcmp(how, "list") == 0)
        list("/proc/self/fd");
    if (strcmp(how, "fdinfo") == 0)
        list("/proc/self/fdinfo");
    if (strcmp(how, "exec") == 0)
        in_child(argv[0]);
    cannot("no way called %s", how);
}
