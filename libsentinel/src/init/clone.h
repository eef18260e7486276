/* SPDX-License-Identifier: MIT */
#ifndef SN_INIT_CLONE_H
#define SN_INIT_CLONE_H

#include "init/sys.h"

#include <linux/sched.h>

/*
 * clone3 whose child calls function(argument) on the stack that the arguments name. In the child nothing of our frame
 * may be touched again, hence the jump out of the same piece of assembler.
 */
static inline long clone_call(struct clone_args *args, int (*function)(void *), void *argument)
{
    register int (*r8)(void *) __asm__("r8") = function;
    register void *r9 __asm__("r9") = argument;
    long result;

    __asm__ volatile("syscall\n\t"
                     "test %%rax, %%rax\n\t"
                     "jnz 1f\n\t"
                     "xor %%ebp, %%ebp\n\t"
                     "mov %%r9, %%rdi\n\t"
                     "call *%%r8\n\t"
                     "hlt\n"
                     "1:"
                     : "=a"(result)
                     : "a"(__NR_clone3), "D"(args), "S"(sizeof(*args)), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory", "cc");
    return result;
}

#endif
