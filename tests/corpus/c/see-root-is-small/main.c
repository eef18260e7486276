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

#include <dirent.h>
int main(void)
{
    const char *known[] = {".", "..", "bin", "dev", "etc", "lib", "lib32", "lib64", "libx32", "libo32", "opt", "proc", "sbin", "tmp", "usr", "work", "var", "run", "sys", "home", "root", "mnt"};
    DIR *directory = opendir("/");
    struct dirent *entry;
    while (directory && (entry = readdir(directory))) {
        int found = 0;
        for (int i = 0; i < 22; i++)
            found |= !strcmp(known[i], entry->d_name);
        if (!found)
            printf("unexpected: %s\n", entry->d_name);
    }
    puts("end");
    return 0;
}
