/* SPDX-License-Identifier: MIT */
/*
 * The frontend's system calls: what h2o, OpenSSL, SQLite, libpq, librabbitmq, hiredis, libcurl with getaddrinfo(3) on a
 * thread, and threads need. Anything else kills the process, which the executor tells: a silent EPERM would give who
 * took the frontend over as many attempts as he likes. The exceptions are calls that libraries try without need; these
 * fail as on a kernel that does not have them.
 *
 * Not there, to name some: anything that starts a program or a process, that looks into another one or signals it,
 * mounts, namespaces, ids, limits, keys, BPF, io_uring, listening, devices, links and modes of files.
 *
 * Arguments that the kernel takes as int are compared in their lower half only, which is what it looks at.
 */
#include "privilege/steps.h"

#include "base/cleanup.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Whatever the arguments are. */
static const int plain_calls[] = {
    /* memory; mmap and mprotect are below */
    SCMP_SYS(brk),
    SCMP_SYS(madvise),
    SCMP_SYS(membarrier),
    SCMP_SYS(mlock),
    SCMP_SYS(mremap),
    SCMP_SYS(msync),
    SCMP_SYS(munlock),
    SCMP_SYS(munmap),
    /* descriptors */
    SCMP_SYS(close),
    SCMP_SYS(close_range),
    SCMP_SYS(dup),
    SCMP_SYS(dup2),
    SCMP_SYS(dup3),
    SCMP_SYS(fdatasync),
    SCMP_SYS(flock),
    SCMP_SYS(fsync),
    SCMP_SYS(lseek),
    SCMP_SYS(pipe),
    SCMP_SYS(pipe2),
    SCMP_SYS(pread64),
    SCMP_SYS(preadv),
    SCMP_SYS(preadv2),
    SCMP_SYS(pwrite64),
    SCMP_SYS(pwritev),
    SCMP_SYS(pwritev2),
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(sendfile),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    /* files, as far as Landlock and permissions let it */
    SCMP_SYS(access),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(fadvise64),
    SCMP_SYS(fallocate),
    SCMP_SYS(fchmod),
    SCMP_SYS(fstat),
    SCMP_SYS(fstatfs),
    SCMP_SYS(ftruncate),
    SCMP_SYS(getcwd),
    SCMP_SYS(getdents64),
    SCMP_SYS(lstat),
    SCMP_SYS(mkdir),
    SCMP_SYS(mkdirat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(open),
    SCMP_SYS(openat),
    SCMP_SYS(openat2),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(rename),
    SCMP_SYS(renameat),
    SCMP_SYS(renameat2),
    SCMP_SYS(rmdir),
    SCMP_SYS(stat),
    SCMP_SYS(statfs),
    SCMP_SYS(statx),
    SCMP_SYS(unlink),
    SCMP_SYS(unlinkat),
    /* waiting */
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(epoll_create),
    SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(epoll_pwait2),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(eventfd),
    SCMP_SYS(eventfd2),
    SCMP_SYS(nanosleep),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(pselect6),
    SCMP_SYS(select),
    SCMP_SYS(timerfd_create),
    SCMP_SYS(timerfd_gettime),
    SCMP_SYS(timerfd_settime),
    /* the network; socket and socketpair are below */
    SCMP_SYS(accept),
    SCMP_SYS(accept4),
    SCMP_SYS(bind),
    SCMP_SYS(connect),
    SCMP_SYS(getpeername),
    SCMP_SYS(getsockname),
    SCMP_SYS(getsockopt),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmmsg),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendmmsg),
    SCMP_SYS(sendmsg),
    SCMP_SYS(sendto),
    SCMP_SYS(setsockopt),
    SCMP_SYS(shutdown),
    /* threads and signals; clone, kill and tgkill are below */
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(futex),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(rseq),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigpending),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigsuspend),
    SCMP_SYS(rt_sigtimedwait),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(sched_getparam),
    SCMP_SYS(sched_getscheduler),
    SCMP_SYS(sched_get_priority_max),
    SCMP_SYS(sched_get_priority_min),
    SCMP_SYS(sched_yield),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(set_tid_address),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(signalfd4),
    /* asking */
    SCMP_SYS(clock_getres),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(getcpu),
    SCMP_SYS(getegid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getgroups),
    SCMP_SYS(getpgrp),
    SCMP_SYS(getpid),
    SCMP_SYS(getppid),
    SCMP_SYS(getrandom),
    SCMP_SYS(getresgid),
    SCMP_SYS(getresuid),
    SCMP_SYS(getrlimit),
    SCMP_SYS(getrusage),
    SCMP_SYS(gettid),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(getuid),
    SCMP_SYS(sysinfo),
    SCMP_SYS(time),
    SCMP_SYS(times),
    SCMP_SYS(umask),
    SCMP_SYS(uname),
#ifdef PRIVILEGE_SANITIZED
    SCMP_SYS(getdents),
    SCMP_SYS(mincore),
    SCMP_SYS(ptrace),
    SCMP_SYS(wait4),
#endif
};

/* All of its comparisons have to hold; one without an operator ends them. */
struct call_rule {
    int call;
    uint32_t action;
    struct scmp_arg_cmp when[4];
};

/* clang-format off */
#define BITS_ARE(arg, mask, value) {arg, SCMP_CMP_MASKED_EQ, mask, value}
#define INT_IS(arg, value) BITS_ARE(arg, UINT32_MAX, value)
#define POINTER_IS_NULL(arg) {arg, SCMP_CMP_EQ, 0, 0}
#define ALLOW_IF(name, ...) {SCMP_SYS(name), SCMP_ACT_ALLOW, {__VA_ARGS__}}
#define ANSWER(name, error) {SCMP_SYS(name), SCMP_ACT_ERRNO(error), {{0}}}
/* clang-format on */

/* TCP and UDP only: neither raw sockets nor the protocols that nobody looks after. */
#define SOCKETS_OF(family)                                                                                             \
    ALLOW_IF(socket, INT_IS(0, family), BITS_ARE(1, 0xf, SOCK_STREAM), INT_IS(2, 0)),                                  \
        ALLOW_IF(socket, INT_IS(0, family), BITS_ARE(1, 0xf, SOCK_STREAM), INT_IS(2, IPPROTO_TCP)),                    \
        ALLOW_IF(socket, INT_IS(0, family), BITS_ARE(1, 0xf, SOCK_DGRAM), INT_IS(2, 0)),                               \
        ALLOW_IF(socket, INT_IS(0, family), BITS_ARE(1, 0xf, SOCK_DGRAM), INT_IS(2, IPPROTO_UDP))

/* A new thread of this process, and no namespace with it. */
#define THREAD_FLAGS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)
#define NAMESPACE_FLAGS                                                                                                \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET |       \
     CLONE_PTRACE | CLONE_VFORK)

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif
/* struct termios2, which later C libraries' isatty(3) asks for. */
#define ASK_TERMIOS2 0x802c542aU

static const struct call_rule rules[] = {
    /* No memory is both writable and executable, and none becomes executable that was not mapped so from a file. */
    ALLOW_IF(mmap, BITS_ARE(2, PROT_WRITE | PROT_EXEC, 0)),
    ALLOW_IF(mmap, BITS_ARE(2, PROT_WRITE | PROT_EXEC, PROT_WRITE)),
    ALLOW_IF(mmap, BITS_ARE(2, PROT_WRITE | PROT_EXEC, PROT_EXEC), BITS_ARE(3, MAP_ANONYMOUS, 0)),
    ALLOW_IF(mprotect, BITS_ARE(2, PROT_EXEC, 0)),
    ALLOW_IF(clone, BITS_ARE(0, THREAD_FLAGS | NAMESPACE_FLAGS, THREAD_FLAGS)),
    /* Its flags are in memory, where no filter sees them; the C library then takes clone(2). */
    ANSWER(clone3, ENOSYS),
    SOCKETS_OF(AF_INET),
    SOCKETS_OF(AF_INET6),
    ALLOW_IF(socket, INT_IS(0, AF_UNIX)),
    /* getaddrinfo(3) asks for the addresses of this host. */
    ALLOW_IF(socket, INT_IS(0, AF_NETLINK), INT_IS(2, NETLINK_ROUTE)),
    ALLOW_IF(socketpair, INT_IS(0, AF_UNIX)),
    /* Those of records and flags: no owner that gets signals, no lease, no notification. */
    ALLOW_IF(fcntl, INT_IS(1, F_DUPFD)),
    ALLOW_IF(fcntl, INT_IS(1, F_DUPFD_CLOEXEC)),
    ALLOW_IF(fcntl, INT_IS(1, F_GETFD)),
    ALLOW_IF(fcntl, INT_IS(1, F_SETFD)),
    ALLOW_IF(fcntl, INT_IS(1, F_GETFL)),
    ALLOW_IF(fcntl, INT_IS(1, F_SETFL)),
    ALLOW_IF(fcntl, INT_IS(1, F_GETLK)),
    ALLOW_IF(fcntl, INT_IS(1, F_SETLK)),
    ALLOW_IF(fcntl, INT_IS(1, F_SETLKW)),
    ALLOW_IF(fcntl, INT_IS(1, F_OFD_GETLK)),
    ALLOW_IF(fcntl, INT_IS(1, F_OFD_SETLK)),
    ALLOW_IF(fcntl, INT_IS(1, F_OFD_SETLKW)),
    ALLOW_IF(fcntl, INT_IS(1, F_GETPIPE_SZ)),
    ALLOW_IF(fcntl, INT_IS(1, F_SETPIPE_SZ)),
    /* Is it a terminal, how much is there to read, and if_nametoindex(3) of addresses such as fe80::1%eth0. */
    ALLOW_IF(ioctl, INT_IS(1, TCGETS)),
    ALLOW_IF(ioctl, INT_IS(1, ASK_TERMIOS2)),
    ALLOW_IF(ioctl, INT_IS(1, TIOCGWINSZ)),
    ALLOW_IF(ioctl, INT_IS(1, FIONREAD)),
    ALLOW_IF(ioctl, INT_IS(1, FIONBIO)),
    ALLOW_IF(ioctl, INT_IS(1, FIOCLEX)),
    ALLOW_IF(ioctl, INT_IS(1, SIOCGIFINDEX)),
    ALLOW_IF(ioctl, INT_IS(1, SIOCGIFNAME)),
    ALLOW_IF(prctl, INT_IS(0, PR_SET_NAME)),
    ALLOW_IF(prctl, INT_IS(0, PR_GET_NAME)),
    ALLOW_IF(prctl, INT_IS(0, PR_SET_VMA)),
    /* Limits are read, not set, and one's own. */
    ALLOW_IF(prlimit64, INT_IS(0, 0), POINTER_IS_NULL(2)),
    /* Kerberos, which libpq brings, looks for tickets in the kernel's keyrings. */
    ANSWER(keyctl, ENOSYS),
    ANSWER(add_key, ENOSYS),
    ANSWER(request_key, ENOSYS),
#ifdef PRIVILEGE_SANITIZED
    /* The process that looks for leaks. */
    ALLOW_IF(clone, BITS_ARE(0, CLONE_THREAD | CLONE_VM | CLONE_UNTRACED | NAMESPACE_FLAGS, CLONE_VM | CLONE_UNTRACED)),
    ALLOW_IF(prctl, INT_IS(0, PR_SET_DUMPABLE)),
    ALLOW_IF(prctl, INT_IS(0, PR_GET_DUMPABLE)),
    ALLOW_IF(prctl, INT_IS(0, PR_SET_PTRACER)),
    ALLOW_IF(prctl, INT_IS(0, PR_SET_PDEATHSIG)),
#endif
};

static unsigned count_comparisons(const struct call_rule *rule)
{
    unsigned count = 0;

    while (rule->when[count].op)
        count++;
    return count;
}

static int add_rules(scmp_filter_ctx filter)
{
    struct scmp_arg_cmp ours = INT_IS(0, (uint32_t)getpid());
    int r = 0;

    for (size_t i = 0; r == 0 && i < SN_ARRAY_SIZE(plain_calls); i++)
        r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, plain_calls[i], 0);
    for (size_t i = 0; r == 0 && i < SN_ARRAY_SIZE(rules); i++)
        r = seccomp_rule_add_array(filter, rules[i].action, rules[i].call, count_comparisons(&rules[i]), rules[i].when);
    /* abort(3), raise(3) and pthread_kill(3). */
    if (r == 0)
        r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, ours);
    if (r == 0)
        r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(kill), 1, ours);
    return r;
}

static int set_attributes(scmp_filter_ctx filter, uint32_t otherwise)
{
    int r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, otherwise);

    /* There is one thread, but a sanitizer's. */
    if (r == 0)
        r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    /* A binary tree of the numbers instead of a list. */
    if (r == 0)
        r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    return r;
}

static void cleanup_filter(scmp_filter_ctx *filter)
{
    if (*filter)
        seccomp_release(*filter);
}

#ifdef PRIVILEGE_SANITIZED
#define OTHERWISE SCMP_ACT_TRAP

/* A build for tests says by itself which call it was, and then ends as the product would. */
static void tell(int number, siginfo_t *info, void *context)
{
    static const char digits[] = "0123456789";
    char text[] = "the filter does not have system call 0000\n";
    struct sigaction action = {.sa_handler = SIG_DFL};
    int call = info->si_syscall;
    ssize_t written;

    (void)context;
    for (size_t at = sizeof(text) - 3; call > 0 && text[at] == '0'; at--, call /= 10)
        text[at] = digits[call % 10];
    written = write(STDERR_FILENO, text, sizeof(text) - 1);
    (void)written;
    sigaction(number, &action, NULL);
    raise(number);
}

static void install_teller(void)
{
    struct sigaction action = {.sa_sigaction = tell, .sa_flags = SA_SIGINFO | SA_NODEFER};

    sigaction(SIGSYS, &action, NULL);
}
#else
#define OTHERWISE SCMP_ACT_KILL_PROCESS

static void install_teller(void)
{
}
#endif

int privilege_seccomp_enter(struct failure *failure)
{
    __attribute__((cleanup(cleanup_filter))) scmp_filter_ctx filter = seccomp_init(OTHERWISE);
    int r;

    if (!filter)
        return fail_nomem(failure);
    r = set_attributes(filter, OTHERWISE);
    if (r == 0)
        r = add_rules(filter);
    if (r == 0) {
        install_teller();
        r = seccomp_load(filter);
    }
    if (r < 0)
        return fail(failure, FAIL_INTERNAL, "cannot load the frontend's system call filter: %s", strerror(-r));
    return 0;
}
