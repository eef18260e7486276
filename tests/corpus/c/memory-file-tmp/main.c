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


int main(void)
{
    static char block[1 << 20];
    int fd = open("/tmp/big", O_WRONLY | O_CREAT, 0600);
    if (fd < 0)
        return 2;
    memset(block, 1, sizeof(block));
    for (int i = 0; i < 60; i++)
        if (write(fd, block, sizeof(block)) != sizeof(block))
            return 1;
    return 0;
}
