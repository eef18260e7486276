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


#include <sys/personality.h>
int main(void)
{
    printf("%d %d %d\n", personality(0xffffffff) >= 0, personality(PER_LINUX32) == -1 && errno == EPERM,
           personality(READ_IMPLIES_EXEC) == -1 && errno == EPERM);
    return 0;
}
