/* SPDX-License-Identifier: MIT */
/* Sockets of the sandbox's own loopback, full of what nobody reads. The manifest gives it 32 MiB. */
#include "attack.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

/*
 * Twice the 32 MiB and less than what a small host has for all of its sockets. What waits in a connection that nobody
 * has accepted, some 64 KiB each, is charged to nobody: docs/security.md.
 */
#define MOST (64UL << 20)

int main(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM, 0), size = 4 << 20;
    static char block[65536];
    size_t queued = 0;

    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(listener, 128) < 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) < 0)
        cannot("no loopback: %s", strerror(errno));
    for (int i = 0; i < 100 && queued < MOST; i++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        int idle = 0;

        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)) < 0 ||
            connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
            break;
        fcntl(fd, F_SETFL, O_NONBLOCK);
        while (idle < 20 && queued < MOST) {
            ssize_t n = write(fd, block, sizeof(block));

            if (n > 0) {
                queued += (size_t)n;
            } else {
                idle++;
                usleep(1000);
            }
        }
    }
    if (queued >= MOST)
        breach("%zu MiB wait in sockets", queued >> 20);
    held("%zu KiB wait in sockets", queued >> 10);
}
