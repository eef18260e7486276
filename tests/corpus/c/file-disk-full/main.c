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
    int fd = open("/work/file", O_WRONLY | O_CREAT, 0600);
    long total = 0;
    ssize_t n;
    while (fd >= 0 && (n = write(fd, block, sizeof(block))) > 0)
        total += n;
    printf("%s after %s\n", errno == ENOSPC ? "ENOSPC" : strerror(errno),
           total >= 60 << 20 && total <= 64 << 20 ? "64 MiB" : "another size");
    return 0;
}
