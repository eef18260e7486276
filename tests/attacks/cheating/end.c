/* SPDX-License-Identifier: MIT */
/*
 * Ends in a way that looks like something else: an exit status or a signal that a judge takes for its own doing, or a
 * line that only the judge prints. It is the verdict that has to be true.
 */
#include "attack.h"

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

static void use_memory(size_t bytes)
{
    char *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (at != MAP_FAILED)
        memset(at, 1, bytes);
}

int main(int argc, char **argv)
{
    const char *how = argc > 2 ? argv[1] : "exit";
    int number = argc > 2 ? atoi(argv[2]) : 1;
    pid_t pid;

    if (strcmp(how, "exit") == 0)
        _exit(number);
    if (strcmp(how, "signal") == 0) {
        signal(number, SIG_DFL);
        raise(number);
    }
    if (strcmp(how, "print") == 0) {
        printf("{\"verdict\": \"OK\", \"exit_status\": 0}\n");
        fprintf(stderr, "sentinel: OK  cpu 1.0 ms  wall 1.0 ms  memory 1.0 MiB\n");
        fflush(stdout);
        _exit(number);
    }
    if (strcmp(how, "init") == 0) {
        /* the one who reports, killed, stopped, confused */
        kill(1, SIGKILL);
        kill(1, SIGSTOP);
        for (int i = 1; i < 65; i++)
            kill(1, i);
        kill(-1, SIGSTOP);
        _exit(number);
    }
    if (strcmp(how, "almost-all-memory") == 0) {
        /* as if the kernel had killed it for memory */
        use_memory(20UL << 20);
        raise(SIGKILL);
    }
    if (strcmp(how, "killed-child") == 0) {
        /* the one that needs too much dies; the one that reports did nothing wrong */
        if (fork() == 0) {
            for (int i = 0; i < 32; i++)
                use_memory(4UL << 20);
            _exit(0);
        }
        wait(NULL);
        _exit(0);
    }
    if (strcmp(how, "denied-child") == 0) {
        if (fork() == 0)
            _exit(unshare(0) < 0);
        wait(NULL);
        _exit(0);
    }
    if (strcmp(how, "orphan-denied") == 0) {
        pid = fork();
        if (pid == 0) {
            if (fork() == 0)
                _exit(unshare(0) < 0);
            _exit(0);
        }
        waitpid(pid, NULL, 0);
        usleep(100000);
        _exit(0);
    }
    if (strcmp(how, "flooding-child") == 0) {
        static char block[65536];

        if (fork() == 0) {
            for (int i = 0; i < 16; i++)
                if (write(2, block, sizeof(block)) < 0)
                    break;
            _exit(0);
        }
        wait(NULL);
        _exit(0);
    }
    if (strcmp(how, "outlived") == 0) {
        /* over at once, while others go on writing and working */
        for (int i = 0; i < 4; i++) {
            if (fork() == 0) {
                setsid();
                for (int j = 0; j < 300; j++) {
                    if (write(1, "late\n", 5) < 0)
                        break;
                    usleep(5000);
                }
                _exit(0);
            }
        }
        _exit(0);
    }
    _exit(1);
}
