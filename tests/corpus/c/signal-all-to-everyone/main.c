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
    if (fork() == 0) {
        pause();
        _exit(0);
    }
    puts("before");
    fflush(stdout);
    usleep(50000);
    int sent = kill(-1, SIGKILL);
    int status;
    wait(&status);
    printf("%d, child %s\n", sent, WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? "killed" : "alive");
    return 0;
}
