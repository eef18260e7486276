/* SPDX-License-Identifier: MIT */
/* Does not end: it ignores, blocks, stops, hides from or sleeps through what should end it. The limit is 300 ms. */
#include "attack.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

static struct timespec began;

static long elapsed_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - began.tv_sec) * 1000 + (now.tv_nsec - began.tv_nsec) / 1000000;
}

static void last(void)
{
    while (elapsed_ms() < 1000)
        usleep(10000);
    breach("it lived for %ld ms", elapsed_ms());
}

/* Each process lives for a moment and leaves a child: a list of processes is old before it is read. */
static void hydra(void)
{
    while (elapsed_ms() < 1000) {
        if (fork() > 0)
            _exit(0);
        setsid();
        usleep(500);
    }
    _exit(0);
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "ignore";
    pid_t self = getpid(), pid;
    int status = 0;
    sigset_t all;

    clock_gettime(CLOCK_MONOTONIC, &began);
    if (strcmp(how, "ignore") == 0) {
        for (int number = 1; number < 65; number++)
            signal(number, SIG_IGN);
    } else if (strcmp(how, "block") == 0) {
        sigfillset(&all);
        sigprocmask(SIG_SETMASK, &all, NULL);
    } else if (strcmp(how, "stop") == 0) {
        if (fork() == 0) {
            setsid();
            while (elapsed_ms() < 1000)
                usleep(10000);
            kill(self, SIGCONT);
            _exit(0);
        }
        raise(SIGSTOP);
    } else if (strcmp(how, "vfork") == 0) {
        /* waits for its child in the kernel */
        pid = vfork(); /* NOLINT(clang-analyzer-security.insecureAPI.vfork) */
        if (pid == 0) {
            while (elapsed_ms() < 1000) /* NOLINT(clang-analyzer-unix.Vfork): that is the point */
                usleep(10000);          /* NOLINT(clang-analyzer-unix.Vfork) */
            _exit(0);
        }
    } else if (strcmp(how, "traced") == 0) {
        pid = fork();
        if (pid == 0) {
            if (ptrace(PTRACE_SEIZE, self, NULL, PTRACE_O_TRACEEXIT) < 0)
                _exit(1);
            while (waitpid(self, NULL, __WALL) == self && elapsed_ms() < 1000)
                usleep(1000);
            _exit(0);
        }
        usleep(20000);
        if (waitpid(pid, NULL, WNOHANG) == pid)
            held("ptrace was refused");
    } else if (strcmp(how, "hydra") == 0) {
        if (fork() == 0)
            hydra();
    } else if (strcmp(how, "closed") == 0) {
        for (int fd = 0; fd < 3; fd++)
            dup2(fd, fd + 100);
        for (int fd = 0; fd < 3; fd++)
            close(fd);
        while (elapsed_ms() < 1000)
            usleep(10000);
        dup2(101, 1);
    } else if (strcmp(how, "session") == 0) {
        if (fork() > 0) {
            wait(&status);
            _exit(WEXITSTATUS(status));
        }
        setsid();
    }
    last();
}
