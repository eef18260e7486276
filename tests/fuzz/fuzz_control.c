/* SPDX-License-Identifier: MIT */
/*
 * The host's end of the control socket, with a PID 1 that sends whatever it likes: packets of any size, with and
 * without descriptors. Nothing may be left open, and nothing may block.
 */
#include "fuzz.h"
#include "spawn/control.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

static int count_open(void)
{
    int count = 0;

    for (int fd = 0; fd < 128; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static int send_packet(int fd, const uint8_t *data, size_t size, int fd_count)
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(4 * sizeof(int))];
    } ancillary = {0};
    struct iovec iov = {(void *)data, size};
    struct msghdr header = {.msg_iov = &iov, .msg_iovlen = 1};
    int fds[4] = {0, 0, 0, 0};

    if (fd_count) {
        header.msg_control = &ancillary;
        header.msg_controllen = CMSG_SPACE((size_t)fd_count * sizeof(int));
        ancillary.header.cmsg_level = SOL_SOCKET;
        ancillary.header.cmsg_type = SCM_RIGHTS;
        ancillary.header.cmsg_len = CMSG_LEN((size_t)fd_count * sizeof(int));
        memcpy(CMSG_DATA(&ancillary.header), fds, (size_t)fd_count * sizeof(int));
    }
    return sendmsg(fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

static void receive(int control, int sent, int takes_fd)
{
    struct sn__message message;
    int fd = -1;
    int r = sn__control_receive(control, 0, &message, takes_fd ? &fd : NULL);

    MUST(r == 1 || r == 0 || r == -EPIPE, "%d", r);
    MUST(sent == 0 || r == 0, "%d where nothing was sent", r);
    MUST(r == 1 || fd < 0, "a descriptor with %d", r);
    MUST(fd < 0 || (fcntl(fd, F_GETFD) & FD_CLOEXEC), "a descriptor that an exec would keep");
    if (fd >= 0)
        close(fd);
    /* what the message would be used for */
    MUST(*sn__step_name(message.failure.step), "no name for step %u", message.failure.step);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int pair[2], before = count_open();

    MUST(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0, "errno %d", errno);
    while (size) {
        uint8_t how = (uint8_t)fuzz_take(&data, &size, 1);
        size_t length = fuzz_take(&data, &size, 2) % 8192;
        int sent;

        if (length > size)
            length = size;
        sent = send_packet(pair[1], data, length, how & 3);
        data += length;
        size -= length;
        receive(pair[0], sent, how & 4);
    }
    close(pair[1]);
    receive(pair[0], 0, 1);
    close(pair[0]);
    MUST(count_open() == before, "%d descriptors were open and are %d", before, count_open());
    return 0;
}
