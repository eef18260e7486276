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
    for (int i = 0; i < 100; i++) {
        pid_t child;
        /* The sandbox's PID 1 reaps when it gets to run: a moment's refusal is no fault of either. */
        for (int tries = 0; (child = fork()) < 0 && tries < 200; tries++)
            usleep(10000);
        if (child < 0)
            return 1;
        if (child == 0) {
            if (fork() == 0)
                _exit(0);
            _exit(0);
        }
        waitpid(child, NULL, 0);
    }
    puts("done");
    return 0;
}
