/* SPDX-License-Identifier: MIT */
/* Debugging other processes is forbidden: the system call is not allowed. */
#include <stdio.h>
#include <sys/ptrace.h>

int main(void)
{
    printf("asking to trace a process...\n");
    fflush(stdout);
    ptrace(PTRACE_ATTACH, 1, NULL, NULL);
    printf("still here\n");
    return 0;
}
