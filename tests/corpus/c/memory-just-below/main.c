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


static char *touch(size_t size)
{
    char *memory = malloc(size);
    if (!memory)
        return NULL;
    for (size_t i = 0; i < size; i += 4096)
        ((volatile char *)memory)[i] = 1;
    return memory;
}

int main(void)
{
    return touch(28 << 20) ? 0 : 1;
}
