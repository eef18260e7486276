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
    char parameters[256] = {0};
    long fd = syscall(SYS_io_uring_setup, 8, parameters);
    printf("%s\n", fd >= 0 ? "open" : errno == ENOSYS || errno == EPERM ? "refused" : strerror(errno));
    return 0;
}
