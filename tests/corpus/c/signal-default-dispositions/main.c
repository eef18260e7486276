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
    int wrong = 0;
    sigset_t mask;
    sigprocmask(SIG_BLOCK, NULL, &mask);
    for (int s = 1; s < 32; s++) {
        struct sigaction action;
        if (sigaction(s, NULL, &action) == 0 && action.sa_handler != SIG_DFL)
            printf("signal %d is not at its default\n", s), wrong = 1;
        if (sigismember(&mask, s))
            printf("signal %d is blocked\n", s), wrong = 1;
    }
    puts(wrong ? "wrong" : "clean");
    return 0;
}
