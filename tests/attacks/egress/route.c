/* SPDX-License-Identifier: MIT */
/*
 * Is there a way to an address: the metadata service of a cloud, which trusts whoever asks from the machine; a public
 * address; the neighbours by IPv6? A UDP socket's connect() looks the route up, and nothing is sent.
 */
#include "attack.h"

#include <netdb.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICHOST};
    struct addrinfo *address;
    int fd, r;

    if (argc != 2)
        return 1;
    r = getaddrinfo(argv[1], "80", &hints, &address);
    if (r != 0)
        held("%s: %s", argv[1], gai_strerror(r));
    fd = socket(address->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        held_by_errno("socket");
    if (connect(fd, address->ai_addr, address->ai_addrlen) < 0)
        held_by_errno(argv[1]);
    breach("there is a way to %s", argv[1]);
}
