/* SPDX-License-Identifier: MIT */
/* More room, names and depth in the directories that it may write to than they were given (64 MiB, 8192 names). */
#include "attack.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#define MIB (1UL << 20)

static void bytes(int many)
{
    static char block[65536];
    size_t got = 0;
    char name[32];
    ssize_t n = 0;

    memset(block, 1, sizeof(block));
    for (int i = 0; got < 100 * MIB; i++) {
        int fd;

        snprintf(name, sizeof(name), "flood-%d", i);
        fd = open(name, O_WRONLY | O_CREAT, 0600);
        if (fd < 0)
            break;
        for (size_t in = 0; in < (many ? MIB : 100 * MIB) && (n = write(fd, block, sizeof(block))) > 0; in += (size_t)n)
            got += (size_t)n;
        close(fd);
        if (n <= 0)
            break;
    }
    if (got > 65 * MIB)
        breach("%zu MiB were written", got / MIB);
    held("%zu MiB, then %s", got / MIB, strerror(errno));
}

static void names(const char *kind)
{
    char name[32];
    int i;

    for (i = 0; i < 20000; i++) {
        int code;

        snprintf(name, sizeof(name), "flood-%d", i);
        if (strcmp(kind, "directories") == 0)
            code = mkdir(name, 0700);
        else if (strcmp(kind, "links") == 0)
            code = symlink("/", name);
        else if (strcmp(kind, "hard-links") == 0)
            code = link("/work/attack", name);
        else if (strcmp(kind, "fifos") == 0)
            code = mkfifo(name, 0600);
        else if ((code = open(name, O_WRONLY | O_CREAT, 0600)) >= 0)
            code = close(code);
        if (code < 0)
            break;
    }
    if (i > 9000)
        breach("%d %s", i, kind);
    held("%d %s, then %s", i, kind, strerror(errno));
}

static void depth(void)
{
    int i;

    for (i = 0; i < 20000 && mkdir("d", 0700) == 0 && chdir("d") == 0; i++)
        ;
    if (i > 9000)
        breach("%d directories deep", i);
    held("%d directories deep, then %s", i, strerror(errno));
}

int main(int argc, char **argv)
{
    const char *directory = argc > 2 ? argv[1] : "/work";
    const char *kind = argc > 2 ? argv[2] : "bytes";
    int fd;

    signal(SIGXFSZ, SIG_IGN);
    if (chdir(directory) < 0)
        cannot("%s: %s", directory, strerror(errno));
    if (strcmp(kind, "bytes") == 0)
        bytes(0);
    if (strcmp(kind, "small") == 0)
        bytes(1);
    if (strcmp(kind, "depth") == 0)
        depth();
    if (strcmp(kind, "reserve") == 0 || strcmp(kind, "sparse") == 0) {
        fd = open("flood", O_RDWR | O_CREAT, 0600);
        if (fd < 0)
            cannot("flood: %s", strerror(errno));
        if (strcmp(kind, "sparse") == 0 ? ftruncate(fd, 1L << 30) < 0 : fallocate(fd, 0, 0, 100 * MIB) < 0)
            held_by_errno(kind);
        breach("%s: it has the room", kind);
    }
    names(kind);
}
