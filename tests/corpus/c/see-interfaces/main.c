#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include <ifaddrs.h>
int main(void)
{
    struct ifaddrs *list = NULL, *entry;
    int count = 0;
    if (getifaddrs(&list))
        printf("refused\n");
    for (entry = list; entry; entry = entry->ifa_next)
        count++;
    printf("%d\n", count);
    return 0;
}
