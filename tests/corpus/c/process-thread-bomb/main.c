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


static void *wait_forever(void *unused)
{
    pause();
    return unused;
}
int main(void)
{
    pthread_t thread;
    for (int i = 0; i < 1000; i++) {
        int error = pthread_create(&thread, NULL, wait_forever, NULL);
        if (error) {
            printf("%d threads, refused: %d\n", i + 1, error == EAGAIN);
            return 1;
        }
    }
    return 0;
}
