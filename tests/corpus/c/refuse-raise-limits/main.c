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


#include <sys/resource.h>
int main(void)
{
    struct rlimit limit;
    int raised = 0;
    int which[] = {RLIMIT_NOFILE, RLIMIT_FSIZE, RLIMIT_CORE};
    for (int i = 0; i < 3; i++) {
        if (getrlimit(which[i], &limit))
            return 1;
        if (limit.rlim_max == RLIM_INFINITY)
            printf("limit %d is infinite\n", which[i]);
        limit.rlim_max = limit.rlim_cur = limit.rlim_max + 1;
        raised += setrlimit(which[i], &limit) == 0;
    }
    printf("%d\n", raised);
    return 0;
}
