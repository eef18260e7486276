/* SPDX-License-Identifier: MIT */
/* Takes descriptors of others: by pidfd_getfd(), by /proc/PID/fd, or by asking for them over a socket. */
#include "attack.h"

#include <fcntl.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

static void by_pidfd(pid_t pid)
{
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    int fd;

    if (pidfd < 0)
        held_by_errno("pidfd_open");
    for (int i = 0; i < 64; i++) {
        fd = (int)syscall(SYS_pidfd_getfd, pidfd, i, 0);
        if (fd < 0 && errno != EBADF)
            held_by_errno("pidfd_getfd");
        if (fd >= 0) {
            show(fd);
            breach("descriptor %d of process %d", i, pid);
        }
    }
    held("process %d has none", pid);
}

static void by_proc(const char *pid)
{
    char path[64];
    int fd;

    for (int i = 0; i < 64; i++) {
        snprintf(path, sizeof(path), "/proc/%s/fd/%d", pid, i);
        fd = open(path, O_RDONLY | O_NONBLOCK);
        if (fd >= 0) {
            show(fd);
            breach("opened %s", path);
        }
    }
    held_by_errno(path);
}

static void by_socket(const char *name, int abstract)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    memcpy(address.sun_path + abstract, name, strlen(name));
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, length) < 0)
        held_by_errno("connect");
    breach("connected: the host could be made to pass descriptors");
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "pidfd-init";

    if (strcmp(how, "pidfd-init") == 0)
        by_pidfd(1);
    if (strcmp(how, "pidfd-host") == 0)
        by_pidfd(atoi(scene("SN_HOST_PID")));
    if (strcmp(how, "pidfd-victim") == 0)
        by_pidfd(atoi(scene("SN_VICTIM_PID")));
    if (strcmp(how, "proc-init") == 0)
        by_proc("1");
    if (strcmp(how, "proc-host") == 0)
        by_proc(scene("SN_HOST_PID"));
    if (strcmp(how, "socket") == 0)
        by_socket(scene("SN_SOCKET"), 0);
    if (strcmp(how, "abstract") == 0)
        by_socket(scene("SN_ABSTRACT"), 1);
    cannot("no way called %s", how);
}
