#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pthread.h>
static void *later(void *unused)
{
    (void)unused;
    usleep(200000);
    puts("the other thread");
    exit(0);
}
int main(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, later, NULL))
        return 99;
    pthread_exit(NULL);
}
