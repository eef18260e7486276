/* SPDX-License-Identifier: MIT */
/*
 * What does a run leave to the next one of the same sandbox, or to a neighbour?
 *
 *     leftover file DIRECTORY|process|stopped|memory|tmpfs|cwd plant|look
 */
#include "attack.h"

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define NAME "sentinel-channel"
#define SIZE (48UL << 20)

static void ready(void)
{
    printf("READY\n");
    fflush(stdout);
}

static void file(const char *directory, int plant)
{
    char path[4096];
    int fd;

    snprintf(path, sizeof(path), "%s/" NAME, directory);
    umask(0);
    fd = open(path, plant ? O_WRONLY | O_CREAT | O_TRUNC : O_RDONLY, 0666);
    if (fd < 0)
        held_by_errno(path);
    if (plant) {
        if (write(fd, scene("SN_SECRET"), strlen(scene("SN_SECRET"))) < 0)
            cannot("write: %s", strerror(errno));
        ready();
        sleep(strcmp(directory, "/work") == 0 || strcmp(directory, "/tmp") == 0 ? 0 : 1);
        _exit(0);
    }
    unlink(path);
    visible("%s is there", path);
}

/* A process of the first run that is in nobody's session, ignores what can be ignored, and waits for the second. */
static void process(int plant, int stopped)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t length = offsetof(struct sockaddr_un, sun_path) + sizeof(NAME);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    int number;

    memcpy(address.sun_path + 1, NAME, sizeof(NAME) - 1);
    if (!plant) {
        for (int i = 0; i < 20; i++, usleep(5000)) {
            if (connect(fd, (struct sockaddr *)&address, length) == 0)
                breach("a process of the first run is there");
        }
        if (kill(-1, 0) == 0)
            breach("there are other processes");
        held_by_errno("connect");
    }
    if (fork() == 0) {
        setsid();
        if (fork() == 0) {
            for (number = 1; number < 65; number++)
                signal(number, SIG_IGN);
            if (bind(fd, (struct sockaddr *)&address, length) < 0 || listen(fd, 4) < 0)
                _exit(1);
            close(0);
            close(1);
            close(2);
            if (stopped)
                raise(SIGSTOP);
            sleep(3);
        }
        _exit(0);
    }
    usleep(50000);
    _exit(0);
}

/* Memory that was freed with a secret in it comes to somebody else. */
static void memory(int plant, int in_file)
{
    int fd = in_file ? memfd_create("pages", 0) : -1;
    char *pages;
    const char *secret;

    if (in_file && (fd < 0 || ftruncate(fd, SIZE) < 0))
        cannot("memfd_create: %s", strerror(errno));
    /* 0x4000000 is MAP_UNINITIALIZED: not cleared, on machines without memory protection */
    pages =
        mmap(NULL, SIZE, PROT_READ | PROT_WRITE, in_file ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS | 0x4000000, fd, 0);
    if (pages == MAP_FAILED)
        cannot("mmap: %s", strerror(errno));
    if (plant) {
        secret = scene("SN_SECRET");
        for (size_t at = 0; at < SIZE; at += 512)
            memcpy(pages + at, secret, strlen(secret));
        ready();
        _exit(0);
    }
    for (size_t at = 0; at < SIZE; at += sizeof(long)) {
        if (*(long *)(void *)(pages + at)) {
            printf("%.32s\n", pages + at);
            breach("new memory is not empty");
        }
    }
    held("new memory is empty");
}

/* Descriptors in a socket that nobody reads, timers, and an unfinished output: all of the first run only. */
static void descriptors(int plant)
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
    struct iovec byte = {.iov_base = &control, .iov_len = 1};
    struct msghdr message = {
        .msg_iov = &byte, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control.room)};
    int pair[2];

    if (!plant) {
        for (int fd = 3; fd < 256; fd++) {
            if (fcntl(fd, F_GETFD) >= 0)
                breach("descriptor %d is open", fd);
        }
        alarm(0) ? breach("an alarm was set") : held("no descriptor, no alarm");
    }
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
        cannot("socketpair: %s", strerror(errno));
    memcpy(CMSG_DATA(&control.header), &pair[0], sizeof(int));
    sendmsg(pair[0], &message, 0);
    alarm(100);
    for (int fd = 10; fd < 100; fd++)
        dup2(pair[1], fd);
    _exit(0);
}

int main(int argc, char **argv)
{
    const char *how = argc > 2 ? argv[1] : "file";
    int plant = strcmp(argv[argc - 1], "plant") == 0;

    if (strcmp(how, "file") == 0)
        file(argc > 3 ? argv[2] : "/tmp", plant);
    if (strcmp(how, "process") == 0)
        process(plant, 0);
    if (strcmp(how, "stopped") == 0)
        process(plant, 1);
    if (strcmp(how, "memory") == 0)
        memory(plant, 0);
    if (strcmp(how, "tmpfs") == 0)
        memory(plant, 1);
    if (strcmp(how, "descriptors") == 0)
        descriptors(plant);
    cannot("no way called %s", how);
}
