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
    int count = 0;
    char name[64];
    for (; count < 100000; count++) {
        snprintf(name, sizeof(name), "/tmp/%d", count);
        int fd = open(name, O_WRONLY | O_CREAT, 0600);
        if (fd < 0)
            break;
        close(fd);
    }
    printf("%s %s\n", errno == ENOSPC ? "ENOSPC" : strerror(errno), count > 8000 && count <= 8192 ? "8192" : "another number");
    return 0;
}
