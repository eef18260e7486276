/* SPDX-License-Identifier: MIT */
/*
 * A denied call waits until the listener has read it. Threads interrupt it there, and try again and again, so that
 * the listener's answer may meet another call than the one it is for: "socket" hopes that a denied one continues,
 * "mapping" that one larger than the memory limit does (the listener lets smaller ones continue by their length).
 */
#include "forbidden.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <time.h>

#define THREADS 4
#define SMALL (48UL << 20)
#define LARGE (200UL << 20)

static int mapping;
static pthread_t workers[THREADS];

static void interrupt(int signal)
{
    (void)signal;
}

static void *work(void *argument)
{
    for (;;) {
        void *at;

        if (!mapping) {
            if (forbidden() >= 0)
                breach("a denied call continued");
            continue;
        }
        at = mmap(NULL, SMALL, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (at != MAP_FAILED)
            munmap(at, SMALL);
        at = mmap(NULL, LARGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (at != MAP_FAILED)
            breach("a mapping larger than the limit continued");
    }
    return argument;
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_handler = interrupt}; /* no SA_RESTART: an interrupted call is another one next */
    double start = now();

    if (argc != 2)
        return 1;
    mapping = strcmp(argv[1], "mapping") == 0;
    sigaction(SIGUSR1, &action, NULL);
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&workers[i], NULL, work, NULL) != 0)
            cannot("no thread");
    for (int i = 0; now() - start < 0.3; i++)
        pthread_kill(workers[i % THREADS], SIGUSR1);
    held("none slipped through in 300 ms");
}
