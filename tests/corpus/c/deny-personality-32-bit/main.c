#define _GNU_SOURCE
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <sys/personality.h>

int main(void)
{
    personality(PER_LINUX32);
    puts("still here");
    return 0;
}
