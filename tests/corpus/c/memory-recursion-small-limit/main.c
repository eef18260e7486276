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


static int deeper(volatile char *above)
{
    volatile char here[4096];
    here[0] = above[0];
    here[4095] = 1;
    return deeper(here) + here[0];
}
int main(void)
{
    volatile char start[1] = {1};
    return deeper(start);
}
