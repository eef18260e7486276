#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pthread.h>
static void *ender(void *unused)
{
    (void)unused;
    exit(5);
}
int main(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, ender, NULL))
        return 99;
    pthread_join(thread, NULL);
    pause();
    return 0;
}
