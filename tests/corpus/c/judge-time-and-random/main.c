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


#include <sys/random.h>
#include <sys/time.h>
int main(void)
{
    struct timespec t;
    struct timeval tv;
    unsigned char bytes[16];
    struct itimerval timer = {{0, 0}, {0, 10000}};
    srand((unsigned)time(NULL));
    signal(SIGALRM, SIG_IGN);
    printf("%d %d %d %d %d\n", clock_gettime(CLOCK_MONOTONIC, &t), gettimeofday(&tv, NULL),
           getrandom(bytes, 16, 0) == 16, setitimer(ITIMER_REAL, &timer, NULL), clock() >= 0);
    return 0;
}
