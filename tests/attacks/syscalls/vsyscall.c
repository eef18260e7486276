/* SPDX-License-Identifier: MIT */
/*
 * The vsyscall page lies at the same address in every process and used to hold a syscall instruction that a program
 * could jump to (past the checks of its entries). Kernels of today emulate its three calls or do not map it, and it
 * cannot be read.
 */
#include "forbidden.h"

#include <signal.h>

#define PAGE 0xffffffffff600000UL

static void on_fault(int signal)
{
    static const char line[] = "HELD: nothing but the entries of the vsyscall page can be reached\n";

    (void)signal;
    _exit(write(1, line, sizeof(line) - 1) < 0);
}

int main(void)
{
    long result;

    signal(SIGSEGV, on_fault);
    signal(SIGILL, on_fault);
    /* "mov $96, %rax; syscall; ret" is what the entry has: 7 bytes further is the instruction */
    __asm__ volatile("call *%1"
                     : "=a"(result)
                     : "r"(PAGE + 7), "a"((long)FORBIDDEN), "D"(0L)
                     : "rcx", "r11", "memory", "cc");
    if (result >= 0)
        breach("the page made a call of our choice");
    held("the page's call answered %ld", result);
}
