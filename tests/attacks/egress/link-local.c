/* SPDX-License-Identifier: MIT */
/*
 * IPv6 gives every interface an address by itself, and all machines of the link answer to ff02::1, whatever was
 * configured. Interfaces are tried by their numbers; connect() of a UDP socket looks the route up, and sends nothing.
 */
#include "attack.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
    const char *to = argc == 2 ? argv[1] : "ff02::1";
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(9)};
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        held_by_errno("socket");
    if (inet_pton(AF_INET6, to, &address.sin6_addr) != 1)
        return 1;
    for (address.sin6_scope_id = 1; address.sin6_scope_id < 64; address.sin6_scope_id++)
        if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
            breach("interface %u leads to %s", address.sin6_scope_id, to);
    held_by_errno(to);
}
