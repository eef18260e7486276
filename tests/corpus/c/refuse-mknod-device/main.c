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


#include <sys/sysmacros.h>
int main(void)
{
    int made = mknod("/work/sda", S_IFBLK | 0600, makedev(8, 0));
    printf("%s\n", made == 0 ? "made" : "refused");
    return 0;
}
