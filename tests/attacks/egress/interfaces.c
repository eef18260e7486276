/* SPDX-License-Identifier: MIT */
/*
 * Configures the network by itself, with what capabilities it has over its namespace: brings lo up, by which it would
 * have a network nobody gave it, or reads what interfaces and addresses the host has.
 */
#include "attack.h"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
    struct ifreq request = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int lo = 0;

    if (argc != 2)
        return 1;
    if (fd < 0)
        held_by_errno("socket");
    if (strcmp(argv[1], "up") == 0) {
        if (ioctl(fd, SIOCGIFFLAGS, &request) < 0)
            held_by_errno("the flags of lo");
        request.ifr_flags |= IFF_UP;
        if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
            held_by_errno("bringing lo up");
        breach("it brought lo up");
    }
    for (int i = 1; i < 64; i++) {
        struct ifreq other = {.ifr_ifindex = i};

        if (ioctl(fd, SIOCGIFNAME, &other) < 0 || ioctl(fd, SIOCGIFADDR, &other) < 0)
            continue;
        if (strcmp(other.ifr_name, "lo") != 0)
            breach("it sees interface %s, which has an address", other.ifr_name);
        lo = 1;
    }
    if (lo && prctl(PR_GET_SECCOMP) == 0)
        cannot("this host has no other interface than lo");
    held("no interface but lo");
}
