#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

int main(void)
{
    struct rlimit limit = {65536, 65536};
    static char block[131072];
    int fd = open("/work/file", O_WRONLY | O_CREAT, 0600);
    if (fd < 0 || setrlimit(RLIMIT_FSIZE, &limit))
        return 1;
    if (write(fd, block, sizeof(block)) != 65536)
        return 2;
    if (write(fd, block, sizeof(block)) < 0)
        return 4;
    return 3;
}
