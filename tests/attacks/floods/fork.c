/* SPDX-License-Identifier: MIT */
/*
 * More processes than it may have, in the ways in which programs get them. All of them live at the same time and are
 * counted in shared memory; they end with this one. The limit is 64.
 */
#include "attack.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define LIMIT 64
#define MOST 150

static struct shared {
    volatile int alive, refused, over;
} * shared;

/* Nothing is ever written to it. It is at its end when this process is gone, whose the only writing end is. */
static int gate[2];

static int count(void)
{
    return __atomic_add_fetch(&shared->alive, 1, __ATOMIC_SEQ_CST);
}

/* Asleep in the kernel: 150 that look again and again would use up the CPU time of a slow machine. */
static void wait_for_the_end(void)
{
    char byte;

    while (read(gate[0], &byte, 1) < 0 && errno == EINTR)
        ;
}

static void live(void)
{
    count();
    close(gate[1]);
    wait_for_the_end();
    _exit(0);
}

static void *live_as_thread(void *nothing)
{
    count();
    wait_for_the_end();
    return nothing;
}

static pid_t fork_counted(void)
{
    pid_t pid = fork();

    if (pid < 0)
        shared->refused = errno;
    return pid;
}

/* The parent of each is gone: it is PID 1 that has them all. */
static void orphan(int session)
{
    pid_t pid = fork_counted();

    if (pid == 0) {
        if (session)
            setsid();
        if (fork_counted() == 0)
            live();
        _exit(0);
    }
    if (pid > 0)
        waitpid(pid, NULL, 0);
}

/* Each child makes two, those two each, ... */
static void bomb(void)
{
    while (!shared->refused && shared->alive < MOST) {
        pid_t pid = fork_counted();

        if (pid < 0)
            break;
        if (pid == 0 && count() >= MOST)
            break;
        if (pid > 0)
            usleep(500);
    }
    while (!shared->over)
        usleep(5000);
}

/* Each waits in the kernel for its child, which waits for its own. */
static void vforks(int depth)
{
    pid_t pid;

    if (depth > 1)
        count();
    if (depth == MOST)
        return;
    pid = vfork(); /* NOLINT(clang-analyzer-security.insecureAPI.vfork) */
    if (pid < 0)
        shared->refused = errno;
    if (pid == 0) {
        vforks(depth + 1); /* NOLINT(clang-analyzer-unix.Vfork): that is the point */
        _exit(0);
    }
}

static int enough(void)
{
    return shared->refused || shared->alive >= MOST;
}

static void report(void)
{
    int alive = shared->alive, refused = shared->refused;

    shared->over = 1;
    if (alive > LIMIT)
        breach("%d at the same time", alive);
    held("%d at the same time, then %s", alive, strerror(refused));
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "fork";
    pthread_t thread;
    pid_t pid;

    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        cannot("mmap: %s", strerror(errno));
    if (pipe(gate) < 0)
        cannot("pipe: %s", strerror(errno));
    count();
    for (int i = 0; i < MOST && !enough(); i++) {
        if (strcmp(how, "fork") == 0) {
            if (fork_counted() == 0)
                live();
        } else if (strcmp(how, "orphans") == 0 || strcmp(how, "sessions") == 0) {
            orphan(how[0] == 's');
        } else if (strcmp(how, "zombies") == 0) {
            if (fork_counted() == 0)
                _exit(0);
            if (!shared->refused)
                count();
        } else if (strcmp(how, "stopped") == 0) {
            pid = fork_counted();
            if (pid == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                raise(SIGSTOP);
                _exit(0);
            }
            if (pid > 0)
                count();
        } else if (strcmp(how, "threads") == 0) {
            int error = pthread_create(&thread, NULL, live_as_thread, NULL);

            if (error)
                shared->refused = error;
        } else if (strcmp(how, "vfork") == 0) {
            vforks(1);
        } else if (strcmp(how, "bomb") == 0) {
            pid = fork();
            if (pid == 0) {
                bomb();
                _exit(0);
            }
            for (int wait = 0; wait < 100 && !enough(); wait++)
                usleep(10000);
            break;
        } else {
            cannot("no way called %s", how);
        }
    }
    /* those that were made last have to be given the time to count themselves */
    usleep(50000);
    report();
}
