/* SPDX-License-Identifier: MIT */
#include "spawn/control.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>

int sn__packet_send(int socket, const void *bytes, size_t length, const int *fds, uint32_t fd_count)
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(SN__MESSAGE_FDS_MAX * sizeof(int))];
    } ancillary;
    struct iovec iov = {(void *)bytes, length};
    struct msghdr header = {.msg_iov = &iov, .msg_iovlen = 1};
    ssize_t n;

    if (fd_count) {
        memset(&ancillary, 0, CMSG_SPACE(fd_count * sizeof(int)));
        header.msg_control = &ancillary;
        header.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
        ancillary.header.cmsg_level = SOL_SOCKET;
        ancillary.header.cmsg_type = SCM_RIGHTS;
        ancillary.header.cmsg_len = CMSG_LEN(fd_count * sizeof(int));
        memcpy(CMSG_DATA(&ancillary.header), fds, fd_count * sizeof(int));
    }
    do
        n = sendmsg(socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : 0;
}

int sn__control_send(int control, const struct sn__message *message, const int *fds, uint32_t fd_count)
{
    size_t length =
        message->type == SN__MSG_FILE ? sizeof(*message) : offsetof(struct sn__message, done) + sizeof(message->done);
    int r = sn__packet_send(control, message, length, fds, fd_count);

    return r == -ECONNRESET ? -EPIPE : r;
}

static int receive_now(int control, struct sn__message *ret_message, int *ret_fd)
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } ancillary;
    struct iovec iov = {ret_message, sizeof(*ret_message)};
    struct msghdr header = {
        .msg_iov = &iov,
        .msg_iovlen = 1,
        .msg_control = &ancillary,
        /* not the padded CMSG_SPACE: the kernel would put a second descriptor there, and nobody would close it */
        .msg_controllen = CMSG_LEN(sizeof(int))};
    struct cmsghdr *found;
    ssize_t n;
    int fd = -1;

    memset(ret_message, 0, sizeof(*ret_message));
    do
        n = recvmsg(control, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EAGAIN ? 0 : errno == ECONNRESET ? -EPIPE : -errno;
    found = CMSG_FIRSTHDR(&header);
    if (found && found->cmsg_level == SOL_SOCKET && found->cmsg_type == SCM_RIGHTS)
        memcpy(&fd, CMSG_DATA(found), sizeof(fd));
    if (n == 0) { /* its end; or an empty packet, which our PID 1 never sends, and may come with a descriptor */
        sn__close(fd);
        return -EPIPE;
    }
    if (ret_fd) {
        *ret_fd = fd;
        /* no room in our descriptor table: the kernel dropped it and says so */
        if (fd < 0 && (header.msg_flags & MSG_CTRUNC))
            return -EMFILE;
    } else {
        sn__close(fd);
    }
    return 1;
}

int sn__control_receive(int control, int timeout_ms, struct sn__message *ret_message, int *ret_fd)
{
    struct pollfd poll_fd = {.fd = control, .events = POLLIN};
    int64_t end = (int64_t)(sn__now_ns() / 1000000) + timeout_ms;

    for (;;) {
        int r = receive_now(control, ret_message, ret_fd);
        int64_t left = end - (int64_t)(sn__now_ns() / 1000000);

        if (r != 0 || left <= 0 || timeout_ms == 0)
            return r;
        if (poll(&poll_fd, 1, (int)left) < 0 && errno != EINTR)
            return -errno;
    }
}

const char *sn__step_name(uint32_t step)
{
    static const char *const names[] = {
        [SN__STEP_NONE] = "unknown",
        [SN__STEP_LAUNCH_FDS] = "arrange descriptors",
        [SN__STEP_LAUNCH_GROUPS] = "drop groups",
        [SN__STEP_LAUNCH_IDS] = "become root of the user namespace",
        [SN__STEP_LAUNCH_CAPS] = "keep capabilities for PID 1",
        [SN__STEP_LAUNCH_EXEC] = "exec sentinel-init",
        [SN__STEP_PLAN] = "receive the plan",
        [SN__STEP_CGROUP_NS] = "unshare cgroup namespace",
        [SN__STEP_PRIVATE] = "make mounts private",
        [SN__STEP_ROOT_TMPFS] = "mount the new root",
        [SN__STEP_PIVOT_ROOT] = "pivot_root",
        [SN__STEP_MOUNT] = "mount",
        [SN__STEP_ROOT_READ_ONLY] = "make the root read-only",
        [SN__STEP_UMOUNT_OLD] = "unmount the old root",
        [SN__STEP_HOSTNAME] = "set the host name",
        [SN__STEP_NESTED_NS] = "forbid nested namespaces",
        [SN__STEP_LANDLOCK_RULES] = "make Landlock rules",
        [SN__STEP_REQUEST] = "receive the request",
        [SN__STEP_CLONE] = "clone the program's process",
        [SN__STEP_SESSION] = "setsid",
        [SN__STEP_CGROUP_JOIN] = "join the cgroup",
        [SN__STEP_STDIO] = "set up stdin, stdout, stderr",
        [SN__STEP_CWD] = "change directory",
        [SN__STEP_RLIMIT] = "set rlimit",
        [SN__STEP_KEYRING] = "join a session keyring",
        [SN__STEP_GROUPS] = "drop groups",
        [SN__STEP_IDS] = "change uid",
        [SN__STEP_CAPS] = "drop capabilities",
        [SN__STEP_APPARMOR] = "choose the AppArmor profile",
        [SN__STEP_NO_NEW_PRIVS] = "set no_new_privs",
        [SN__STEP_LANDLOCK] = "enter Landlock",
        [SN__STEP_SECCOMP] = "seccomp load",
        [SN__STEP_ARM] = "wait for the start",
        [SN__STEP_EXEC] = "exec",
        [SN__STEP_ENTER] = "fork the template into the sandbox",
        [SN__STEP_FORK] = "fork PID 1",
    };

    return step < SN_ARRAY_SIZE(names) && names[step] ? names[step] : "unknown";
}
