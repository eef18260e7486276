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
    puts(memory ? "overcommitted" : "refused");
    free(memory);
    return 0;
}
