/* SPDX-License-Identifier: MIT */
/* PID 1's end of the control socket. */
#include "init/check.h"
#include "init/init.h"
#include "init/socket.h"

#include <linux/errno.h>
#include <linux/mman.h>
#include <linux/poll.h>
#include <linux/stat.h>
#include <linux/uio.h>

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
    if (header.control_length >= CONTROL_LENGTH(0) && control.level == SOL_SOCKET && control.type == SCM_RIGHTS) {
        received->fd_count = (uint32_t)((control.length - CONTROL_LENGTH(0)) / sizeof(int));
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
    /* a file reply is the only one with a path's room in it; the others stop behind the largest fixed part */
    size_t length =
        message->type == SN__MSG_FILE ? sizeof(*message) : offsetof(struct sn__message, done) + sizeof(message->done);
    long n = socket_send(SN__INIT_CONTROL_FD, message, length, &fd, fd >= 0);

    return n < 0 ? (int)n : 0;
}

void init_must_send(const struct sn__message *message)
{
    if (init_send(message, -1) < 0)
        sn__sys_exit(1);
}
