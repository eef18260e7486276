#define _GNU_SOURCE
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <pthread.h>

static void *attack(void *unused)
{
    syscall(SYS_keyctl, 0, -3, 0);
    return unused;
}

int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, attack, NULL);
    pthread_join(thread, NULL);
    puts("still here");
    return 0;
}
