#define _GNU_SOURCE
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    syscall(SYS_reboot, 0xfee1dead, 672274793, 0, 0);
    puts("still here");
    return 0;
}
