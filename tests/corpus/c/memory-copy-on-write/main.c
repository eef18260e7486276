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
    char *memory = touch(16 << 20);
    if (!memory)
        return 1;
    for (int i = 0; i < 8; i++)
        if (fork() == 0) {
            usleep(100000);
            _exit(memory[4096 * i] != 1);
        }
    int status, failed = 0;
    while (wait(&status) > 0)
        failed |= status;
    return failed != 0;
}
