/* SPDX-License-Identifier: MIT */
/*
 * Unix sockets of the host: by an abstract name, which is a matter of the network namespace and has no permissions, or
 * by a path. Behind them are the desktop, the session bus, Docker. An abstract X11 or containerd socket was the way out
 * of containers with the host's network.
 */
#include "attack.h"

#include <stddef.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

static void reach(struct sockaddr_un *address, size_t length, int type)
{
    int fd = socket(AF_UNIX, type, 0);

    if (fd < 0)
        held_by_errno("socket");
    if (connect(fd, (struct sockaddr *)address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) < 0)
        held_by_errno("connect");
    breach("it is connected to a socket of the host");
}

int main(int argc, char **argv)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *how = argc == 2 ? argv[1] : "", *name;

    if (strcmp(how, "abstract-scoped") == 0) {
        /* Landlock knows abstract sockets since its sixth version (Linux 6.12); it cannot be asked through the filter
         */
        long version = syscall(SYS_landlock_create_ruleset, NULL, 0, 1 /* LANDLOCK_CREATE_RULESET_VERSION */);

        if (version < 6)
            cannot("Landlock of version %ld knows nothing of sockets", version);
        how = "abstract";
    }
    if (strcmp(how, "abstract") == 0) {
        name = scene("SN_ABSTRACT");
        memcpy(address.sun_path + 1, name, strlen(name));
        reach(&address, strlen(name) + 1, SOCK_STREAM);
    }
    name = scene("SN_SOCKET");
    if (strcmp(how, "file") == 0) {
        snprintf(address.sun_path, sizeof(address.sun_path), "%s", name);
        reach(&address, strlen(name) + 1, SOCK_STREAM);
    }
    if (strcmp(how, "link") == 0) {
        /* a link of its own, as one would give to somebody who resolves it elsewhere */
        if (symlink(name, "link") < 0)
            held_by_errno("symlink");
        snprintf(address.sun_path, sizeof(address.sun_path), "link");
        reach(&address, strlen("link") + 1, SOCK_STREAM);
    }
    return 1;
}
