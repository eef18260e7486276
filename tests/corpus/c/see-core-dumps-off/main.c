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

#include <sys/resource.h>
int main(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_CORE, &limit);
    printf("%d %d\n", limit.rlim_cur <= 1, limit.rlim_max <= 1);
    return 0;
}
