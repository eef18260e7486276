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
    if (mkdir("d", 0700) || symlink("d/target", "link") || mkfifo("fifo", 0600) || link("/work/main.c", "d/hard"))
        perror("make");
    FILE *file = fopen("link", "w");
    if (!file)
        return 1;
    fputs("x", file);
    fclose(file);
    struct stat st;
    printf("%d %d\n", stat("d/target", &st) == 0, lstat("fifo", &st) == 0 && S_ISFIFO(st.st_mode));
    return 0;
}
