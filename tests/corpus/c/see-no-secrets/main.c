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
    const char *paths[] = {"/etc/shadow", "/etc/gshadow", "/root", "/home", "/var/log", "/run/docker.sock", "/boot", "/sys/kernel", "/sys/fs/cgroup", "/etc/ssh", "/dev/sda", "/dev/mem", "/dev/kmsg", "/dev/fuse", "/dev/kvm"};
    for (int i = 0; i < 15; i++) {
        int fd = open(paths[i], O_RDONLY);
        if (fd >= 0)
            printf("%s can be opened\n", paths[i]);
    }
    puts("end");
    return 0;
}
