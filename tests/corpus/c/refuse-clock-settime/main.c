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
    struct timespec now = {0, 0};
    int result = clock_settime(CLOCK_REALTIME, &now);
    printf("%d %s\n", result, strerror(errno));
    return 0;
}
