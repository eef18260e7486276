/* SPDX-License-Identifier: MIT */
#ifndef SN_INIT_SOCKET_H
#define SN_INIT_SOCKET_H

#include "init/protocol.h"
#include "init/rt.h"

#include <linux/errno.h>
#include <linux/uio.h>

#define MSG_CMSG_CLOEXEC 0x40000000
#define MSG_NOSIGNAL 0x4000
#define MSG_CTRUNC 8
#define SOL_SOCKET 1
#define SCM_RIGHTS 1

/* struct msghdr and cmsghdr as the kernel has them; the C library's headers bring too much else */
struct message_header {
    void *name;
    uint32_t name_length;
    struct iovec *iov;
    size_t iov_count;
    void *control;
    size_t control_length;
    int flags;
};

struct control_header {
    size_t length;
    int level;
    int type;
    int fds[SN__MESSAGE_FDS_MAX];
};

#define CONTROL_LENGTH(count) (sizeof(size_t) + (2 + (size_t)(count)) * sizeof(int))
#define SOCKET_SEND_FDS SN__ADOPT_FDS /* at the most, by socket_send() */

/* One packet with its descriptors; -errno, or how much was sent. */
static inline long socket_send(int socket, const void *bytes, size_t length, const int *fds, uint32_t count)
{
    struct {
        size_t length;
        int level, type;
        int fds[SOCKET_SEND_FDS];
    } control = {CONTROL_LENGTH(count), SOL_SOCKET, SCM_RIGHTS, {0}};
    struct iovec iov = {(void *)bytes, length};
    struct message_header header = {.iov = &iov, .iov_count = 1};
    long n;

    if (count) {
        memcpy(control.fds, fds, count * sizeof(int));
        header.control = &control;
        header.control_length = (control.length + 7) & ~(size_t)7;
    }
    do
        n = sn__sys(__NR_sendmsg, socket, &header, MSG_NOSIGNAL);
    while (n == -EINTR);
    return n;
}

#endif
