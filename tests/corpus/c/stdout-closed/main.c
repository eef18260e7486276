#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
    puts("before");
    fflush(stdout);
    close(0);
    close(1);
    close(2);
    usleep(100000);
    return 7;
}
