#define _GNU_SOURCE
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <sys/personality.h>

int main(void)
{
    if (personality(ADDR_NO_RANDOMIZE) < 0)
        perror("personality");
    puts("still here");
    return 0;
}
