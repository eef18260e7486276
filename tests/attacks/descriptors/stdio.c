/* SPDX-License-Identifier: MIT */
/*
 * The program gets three descriptors: does one of them give more than reading input and writing output? /proc/self/fd/N
 * opens what is behind it anew, with other modes, if its owner and mode allow that.
 */
#include "attack.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* The input of the next run, or the host's own file, must not change. */
static void write_input(const char *path)
{
    int fd = path ? open(path, O_RDWR) : 0;
    struct stat status;

    if (fd < 0)
        held_by_errno(path);
    if (pwrite(fd, "changed\n", 8, 0) == 8)
        breach("the input was written to");
    if (fstat(fd, &status) == 0 && ftruncate(fd, status.st_size ? 0 : 1) == 0)
        breach("the input was cut, or made longer");
    if (mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) != MAP_FAILED)
        breach("the input is mapped for writing");
    held_by_errno("write, truncate and map");
}

static void look_at(int fd)
{
    struct ucred peer;
    socklen_t length = sizeof(peer);
    char path[64], name[4096] = "";
    struct stat status;

    if (fstat(fd, &status) < 0)
        return;
    if (S_ISDIR(status.st_mode))
        breach("descriptor %d is a directory", fd);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0)
        breach("descriptor %d is a socket, of process %d", fd, peer.pid);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (readlink(path, name, sizeof(name) - 1) > 0 && name[0] == '/' && strncmp(name, "/dev/null", 9) != 0 &&
        strncmp(name, "/memfd:", 7) != 0)
        breach("descriptor %d is %s on the host", fd, name);
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "kinds";
    char byte;
    int fd;

    if (strcmp(how, "kinds") == 0) {
        for (fd = 0; fd < 3; fd++)
            look_at(fd);
        held("pipes and files without a name");
    }
    if (strcmp(how, "input") == 0)
        write_input(NULL);
    if (strcmp(how, "input-again") == 0)
        write_input("/proc/self/fd/0");
    if (strcmp(how, "output-again") == 0) {
        /* the other end of the pipe: what was written for the host is taken away from it */
        fd = open("/proc/self/fd/1", O_RDONLY | O_NONBLOCK);
        if (fd < 0)
            held_by_errno("/proc/self/fd/1");
        printf("hidden\n");
        fflush(stdout);
        if (read(fd, &byte, 1) == 1)
            visible("read back what it had written for the host");
        held_by_errno("read");
    }
    if (strcmp(how, "input-as-output") == 0) {
        /* a writer of one's own on the pipe that the host feeds */
        fd = open("/proc/self/fd/0", O_WRONLY | O_NONBLOCK);
        if (fd < 0)
            held_by_errno("/proc/self/fd/0");
        if (write(fd, "x", 1) == 1)
            breach("wrote to the input");
        held_by_errno("write");
    }
    cannot("no way called %s", how);
}
