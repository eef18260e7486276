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


#include <sys/socket.h>
int main(void)
{
    int pair[2], total = 0, value;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
        return 1;
    for (int i = 1; i <= 4; i++)
        if (fork() == 0) {
            int square = i * i;
            _exit(write(pair[1], &square, sizeof(square)) != sizeof(square));
        }
    for (int i = 0; i < 4; i++)
        if (read(pair[0], &value, sizeof(value)) == sizeof(value))
            total += value;
    printf("%d\n", total);
    return 0;
}
