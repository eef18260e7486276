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

int main(void)
{
    const char *paths[] = {"/proc/kcore", "/proc/kallsyms", "/proc/sysrq-trigger", "/proc/timer_list", "/proc/config.gz", "/proc/keys"};
    for (int i = 0; i < 6; i++) {
        char line[64] = "";
        int fd = open(paths[i], O_RDONLY);
        if (fd >= 0 && read(fd, line, 1) > 0)
            printf("%s can be read\n", paths[i]);
    }
    printf("%d\n", open("/proc/sysrq-trigger", O_WRONLY) >= 0);
    return 0;
}
