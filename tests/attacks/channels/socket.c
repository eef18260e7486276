/* SPDX-License-Identifier: MIT */
/*
 * Sockets between two sandboxes: with an abstract name (which belongs to the network namespace: containerd-shim was
 * reached so, CVE-2020-15257), with a name in a file system, and of the kinds that are for machines or the kernel.
 *
 *     socket abstract|abstract-datagram|file DIRECTORY|vsock|netlink plant|look
 */
#include "attack.h"

#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define NAME "sentinel-channel"
#define NUMBER 0x5e47

static struct sockaddr_storage address;
static socklen_t length;

static int make(const char *how, const char *directory)
{
    struct sockaddr_un *local = (struct sockaddr_un *)&address;
    struct sockaddr_vm *machine = (struct sockaddr_vm *)&address;
    struct sockaddr_nl *kernel = (struct sockaddr_nl *)&address;

    if (strncmp(how, "abstract", 8) == 0) {
        local->sun_family = AF_UNIX;
        memcpy(local->sun_path + 1, NAME, sizeof(NAME));
        length = offsetof(struct sockaddr_un, sun_path) + 1 + sizeof(NAME);
    } else if (strcmp(how, "file") == 0) {
        local->sun_family = AF_UNIX;
        snprintf(local->sun_path, sizeof(local->sun_path), "%s/" NAME, directory);
        length = sizeof(*local);
    } else if (strcmp(how, "vsock") == 0) {
        machine->svm_family = AF_VSOCK;
        machine->svm_cid = VMADDR_CID_LOCAL;
        machine->svm_port = NUMBER;
        length = sizeof(*machine);
    } else {
        kernel->nl_family = AF_NETLINK;
        kernel->nl_pid = NUMBER;
        length = sizeof(*kernel);
        return socket(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK);
    }
    return socket(address.ss_family, strstr(how, "datagram") ? SOCK_DGRAM : SOCK_STREAM, 0);
}

int main(int argc, char **argv)
{
    const char *how = argc > 2 ? argv[1] : "abstract";
    const char *secret;
    char text[256] = "";
    int fd, peer;
    ssize_t n;

    alarm(2);
    umask(0);
    fd = make(how, argc > 3 ? argv[2] : "/tmp");
    if (fd < 0 && errno == EAFNOSUPPORT && strcmp(how, "vsock") == 0)
        cannot("this kernel has no AF_VSOCK");
    if (fd < 0)
        held_by_errno("socket");
    if (strcmp(argv[argc - 1], "plant") == 0) {
        secret = scene("SN_SECRET");
        if (bind(fd, (struct sockaddr *)&address, length) < 0 && strcmp(how, "vsock") == 0)
            cannot("bind: %s", strerror(errno));
        if (strcmp(how, "netlink") != 0 && !strstr(how, "datagram"))
            listen(fd, 4);
        printf("READY\n");
        fflush(stdout);
        if (strcmp(how, "netlink") == 0 || strstr(how, "datagram"))
            return read(fd, text, sizeof(text)) < 0;
        peer = accept(fd, NULL, NULL);
        n = write(peer, secret, strlen(secret));
        sleep(1);
        return n < 0;
    }
    if (connect(fd, (struct sockaddr *)&address, length) < 0) {
        if (strcmp(how, "vsock") == 0 && (errno == ENETUNREACH || errno == ENODEV || errno == EADDRNOTAVAIL))
            cannot("connect: %s (no vsock_loopback)", strerror(errno));
        held_by_errno("connect");
    }
    if (strcmp(how, "netlink") == 0 || strstr(how, "datagram")) {
        if (send(fd, "x", 1, 0) == 1)
            breach("a message was taken by the neighbour");
        held_by_errno("send");
    }
    n = read(fd, text, sizeof(text) - 1);
    printf("%s\n", n > 0 ? text : "");
    breach("connected to the neighbour");
}
