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
    const char *paths[] = {"/work/a", "/tmp/b", "/dev/shm/c", "relative"};
    for (int i = 0; i < 4; i++) {
        char text[16] = "";
        FILE *file = fopen(paths[i], "w+");
        if (!file) {
            perror(paths[i]);
            return 1;
        }
        fputs("kept", file);
        rewind(file);
        if (!fgets(text, sizeof(text), file))
            return 2;
        printf("%s %s\n", paths[i], text);
        fclose(file);
    }
    return 0;
}
