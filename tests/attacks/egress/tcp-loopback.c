/* SPDX-License-Identifier: MIT */
/* The host's services on 127.0.0.1 trust whoever can reach them. */
#include "attack.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

int main(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                  .sin_port = htons((uint16_t)atoi(scene("SN_TCP_PORT")))};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0)
        held_by_errno("socket(AF_INET)");
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        held_by_errno("connect to 127.0.0.1");
    breach("it is connected to the host's port");
}
