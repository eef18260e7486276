#include <pthread.h>
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


static void *burn(void *unused)
{
    volatile unsigned long n = 0;
    (void)unused;
    for (;;)
        n++;
    return NULL;
}
int main(void)
{
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        if (pthread_create(&threads[i], NULL, burn, NULL))
            return 99;
    pthread_join(threads[0], NULL);
    return 0;
}
