/* SPDX-License-Identifier: MIT */
/* More open files than it may have (256), or a larger argument list than any kernel should copy. */
#include "attack.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

static int open_one(const char *kind)
{
    if (strcmp(kind, "dup") == 0)
        return dup(0);
    if (strcmp(kind, "eventfd") == 0)
        return eventfd(0, 0);
    if (strcmp(kind, "epoll") == 0)
        return epoll_create1(0);
    return open("/dev/null", O_RDONLY);
}

static void arguments(char *self)
{
    static char text[100000];
    static char *argv[1001];

    memset(text, 'x', sizeof(text) - 1);
    argv[0] = self;
    for (int i = 1; i < 1000; i++)
        argv[i] = text;
    execv("/usr/bin/true", argv);
    held_by_errno("exec with 100 MB of arguments");
}

int main(int argc, char **argv)
{
    const char *kind = argc > 1 ? argv[1] : "open";
    struct rlimit all = {4096, 4096};
    int count = 3;

    if (strcmp(kind, "arguments") == 0)
        arguments(argv[0]);
    if (strcmp(kind, "raise") == 0 && setrlimit(RLIMIT_NOFILE, &all) == 0)
        breach("the limit was raised");
    while (count < 2000 && open_one(kind) >= 0)
        count++;
    if (count > 256)
        breach("%d open files", count);
    held("%d open files, then %s", count, strerror(errno));
}
