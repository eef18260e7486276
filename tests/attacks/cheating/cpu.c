/* SPDX-License-Identifier: MIT */
/*
 * Uses CPU time where it is not looked for. Each way takes about 400 ms in all; the manifests say how much has to be
 * found, or allow less and want to see the verdict for it.
 */
#include "attack.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

static long cpu_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void burn(long ms)
{
    long end = cpu_ms() + ms;

    while (cpu_ms() < end)
        ;
}

static void *burn_as_thread(void *nothing)
{
    burn(100);
    return nothing;
}

static void in_kernel(long ms)
{
    long end = cpu_ms() + ms;
    char byte[4096];

    while (cpu_ms() < end) {
        FILE *zero = fopen("/dev/zero", "r");

        for (int i = 0; zero && i < 1000; i++)
            if (fread(byte, 1, sizeof(byte), zero) != sizeof(byte))
                break;
        if (zero)
            fclose(zero);
    }
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "child";
    struct rlimit much = {RLIM_INFINITY, RLIM_INFINITY};
    pthread_t thread;
    siginfo_t info;
    char left[16];
    int n;

    if (strcmp(how, "child") == 0) {
        if (fork() == 0) {
            if (fork() == 0) {
                burn(400);
                _exit(0);
            }
            wait(NULL);
            _exit(0);
        }
        wait(NULL);
    } else if (strcmp(how, "orphan") == 0) {
        /* nobody that this process ever waits for */
        if (fork() == 0) {
            setsid();
            if (fork() == 0) {
                burn(400);
                _exit(0);
            }
            _exit(0);
        }
        wait(NULL);
        for (int i = 0; i < 300 && kill(-1, 0) == 0; i++)
            usleep(10000);
    } else if (strcmp(how, "unreaped") == 0) {
        /*
         * Who ignores SIGCHLD is not told of its children's times: nor is anybody else. By vfork, because a fork that
         * copies costs this process as much on a slow machine as what it wants to hide.
         */
        signal(SIGCHLD, SIG_IGN);
        for (int i = 0; i < 100; i++) {
            if (vfork() == 0) { /* NOLINT(clang-analyzer-security.insecureAPI.vfork) */
                burn(10);       /* NOLINT(clang-analyzer-unix.Vfork): that is the point */
                _exit(0);
            }
        }
    } else if (strcmp(how, "exec") == 0) {
        n = argc > 2 ? atoi(argv[2]) : 4;
        burn(100);
        snprintf(left, sizeof(left), "%d", n - 1);
        if (n > 1)
            execl(argv[0], argv[0], "exec", left, NULL);
    } else if (strcmp(how, "threads") == 0) {
        for (int i = 0; i < 4; i++) {
            pthread_create(&thread, NULL, burn_as_thread, NULL);
            pthread_join(thread, NULL);
        }
    } else if (strcmp(how, "kernel") == 0) {
        in_kernel(400);
    } else if (strcmp(how, "naps") == 0) {
        /* never there when a tick is counted */
        for (int i = 0; i < 200; i++) {
            burn(2);
            usleep(100);
        }
    } else if (strcmp(how, "unlimited") == 0) {
        signal(SIGXCPU, SIG_IGN);
        setrlimit(RLIMIT_CPU, &much);
        burn(1500);
    } else if (strcmp(how, "zombie") == 0) {
        /* dead but not waited for when the run ends */
        if (fork() == 0) {
            burn(400);
            _exit(0);
        }
        waitid(P_ALL, 0, &info, WEXITED | WNOWAIT);
    } else if (strcmp(how, "sleep") == 0) {
        usleep(1500000);
    } else if (strcmp(how, "niced") == 0) {
        setpriority(PRIO_PROCESS, 0, 19);
        burn(1500);
    }
    _exit(0);
}
