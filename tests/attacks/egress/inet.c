/* SPDX-License-Identifier: MIT */
/*
 * Reaches the host's listener on 127.0.0.1 by this or that kind of socket, or makes one that has no business here. A
 * policy that thinks of TCP may forget the others: UDP-Lite, SCTP, multipath TCP, ping and raw sockets, and the data
 * that TCP fast open sends without connect().
 */
#include "attack.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

static const struct {
    const char *name;
    int family, type, protocol;
} kinds[] = {
    {"tcp", AF_INET, SOCK_STREAM, 0},
    {"tcp6", AF_INET6, SOCK_STREAM, 0},
    {"udp", AF_INET, SOCK_DGRAM, 0},
    {"udp6", AF_INET6, SOCK_DGRAM, 0},
    {"mptcp", AF_INET, SOCK_STREAM, IPPROTO_MPTCP},
    {"udplite", AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE},
    {"sctp", AF_INET, SOCK_STREAM, IPPROTO_SCTP},
    {"ping", AF_INET, SOCK_DGRAM, IPPROTO_ICMP},
    {"fast-open", AF_INET, SOCK_STREAM, 0},
    {"raw", AF_INET, SOCK_RAW, IPPROTO_UDP},
};

/* The listener's address; IPv6 sockets reach it by its mapped form. */
static socklen_t address_of(int family, int type, struct sockaddr_storage *ret_address)
{
    uint16_t port = htons((uint16_t)atoi(scene(type == SOCK_STREAM ? "SN_TCP_PORT" : "SN_UDP_PORT")));
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)ret_address;
    struct sockaddr_in *four = (struct sockaddr_in *)ret_address;

    memset(ret_address, 0, sizeof(*ret_address));
    ret_address->ss_family = (sa_family_t)family;
    if (family == AF_INET6) {
        six->sin6_port = port;
        inet_pton(AF_INET6, "::ffff:127.0.0.1", &six->sin6_addr);
        return sizeof(*six);
    }
    four->sin_port = port;
    four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return sizeof(*four);
}

/* A datagram whose UDP header is our own. */
static void send_raw(int fd, const struct sockaddr_storage *address, socklen_t length)
{
    struct {
        struct udphdr head;
        char text[8];
    } packet = {.text = "attack"};

    packet.head.source = htons(9);
    packet.head.dest = ((const struct sockaddr_in *)address)->sin_port;
    packet.head.len = htons(sizeof(packet));
    if (sendto(fd, &packet, sizeof(packet), 0, (const struct sockaddr *)address, length) < 0)
        held_by_errno("sending");
    breach("it sent a packet of its own making");
}

int main(int argc, char **argv)
{
    struct sockaddr_storage address;

    for (size_t i = 0; argc == 2 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        socklen_t length;
        int fd;

        if (strcmp(kinds[i].name, argv[1]) != 0)
            continue;
        fd = socket(kinds[i].family, kinds[i].type, kinds[i].protocol);
        if (fd < 0 && (errno == EPROTONOSUPPORT || errno == EAFNOSUPPORT || errno == ESOCKTNOSUPPORT) &&
            prctl(PR_GET_SECCOMP) == 0)
            cannot("this kernel has no %s", argv[1]);
        if (fd < 0 && errno == EACCES && prctl(PR_GET_SECCOMP) == 0)
            cannot("net.ipv4.ping_group_range is not for this group");
        if (fd < 0)
            held_by_errno("socket");
        length = address_of(kinds[i].family, kinds[i].type, &address);
        if (kinds[i].type == SOCK_RAW)
            send_raw(fd, &address, length);
        if (strcmp(argv[1], "fast-open") == 0) {
            if (sendto(fd, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&address, length) < 0)
                held_by_errno("sending with MSG_FASTOPEN");
            breach("it is connected to the host's port");
        }
        if (connect(fd, (struct sockaddr *)&address, length) < 0) {
            /* nobody listens to these: that the host's network answered is enough */
            if (errno == ECONNREFUSED && kinds[i].protocol != 0)
                breach("the host's network answered");
            held_by_errno("connect to 127.0.0.1");
        }
        /* that nobody listens is told to the second datagram */
        for (int j = 0; j < 2 && kinds[i].type == SOCK_DGRAM && kinds[i].protocol == 0; j++)
            if (send(fd, "attack", 6, 0) < 0)
                held_by_errno("sending");
        breach("it reached 127.0.0.1 by %s", argv[1]);
    }
    return 1;
}
