/* SPDX-License-Identifier: MIT */
/*
 * Address families beyond the internet's: each is another part of the kernel, loaded on demand, and some (AF_VSOCK, by
 * which a virtual machine speaks to its host) do not belong to the network namespace. Made, not used;
 * netlink is the first of all, so that where everything is allowed no other is loaded.
 */
#include "attack.h"

#include <sys/prctl.h>
#include <sys/socket.h>

static const struct {
    const char *name;
    int family, type, protocol;
} families[] = {
    {"netlink", 16, SOCK_RAW, 0},    {"ax25", 3, SOCK_DGRAM, 0},      {"ipx", 4, SOCK_DGRAM, 0},
    {"appletalk", 5, SOCK_DGRAM, 0}, {"x25", 9, SOCK_SEQPACKET, 0},   {"key", 15, SOCK_RAW, 2},
    {"audit", 16, SOCK_RAW, 9},      {"uevent", 16, SOCK_RAW, 15},    {"generic", 16, SOCK_RAW, 16},
    {"packet", 17, SOCK_RAW, 0},     {"rds", 21, SOCK_SEQPACKET, 0},  {"pppox", 24, SOCK_STREAM, 0},
    {"llc", 26, SOCK_DGRAM, 0},      {"can", 29, SOCK_RAW, 1},        {"tipc", 30, SOCK_SEQPACKET, 0},
    {"bluetooth", 31, SOCK_RAW, 1},  {"rxrpc", 33, SOCK_DGRAM, 2},    {"phonet", 35, SOCK_DGRAM, 0},
    {"ieee802154", 36, SOCK_RAW, 0}, {"caif", 37, SOCK_SEQPACKET, 0}, {"alg", 38, SOCK_SEQPACKET, 0},
    {"nfc", 39, SOCK_SEQPACKET, 0},  {"vsock", 40, SOCK_STREAM, 0},   {"kcm", 41, SOCK_DGRAM, 0},
    {"qipcrtr", 42, SOCK_DGRAM, 0},  {"smc", 43, SOCK_STREAM, 0},     {"xdp", 44, SOCK_RAW, 0},
    {"mctp", 45, SOCK_DGRAM, 0},
};

int main(int argc, char **argv)
{
    int all = argc == 2 && strcmp(argv[1], "all") == 0;

    for (size_t i = 0; argc == 2 && i < sizeof(families) / sizeof(families[0]); i++) {
        if (!all && strcmp(families[i].name, argv[1]) != 0)
            continue;
        if (socket(families[i].family, families[i].type, families[i].protocol) >= 0)
            breach("it has a socket of the family %s", families[i].name);
        if (all)
            continue;
        if ((errno == EAFNOSUPPORT || errno == EPROTONOSUPPORT || errno == ESOCKTNOSUPPORT) &&
            prctl(PR_GET_SECCOMP) == 0)
            cannot("this kernel has no %s", argv[1]);
        held_by_errno("socket");
    }
    if (all)
        held("no family but AF_UNIX");
    return 1;
}
