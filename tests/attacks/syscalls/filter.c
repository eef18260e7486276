/* SPDX-License-Identifier: MIT */
/*
 * Filters of one's own are asked as well, and the strictest answer counts; of two that tell a listener, the newer one
 * does. So a program that may install filters can answer its own denied calls: with an errno, so that nobody is told,
 * or by a listener of its own that lets them continue.
 */
#include "forbidden.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>

static long install(unsigned action, unsigned flags, int by_prctl)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, FORBIDDEN, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, action),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        held_by_errno("no_new_privs");
    return by_prctl ? prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)
                    : syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

/* As the listener of our child: let it continue. */
static void listen_and_continue(int listener)
{
    struct seccomp_notif notification;
    struct seccomp_notif_resp answer = {.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
    pid_t pid = fork();

    if (pid == 0)
        _exit(forbidden() >= 0 ? 42 : 0);
    memset(&notification, 0, sizeof(notification));
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notification) < 0)
        held_by_errno("SECCOMP_IOCTL_NOTIF_RECV");
    answer.id = notification.id;
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
    breach("it answers the filter of its own child");
}

int main(int argc, char **argv)
{
    const char *how = argc == 2 ? argv[1] : "";
    long r;

    if (strcmp(how, "errno") == 0 || strcmp(how, "prctl") == 0) {
        r = install(SECCOMP_RET_ERRNO | EXDEV, 0, how[0] == 'p');
        if (r < 0)
            held_by_errno(how);
        if (forbidden() < 0 && errno == EXDEV)
            breach("a denied call went unnoticed");
        held("its own filter did not answer");
    }
    if (strcmp(how, "listener") == 0) {
        r = install(SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER, 0);
        if (r < 0)
            held_by_errno(how);
        listen_and_continue((int)r);
    }
    if (strcmp(how, "dispatch") == 0) {
        /* system calls become SIGSYS of one's own before any filter looks (Linux 5.11) */
        r = prctl(59 /* PR_SET_SYSCALL_USER_DISPATCH */, 1 /* on */, 0, ~0UL, NULL);
        if (r < 0 && errno == EINVAL && prctl(PR_GET_SECCOMP) == 0)
            cannot("this kernel has no user dispatch");
        if (r < 0)
            held_by_errno(how);
        breach("it catches its own calls before the filter");
    }
    return 1;
}
