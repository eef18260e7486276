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
    const char *paths[] = {"/new", "/usr/new", "/etc/new", "/usr/bin/new", "/lib/new", "/dev/new", "/proc/new", "/proc/sys/kernel/hostname"};
    int written = 0;
    for (int i = 0; i < 8; i++) {
        int fd = open(paths[i], O_WRONLY | O_CREAT, 0600);
        if (fd >= 0)
            printf("%s was opened\n", paths[i]), written++;
    }
    if (unlink("/usr/bin/env") == 0 || rename("/usr/bin/env", "/work/env") == 0)
        puts("/usr/bin/env was taken away"), written++;
    if (chmod("/usr/bin/env", 04755) == 0 || chmod("/etc", 0777) == 0)
        puts("modes were changed"), written++;
    printf("%d\n", written);
    return 0;
}
