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

#include <sys/ipc.h>
#include <sys/shm.h>
int main(void)
{
    struct shmid_ds info;
    int highest = shmctl(0, SHM_INFO, &info);
    printf("%d\n", highest);
    return 0;
}
