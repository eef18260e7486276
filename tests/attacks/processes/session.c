/* SPDX-License-Identifier: MIT */
/*
 * A program that stays in the session and process group of its caller has the caller's terminal as its own, can signal
 * the group by number 0 (across namespaces of processes), and gets what is typed for it.
 */
#include "attack.h"

#include <fcntl.h>

int main(int argc, char **argv)
{
    char text[1024], *at;
    int fd, terminal = 0;
    ssize_t n;

    if (argc == 2 && strcmp(argv[1], "group") == 0) {
        if (getsid(0) != getpid() || getpgrp() != getpid())
            breach("it is in process group %d and session %d of the host", getpgrp(), getsid(0));
        held("it leads a session of its own");
    }
    if (argc != 2 || strcmp(argv[1], "terminal") != 0)
        return 1;
    fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (n <= 0)
        cannot("/proc/self/stat: %s", strerror(errno));
    text[n] = '\0';
    at = strrchr(text, ')');
    if (!at || sscanf(at + 1, " %*c %*d %*d %*d %d", &terminal) != 1)
        return 1;
    if (terminal != 0)
        breach("terminal %x of the host is its own", (unsigned)terminal);
    held("it has no terminal");
}
