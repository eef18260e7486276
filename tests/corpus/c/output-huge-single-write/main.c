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
    char *block = calloc(20, 1 << 20);
    if (!block)
        return 2;
    return write(1, block, 20 << 20) < 0;
}
