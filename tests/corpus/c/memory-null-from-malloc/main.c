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
    volatile size_t size = (size_t)1 << 30;
    char *memory = malloc(size);
    if (!memory) {
        puts("no memory");
        return 1;
    }
    for (size_t i = 0; i < size; i += 4096)
        ((volatile char *)memory)[i] = 1;
    return 0;
}
