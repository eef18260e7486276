#define _GNU_SOURCE
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <sys/socket.h>

int main(void)
{
    socket(AF_INET6, SOCK_DGRAM, 0);
    puts("still here");
    return 0;
}
