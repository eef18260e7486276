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
    static char buffer[1 << 16];
    int fd = open("/dev/zero", O_RDONLY);
    while (fd >= 0 && read(fd, buffer, sizeof(buffer)) > 0)
        ;
    return 1;
}
