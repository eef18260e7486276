/* SPDX-License-Identifier: MIT */
#ifndef SN_INIT_SYS_H
#define SN_INIT_SYS_H

/*
 * Raw system calls for code that has no libc (sentinel-init) or must not touch it (the host's child between clone and
 * exec): the result is a value or -errno, errno itself is never written.
 */
#include <asm/unistd.h>
#include <stddef.h>
#include <stdint.h>

#ifndef __x86_64__
#error "only x86_64 has been written and tested; add the system call sequence of your architecture here"
#endif

static inline long sn__sys6(long number, long a, long b, long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

#define SN__LONG(x) ((long)(x))
#define SN__SYS_PICK(_0, _1, _2, _3, _4, _5, _6, NAME, ...) NAME
#define sn__sys(...)                                                                                                   \
    SN__SYS_PICK(__VA_ARGS__, SN__SYS_6, SN__SYS_5, SN__SYS_4, SN__SYS_3, SN__SYS_2, SN__SYS_1, SN__SYS_0)(__VA_ARGS__)
#define SN__SYS_0(n) sn__sys6(n, 0, 0, 0, 0, 0, 0)
#define SN__SYS_1(n, a) sn__sys6(n, SN__LONG(a), 0, 0, 0, 0, 0)
#define SN__SYS_2(n, a, b) sn__sys6(n, SN__LONG(a), SN__LONG(b), 0, 0, 0, 0)
#define SN__SYS_3(n, a, b, c) sn__sys6(n, SN__LONG(a), SN__LONG(b), SN__LONG(c), 0, 0, 0)
#define SN__SYS_4(n, a, b, c, d) sn__sys6(n, SN__LONG(a), SN__LONG(b), SN__LONG(c), SN__LONG(d), 0, 0)
#define SN__SYS_5(n, a, b, c, d, e) sn__sys6(n, SN__LONG(a), SN__LONG(b), SN__LONG(c), SN__LONG(d), SN__LONG(e), 0)
#define SN__SYS_6(n, a, b, c, d, e, f)                                                                                 \
    sn__sys6(n, SN__LONG(a), SN__LONG(b), SN__LONG(c), SN__LONG(d), SN__LONG(e), SN__LONG(f))

static inline _Noreturn void sn__sys_exit(int status)
{
    for (;;)
        sn__sys(__NR_exit_group, status);
}

/* All dispositions to the default: a handler or an ignored signal of the caller's is not ours. */
static inline void sn__sys_reset_signals(void)
{
    struct {
        void *handler;
        unsigned long flags;
        void *restorer;
        unsigned long mask;
    } action = {0};

    for (int number = 1; number <= 64; number++)
        sn__sys(__NR_rt_sigaction, number, &action, NULL, 8);
}

#endif
