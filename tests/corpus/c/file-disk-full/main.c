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
    int fd = open("/work/file", O_WRONLY | O_CREAT, 0600), mib = 0;
    while (fd >= 0 && write(fd, block, sizeof(block)) == sizeof(block))
        mib++;
    printf("%s after %s\n", errno == ENOSPC ? "ENOSPC" : strerror(errno), mib >= 60 && mib <= 64 ? "64 MiB" : "another size");
    return 0;
}
