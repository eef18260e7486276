/* SPDX-License-Identifier: MIT */
/*
 * More memory than the run may have, of every kind that a program can make the kernel keep for it. It wants MOST and
 * has won at `enough`; the manifests give it 32 MiB.
 */
#include "attack.h"

#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <time.h>

#define MIB (1UL << 20)
#define MOST (128 * MIB)
#define STEP (4 * MIB)

static size_t got;
static size_t enough = 96 * MIB;

__attribute__((noreturn)) static void end(const char *what)
{
    int error = errno;

    if (got >= enough)
        breach("%zu MiB of %s", got / MIB, what);
    held("%zu KiB of %s, then %s", got / 1024, what, strerror(error));
}

/* Slowly, so that it is not a race against who samples every 10 ms because there is no group. */
static void mapping(int flags, int fd)
{
    char *at = mmap(NULL, MOST, PROT_READ | PROT_WRITE, flags, fd, 0);

    for (; at != MAP_FAILED && got < MOST; got += STEP) {
        memset(at + got, 1, STEP);
        usleep(10000);
    }
}

/* In pieces below what is looked at when it is mapped. */
static void pieces(void)
{
    for (; got < MOST; got += STEP) {
        char *at = mmap(NULL, STEP, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (at == MAP_FAILED)
            return;
        memset(at, 1, STEP);
        usleep(10000);
    }
}

static void file(int fd)
{
    static char block[65536];
    ssize_t n;

    memset(block, 1, sizeof(block));
    while (fd >= 0 && got < MOST && (n = write(fd, block, sizeof(block))) > 0)
        got += (size_t)n;
}

/* Nobody reads: what is written stays in the kernel. */
static void full(int sockets)
{
    static char block[65536];
    int pair[2], size = 1 << 20;
    ssize_t n;

    while (got < MOST) {
        if ((sockets ? socketpair(AF_UNIX, SOCK_STREAM, 0, pair) : pipe(pair)) < 0)
            return;
        if (sockets) {
            setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
            setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
        } else {
            fcntl(pair[1], F_SETPIPE_SZ, size);
        }
        for (int i = !sockets; i < 2; i++) {
            fcntl(pair[i], F_SETFL, O_NONBLOCK);
            while ((n = write(pair[i], block, sizeof(block))) > 0)
                got += (size_t)n;
        }
    }
}

/* A page of tables for every 2 MiB that are looked at; the pages are all the same empty one. */
static void page_tables(void)
{
    size_t span = MOST / 4096 * 2 * MIB;
    char *at = mmap(NULL, span, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    volatile char seen;

    if (at == MAP_FAILED)
        return;
    madvise(at, span, MADV_NOHUGEPAGE);
    for (size_t offset = 0; offset < span; offset += 2 * MIB, got += 4096)
        seen = at[offset];
    (void)seen;
}

/* Nothing of it is mapped at the end of each step. */
static void segments(void)
{
    for (; got < MOST; got += STEP) {
        int id = shmget(IPC_PRIVATE, STEP, 0600);
        void *at = id < 0 ? (void *)-1 : shmat(id, NULL, 0);

        if (at == (void *)-1)
            return;
        memset(at, 1, STEP);
        shmdt(at);
    }
}

static void semaphores(void)
{
    /* a semaphore takes a cache line */
    for (; got < MOST; got += 32000 * 64UL) {
        if (semget(IPC_PRIVATE, 32000, 0600) < 0)
            return;
    }
}

static void messages(void)
{
    static struct {
        long type;
        char text[8192];
    } message = {.type = 1};

    while (got < MOST) {
        int id = msgget(IPC_PRIVATE, 0600);

        if (id < 0)
            return;
        while (msgsnd(id, &message, sizeof(message.text), IPC_NOWAIT) == 0)
            got += sizeof(message.text);
    }
}

static void posix_queues(void)
{
    struct mq_attr attributes = {.mq_maxmsg = 10, .mq_msgsize = 8192};
    static char text[8192];
    char name[32];

    for (int i = 0; got < MOST; i++) {
        mqd_t queue;

        snprintf(name, sizeof(name), "/flood-%d", i);
        queue = mq_open(name, O_RDWR | O_CREAT | O_NONBLOCK, 0600, &attributes);
        if (queue < 0)
            return;
        while (mq_send(queue, text, sizeof(text), 0) == 0)
            got += sizeof(text);
    }
}

/* The kernel keeps a record for each that waits; 10 to the KiB. */
static void records(int timers)
{
    struct sigevent event = {.sigev_notify = SIGEV_NONE};
    union sigval value = {.sival_int = 0};
    sigset_t set;
    timer_t timer;

    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &set, NULL);
    for (; got < MOST; got += 100) {
        if ((timers ? timer_create(CLOCK_MONOTONIC, &event, &timer) : sigqueue(getpid(), SIGRTMIN, value)) < 0)
            return;
    }
}

static char other_stack[65536];

static void on_end_of_stack(int number)
{
    (void)number;
    errno = EFAULT;
    end("stack");
}

static void stack(void)
{
    volatile char here[65536];

    memset((char *)here, 1, sizeof(here));
    got += sizeof(here);
    if (got < MOST)
        stack();
    here[0] = 1;
}

int main(int argc, char **argv)
{
    const char *kind = argc > 1 ? argv[1] : "anonymous";
    stack_t other = {.ss_sp = other_stack, .ss_size = sizeof(other_stack)};
    struct sigaction action = {.sa_handler = on_end_of_stack, .sa_flags = SA_ONSTACK};
    int fd;

    if (strcmp(kind, "anonymous") == 0) {
        pieces();
    } else if (strcmp(kind, "large") == 0) {
        mapping(MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
    } else if (strcmp(kind, "shared") == 0) {
        mapping(MAP_SHARED | MAP_ANONYMOUS, -1);
    } else if (strcmp(kind, "memfd") == 0) {
        file(memfd_create("flood", 0));
    } else if (kind[0] == '/') {
        fd = open(kind, O_WRONLY | O_CREAT, 0600);
        file(fd);
    } else if (strcmp(kind, "pipes") == 0) {
        /* a user gets no more than 64 MiB of these (pipe(7)) */
        enough = 48 * MIB;
        full(0);
    } else if (strcmp(kind, "sockets") == 0) {
        full(1);
    } else if (strcmp(kind, "page-tables") == 0) {
        page_tables();
    } else if (strcmp(kind, "segments") == 0) {
        segments();
    } else if (strcmp(kind, "semaphores") == 0) {
        semaphores();
    } else if (strcmp(kind, "messages") == 0) {
        messages();
    } else if (strcmp(kind, "posix-queues") == 0) {
        posix_queues();
    } else if (strcmp(kind, "signals") == 0 || strcmp(kind, "timers") == 0) {
        records(kind[0] == 't');
    } else if (strcmp(kind, "stack") == 0) {
        sigaltstack(&other, NULL);
        sigaction(SIGSEGV, &action, NULL);
        stack();
    } else {
        cannot("no memory called %s", kind);
    }
    end(kind);
}
