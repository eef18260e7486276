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
    printf("%d %d\n", kill(1, SIGKILL) == 0, kill(getppid(), SIGKILL) == 0);
    return 0;
}
