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


static void burn(void)
{
    volatile unsigned long n = 0;
    for (;;)
        n++;
}

int main(void)
{
    if (fork() == 0) {
        setsid();
        if (fork() == 0)
            burn();
        _exit(0);
    }
    wait(NULL);
    pause();
    return 0;
}
