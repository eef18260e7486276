/* SPDX-License-Identifier: MIT */
#include "base/cleanup.h"
#include "base/error.h"
#include "spawn/spawn.h"

#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <time.h>

#define LOOPBACK_INDEX 1 /* the first interface of every network namespace */

/*
 * The socket was opened inside, so it acts there; the kernel checks the opener's rights (PID 1 owns its namespace) and
 * ours (we made it). 127.0.0.1 and ::1 come with the interface.
 */
int sn__network_loopback(int netlink_fd, sn_error **ret_error)
{
    char buffer[MNL_NLMSG_HDRLEN + 256] __attribute__((aligned(8)));
    char answer[4096];
    struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
    struct ifinfomsg *link;
    struct mnl_socket *socket;
    ssize_t n;
    int r, error = 0;

    if (netlink_fd < 0)
        return sn__error_set(ret_error, SN_EHOST, "bring up loopback", "PID 1 could not open a netlink socket");
    socket = mnl_socket_fdopen(netlink_fd);
    if (!socket)
        return sn__error_errno(ret_error, errno, "bring up loopback", "cannot use PID 1's netlink socket");
    header->nlmsg_type = RTM_NEWLINK;
    header->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
    header->nlmsg_seq = 1;
    link = mnl_nlmsg_put_extra_header(header, sizeof(*link));
    link->ifi_family = AF_UNSPEC;
    link->ifi_index = LOOPBACK_INDEX;
    link->ifi_change = IFF_UP;
    link->ifi_flags = IFF_UP;
    do
        n = mnl_socket_sendto(socket, header, header->nlmsg_len);
    while (n < 0 && errno == EINTR);
    if (n >= 0) {
        do
            n = mnl_socket_recvfrom(socket, answer, sizeof(answer));
        while (n < 0 && errno == EINTR);
    }
    if (n < 0) {
        error = errno;
    } else {
        r = mnl_cb_run(answer, (size_t)n, 1, mnl_socket_get_portid(socket), NULL, NULL);
        error = r < 0 ? errno : 0;
    }
    free(socket); /* not mnl_socket_close(): the descriptor is our caller's */
    return error ? sn__error_errno(ret_error, error, "bring up loopback", "cannot set the interface lo up") : 0;
}
