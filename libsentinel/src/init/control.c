/* SPDX-License-Identifier: MIT */
/* PID 1's end of the control socket. */
#include "init/check.h"
#include "init/init.h"

#include <linux/errno.h>
#include <linux/mman.h>
#include <linux/poll.h>
#include <linux/stat.h>
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

/*
 * The socket's end of file alone would not do: a child that the host forked keeps a copy of the host's end open, even
 * after the host has died. 1: there is something to receive, 0: the host is gone.
 */
static int await_message(void)
{
    struct pollfd fds[2] = {{.fd = SN__INIT_CONTROL_FD, .events = POLLIN}, {.fd = SN__INIT_HOST_FD, .events = POLLIN}};
    long r;

    do
        r = sn__sys(__NR_ppoll, fds, 2, NULL, NULL, 8);
    while (r == -EINTR);
    return r < 0 ? (int)r : !(fds[1].revents & POLLIN);
}

int init_receive(struct received *received)
{
    static struct control_header control;
    struct iovec iov = {&received->message, sizeof(received->message)};
    struct message_header header = {
        .iov = &iov, .iov_count = 1, .control = &control, .control_length = sizeof(control)};
    long n;

    received->fd_count = 0;
    n = await_message();
    if (n <= 0)
        return (int)n;
    memset(&received->message, 0, 8);
    do
        n = sn__sys(__NR_recvmsg, SN__INIT_CONTROL_FD, &header, MSG_CMSG_CLOEXEC);
    while (n == -EINTR);
    if (n <= 0)
        return (int)n;
    if (header.control_length >= sizeof(size_t) + 2 * sizeof(int) && control.level == SOL_SOCKET &&
        control.type == SCM_RIGHTS) {
        received->fd_count = (uint32_t)((control.length - (sizeof(size_t) + 2 * sizeof(int))) / sizeof(int));
        memcpy(received->fds, control.fds, received->fd_count * sizeof(int));
    }
    if (header.flags & MSG_CTRUNC)
        return -EMFILE;
    return check_message(&received->message, (size_t)n) < 0 ? -EBADMSG : 1;
}

long map_whole(const struct received *received, uint32_t index, const char **ret_bytes, size_t *ret_size)
{
    struct statx stat;
    long at;

    if (index >= received->fd_count)
        return -EBADMSG;
    at = sn__sys(__NR_statx, received->fds[index], "", 0x1000 /* AT_EMPTY_PATH */, STATX_SIZE, &stat);
    if (at < 0)
        return at;
    at = sn__sys(__NR_mmap, NULL, stat.stx_size, PROT_READ, MAP_PRIVATE, received->fds[index], 0);
    if (at < 0 && at > -4096)
        return at;
    *ret_bytes = (const char *)at;
    *ret_size = stat.stx_size;
    return 0;
}

void init_close_received(struct received *received)
{
    for (uint32_t i = 0; i < received->fd_count; i++)
        if (received->fds[i] >= 0)
            sn__sys(__NR_close, received->fds[i]);
    received->fd_count = 0;
}

int init_send(const struct sn__message *message, int fd)
{
    struct iovec iov = {(void *)message, sizeof(*message)};
    struct control_header control = {sizeof(size_t) + 3 * sizeof(int), SOL_SOCKET, SCM_RIGHTS, {fd}};
    struct message_header header = {.iov = &iov, .iov_count = 1};
    long n;

    /* a file reply is the only one with a path's room in it; the others stop behind the largest fixed part */
    if (message->type != SN__MSG_FILE)
        iov.iov_len = offsetof(struct sn__message, done) + sizeof(message->done);
    if (fd >= 0) {
        header.control = &control;
        header.control_length = sizeof(size_t) + 4 * sizeof(int); /* aligned to 8 */
    }
    do
        n = sn__sys(__NR_sendmsg, SN__INIT_CONTROL_FD, &header, MSG_NOSIGNAL);
    while (n == -EINTR);
    return n < 0 ? (int)n : 0;
}

void init_must_send(const struct sn__message *message)
{
    if (init_send(message, -1) < 0)
        sn__sys_exit(1);
}
