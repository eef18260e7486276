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
    for (int i = 0; i < 15; i++) {
        pid_t child = fork();
        if (child < 0)
            return 1;
        if (child == 0) {
            usleep(100000);
            _exit(0);
        }
    }
    int ended = 0;
    while (wait(NULL) > 0)
        ended++;
    printf("%d\n", ended);
    return 0;
}
