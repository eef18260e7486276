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
    signal(SIGXFSZ, SIG_DFL);
    kill(getpid(), SIGXFSZ);
    pause();
    return 0;
}
