/* SPDX-License-Identifier: MIT */
/*
 * Before Linux 4.8 a tracer could change a call's number after the filter had looked at the first one; since then the
 * filter looks after the tracer. The parent turns its child's getpid into a denied call. "peer" writes into the child
 * by process_vm_writev instead, as one would to make another process of the sandbox do something.
 */
#include "forbidden.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#define SIGN 0x5eed /* an argument that getpid has no use for */

static void trace(void)
{
    struct user_regs_struct registers;
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
            _exit(1);
        raise(SIGSTOP);
        _exit(syscall(SYS_getpid, SIGN) == getpid() ? 0 : 42);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
        held("the child is not ours to trace");
    while (ptrace(PTRACE_SYSCALL, pid, NULL, NULL) == 0 && waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
        if (ptrace(PTRACE_GETREGS, pid, NULL, &registers) < 0)
            break;
        if (registers.orig_rax == SYS_getpid && registers.rdi == SIGN) {
            registers.orig_rax = FORBIDDEN;
            registers.rdi = 0;
            ptrace(PTRACE_SETREGS, pid, NULL, &registers);
        }
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 42)
        breach("the child made a call that its tracer put in");
    held("the child ended with status %x", status);
}

static void write_into(void)
{
    static volatile int flag;
    int one = 1, status;
    struct iovec from = {.iov_base = &one, .iov_len = sizeof(one)};
    struct iovec to = {.iov_base = (void *)(size_t)&flag, .iov_len = sizeof(flag)};
    pid_t pid = fork();

    if (pid == 0) {
        for (int i = 0; i < 500 && !flag; i++)
            usleep(1000);
        _exit(flag ? 42 : 0);
    }
    if (pid < 0 || process_vm_writev(pid, &from, 1, &to, 1, 0) < 0)
        held_by_errno("process_vm_writev");
    waitpid(pid, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 42)
        breach("it wrote into another process");
    held("nothing arrived");
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "trace") == 0)
        trace();
    if (argc == 2 && strcmp(argv[1], "peer") == 0)
        write_into();
    return 1;
}
