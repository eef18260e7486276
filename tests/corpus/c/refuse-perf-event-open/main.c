#define _GNU_SOURCE
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


#include <sys/syscall.h>
int main(void)
{
    char attributes[128] = {0};
    printf("%s\n", syscall(SYS_perf_event_open, attributes, 0, -1, -1, 0) >= 0 ? "open" : errno == EACCES ? "EACCES" : strerror(errno));
    return 0;
}
