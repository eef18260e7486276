/* SPDX-License-Identifier: MIT */
/* More output than anybody wants to keep, on one stream or on both, by every call that writes. The limit is 64 KiB. */
#include "attack.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <sys/wait.h>

#define MOST (2UL << 20)

static char block[16384];

/* One descriptor's block by splice(), which moves as much as the pipe at its end has room for. */
static size_t put_by_splice(int fd, struct iovec *one)
{
    size_t moved = 0;
    int pair[2];
    ssize_t n;

    if (pipe(pair) < 0)
        cannot("pipe: %s", strerror(errno));
    n = vmsplice(pair[1], one, 1, 0);
    for (ssize_t left = n; left > 0 && n > 0; left -= n) {
        n = splice(pair[0], NULL, fd, NULL, (size_t)left, 0);
        moved += n > 0 ? (size_t)n : 0;
    }
    close(pair[0]);
    close(pair[1]);
    return moved;
}

static size_t put(int fd, const char *how)
{
    struct iovec one = {block, sizeof(block)};
    ssize_t n;

    if (strcmp(how, "splice") == 0)
        return put_by_splice(fd, &one);
    n = strcmp(how, "vector") == 0 ? writev(fd, &one, 1) : write(fd, block, sizeof(block));
    return n > 0 ? (size_t)n : 0;
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "stdout";
    size_t got = 0, step = 1;
    int first = strcmp(how, "stderr") == 0 ? 2 : 1;
    int last = strcmp(how, "stdout") == 0 ? 1 : 2;
    int status = 0;

    memset(block, 'x', sizeof(block));
    block[sizeof(block) - 1] = '\n';
    if (strcmp(how, "child") == 0 && fork() != 0) {
        /* by somebody else: what this one writes itself is nothing */
        close(1);
        close(2);
        wait(&status);
        _exit(WEXITSTATUS(status));
    }
    if (strcmp(how, "again") == 0) {
        /* by descriptors of its own making */
        dup2(1, 100);
        dup2(2, 101);
        first = 100;
        last = 101;
    }
    while (got < MOST && step > 0) {
        step = 0;
        for (int fd = first; fd <= last; fd++)
            step += put(fd, how);
        got += step;
    }
    if (got >= MOST)
        breach("%zu KiB were written", got / 1024);
    held("%zu KiB, then %s", got / 1024, strerror(errno));
}
