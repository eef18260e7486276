/* SPDX-License-Identifier: MIT */
/*
 * A filter belongs to a thread. Looks for a thread, a process or a program that has lost it on the way, and for a way
 * into the kernel that does not pass it.
 */
#include "forbidden.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>

static void report(int result)
{
    if (result >= 0)
        breach("the filter was lost on the way");
    held_by_errno("unshare");
}

static void *thread(void *argument)
{
    (void)argument;
    report(forbidden());
    return NULL;
}

static int own_stack(void *argument)
{
    (void)argument;
    report(forbidden());
    return 0;
}

static volatile sig_atomic_t got;

static void handler(int signal)
{
    (void)signal;
    got = forbidden();
}

/* The frame that a signal leaves is in the program's memory: what sigreturn restores is what we write there. */
static void forge(int signal, siginfo_t *information, void *context)
{
    ucontext_t *frame = context;

    (void)signal;
    (void)information;
    frame->uc_mcontext.gregs[REG_RAX] = FORBIDDEN;
    frame->uc_mcontext.gregs[REG_RDI] = 0;
}

static long spin_until_forged(void)
{
    long result;

    /* the signal arrives in the loop; with the forged frame, rax is no longer 0 and the next instruction is a call */
    __asm__ volatile("xor %%eax, %%eax\n"
                     "1: test %%eax, %%eax\n\t"
                     "jz 1b\n\t"
                     "syscall"
                     : "=a"(result)
                     :
                     : "rdi", "rsi", "rdx", "rcx", "r11", "memory", "cc");
    return result;
}

static void wait_for(pid_t pid)
{
    int status = 0;

    if (pid < 0 || waitpid(pid, &status, __WALL) != pid)
        cannot("no child: %s", strerror(errno));
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

/* A daemon: in another session, and nobody's child but PID 1's. */
static void orphan(void)
{
    char answer = 0;
    int ends[2];

    if (pipe(ends) < 0)
        cannot("pipe: %s", strerror(errno));
    if (fork() == 0) {
        pid_t parent = getpid();

        setsid();
        if (fork() == 0) {
            while (getppid() == parent)
                usleep(1000);
            answer = forbidden() >= 0 ? 'y' : 'n';
            _exit(write(ends[1], &answer, 1) == 1 ? 0 : 1);
        }
        _exit(0);
    }
    close(ends[1]);
    if (read(ends[0], &answer, 1) == 1 && answer == 'y')
        breach("the filter was lost on the way");
    held("the orphan was refused");
}

static void copy_and_run(char *const *argv)
{
    int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), to = memfd_create("", MFD_CLOEXEC);
    char room[65536];
    ssize_t n;

    if (from < 0)
        from = open("attack", O_RDONLY | O_CLOEXEC);
    while ((n = read(from, room, sizeof(room))) > 0)
        if (write(to, room, (size_t)n) != n)
            return;
    fexecve(to, argv, environ);
    held_by_errno("fexecve");
}

int main(int argc, char **argv)
{
    static char stack[65536] __attribute__((aligned(16)));
    char *again[] = {argv[0], (char *)(size_t) "now", NULL};
    const char *how = argc == 2 ? argv[1] : "";
    pthread_t other;

    if (strcmp(how, "now") == 0)
        report(forbidden());
    if (strcmp(how, "exec") == 0)
        execve("attack", again, environ);
    if (strcmp(how, "memfd") == 0)
        copy_and_run(again);
    if (strcmp(how, "thread") == 0 && pthread_create(&other, NULL, thread, NULL) == 0)
        pthread_join(other, NULL);
    if (strcmp(how, "vfork") == 0)
        wait_for(clone(own_stack, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, NULL));
    if (strcmp(how, "share") == 0)
        wait_for(clone(own_stack, stack + sizeof(stack), CLONE_VM | CLONE_FILES | CLONE_FS | SIGCHLD, NULL));
    if (strcmp(how, "orphan") == 0)
        orphan();
    if (strcmp(how, "signal") == 0) {
        signal(SIGUSR1, handler);
        raise(SIGUSR1);
        report(got);
    }
    if (strcmp(how, "sigreturn") == 0) {
        struct sigaction action = {.sa_sigaction = forge, .sa_flags = SA_SIGINFO};

        sigaction(SIGALRM, &action, NULL);
        ualarm(20000, 0);
        errno = EPERM;
        report((int)spin_until_forged());
    }
    return 1;
}
