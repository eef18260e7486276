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
    if (pipe(fds))
        return 1;
    if (fork() == 0) {
        if (fork() == 0) {
            while (getppid() != 1)
                usleep(1000);
            if (write(fds[1], "x", 1) != 1)
                _exit(1);
            _exit(0);
        }
        _exit(0);
    }
    wait(NULL);
    char byte;
    printf("%d\n", (int)read(fds[0], &byte, 1));
    return 0;
}
