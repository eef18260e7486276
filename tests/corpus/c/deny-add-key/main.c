#define _GNU_SOURCE
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    syscall(SYS_add_key, "user", "a", "b", 1, -3);
    puts("still here");
    return 0;
}
