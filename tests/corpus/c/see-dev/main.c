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

int main(void)
{
    const char *paths[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"};
    char byte;
    for (int i = 0; i < 5; i++) {
        int fd = open(paths[i], O_RDWR);
        if (fd < 0)
            fd = open(paths[i], O_RDONLY);
        printf("%s %d\n", paths[i], fd < 0 ? -1 : (int)read(fd, &byte, 1));
    }
    int full = open("/dev/full", O_WRONLY), null = open("/dev/null", O_WRONLY);
    printf("%d %d\n", write(full, "x", 1) < 0 && errno == ENOSPC, (int)write(null, "x", 1));
    return 0;
}
