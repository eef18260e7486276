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


#include <dirent.h>
int main(void)
{
    static char buffer[1 << 16];
    DIR *directory = opendir("/usr/lib/x86_64-linux-gnu");
    struct dirent *entry;
    unsigned long total = 0;
    while (directory && total < 96UL << 20 && (entry = readdir(directory))) {
        char path[4096];
        snprintf(path, sizeof(path), "/usr/lib/x86_64-linux-gnu/%s", entry->d_name);
        int fd = open(path, O_RDONLY);
        ssize_t n;
        while (fd >= 0 && (n = read(fd, buffer, sizeof(buffer))) > 0)
            total += (unsigned long)n;
        if (fd >= 0)
            close(fd);
    }
    puts(total > 0 ? "read" : "nothing to read");
    return 3;
}
