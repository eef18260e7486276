/* SPDX-License-Identifier: MIT */
/* More CPU time than it may have, by itself or by others of its own, without end. The manifests give it 200 ms. */
#include "attack.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#define MOST_MS 700

static volatile long *used_ms;

/* Works for that long, by the clock of this thread: how busy the machine is makes no difference. */
static void spin(long ms)
{
    struct timespec now;
    long before = 0, at;

    do {
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
        at = now.tv_sec * 1000 + now.tv_nsec / 1000000;
        if (at > before)
            __atomic_add_fetch(used_ms, at - before, __ATOMIC_SEQ_CST);
        before = at;
    } while (at < ms && *used_ms < MOST_MS);
}

static void *spin_as_thread(void *nothing)
{
    spin(MOST_MS);
    return nothing;
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "spin";
    struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
    struct sched_param idle = {0};
    pthread_t thread;

    used_ms = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (used_ms == MAP_FAILED)
        cannot("mmap: %s", strerror(errno));
    if (strcmp(how, "unlimited") == 0) {
        signal(SIGXCPU, SIG_IGN);
        setrlimit(RLIMIT_CPU, &none);
    }
    if (strcmp(how, "idle") == 0 && sched_setscheduler(0, SCHED_IDLE, &idle) < 0)
        setpriority(PRIO_PROCESS, 0, 19);
    if (strcmp(how, "threads") == 0)
        pthread_create(&thread, NULL, spin_as_thread, NULL);
    if (strcmp(how, "orphan") == 0) {
        if (fork() == 0) {
            if (fork() == 0)
                spin(MOST_MS);
            _exit(0);
        }
        while (*used_ms < MOST_MS)
            usleep(10000);
    }
    /*
     * None lives for long, and nobody waits for them. By vfork, because a fork that copies costs this process, which
     * is seen, as much on a slow machine as what it wants to hide.
     */
    signal(SIGCHLD, SIG_IGN);
    while (strcmp(how, "children") == 0 && *used_ms < MOST_MS) {
        if (vfork() == 0) { /* NOLINT(clang-analyzer-security.insecureAPI.vfork) */
            spin(4);        /* NOLINT(clang-analyzer-unix.Vfork): that is the point */
            _exit(0);
        }
    }
    spin(MOST_MS);
    breach("%ld ms of CPU time", *used_ms);
}
