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
    int fds[2];
    char byte;
    if (pipe(fds))
        return 1;
    if (fork() == 0) {
        if (write(1, "child\n", 6) != 6 || write(fds[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    if (read(fds[0], &byte, 1) != 1)
        return 2;
    return 0;
}
