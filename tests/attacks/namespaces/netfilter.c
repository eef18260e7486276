/* SPDX-License-Identifier: MIT */
/*
 * Reaches the network's rule engines, which ask for a capability over the network namespace only: a namespace of one's
 * own was enough for CVE-2022-1015 and CVE-2024-1086 (nftables) and CVE-2021-22555 (x_tables). They are asked for
 * their version, no more.
 */
#include "attack.h"

#include <arpa/inet.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/time.h>

/* 0 if the kernel's answer was not "you may not". */
static int ask(int fd, const void *message, size_t length)
{
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    union {
        struct nlmsghdr head;
        char room[8192];
    } answer;
    const struct nlmsgerr *error = NLMSG_DATA(&answer.head);
    struct timeval second = {.tv_sec = 1};
    ssize_t n;

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second));
    if (sendto(fd, message, length, 0, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
        return -1;
    n = recv(fd, &answer, sizeof(answer), 0);
    if (n < (ssize_t)sizeof(struct nlmsghdr))
        return -1;
    if (answer.head.nlmsg_type != NLMSG_ERROR || error->error == 0)
        return 0;
    errno = -error->error;
    return -1;
}

static int nftables(void)
{
    struct {
        struct nlmsghdr head;
        struct nfgenmsg body;
    } message = {
        .head = {.nlmsg_len = sizeof(message),
                 .nlmsg_type = (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETGEN,
                 .nlmsg_flags = NLM_F_REQUEST},
    };
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
    int r = fd < 0 ? -1 : ask(fd, &message, sizeof(message));
    int error = errno;

    close(fd);
    errno = error;
    return r;
}

static int x_tables(void)
{
    struct ipt_getinfo info = {.name = "filter"};
    socklen_t length = sizeof(info);
    int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
    int r;

    if (fd < 0)
        return -1;
    r = getsockopt(fd, SOL_IP, IPT_SO_GET_INFO, &info, &length);
    if (r < 0 && errno == ENOENT)
        r = 0; /* the table is not loaded: it was looked for */
    return r;
}

/* Scheduling of packets, home of CVE-2023-31436 and many others; asking needs no capability, adding lo a queue does. */
static int traffic_control(void)
{
    struct {
        struct nlmsghdr head;
        struct tcmsg body;
        struct rtattr kind;
        char name[8];
    } message = {
        .head = {.nlmsg_len = sizeof(message),
                 .nlmsg_type = RTM_NEWQDISC,
                 .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL},
        .body = {.tcm_family = AF_UNSPEC, .tcm_ifindex = 0x7fffffff, .tcm_parent = TC_H_ROOT},
        .kind = {.rta_len = sizeof(struct rtattr) + 6, .rta_type = TCA_KIND},
        .name = "pfifo",
    };
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    int r = fd < 0 ? -1 : ask(fd, &message, sizeof(message));

    return r < 0 && errno == ENODEV ? 0 : r; /* such an interface there is not: past the check */
}

int main(int argc, char **argv)
{
    int (*try)(void) = argc != 2                            ? NULL
                       : strcmp(argv[1], "nftables") == 0   ? nftables
                       : strcmp(argv[1], "x_tables") == 0   ? x_tables
                       : strcmp(argv[1], "scheduling") == 0 ? traffic_control
                                                            : NULL;

    if (!try)
        return 1;
    if (try() == 0)
        breach("%s was reached", argv[1]);
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
        held("%s, and no namespaces to try it in: %s", argv[1], strerror(errno));
    if (try() == 0)
        breach("%s was reached in namespaces of its own", argv[1]);
    if (errno == EPROTONOSUPPORT || errno == ENOPROTOOPT || errno == EINVAL)
        cannot("%s: %s", argv[1], strerror(errno));
    held_by_errno(argv[1]);
}
