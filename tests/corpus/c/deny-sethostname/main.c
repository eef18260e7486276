#define _GNU_SOURCE
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    if (sethostname("owned", 5))
        perror("sethostname");
    puts("still here");
    return 0;
}
