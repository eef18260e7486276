/* SPDX-License-Identifier: MIT */
/* Uses 60 MiB where it is not looked for, or for a moment only: the figure reported has to have them all the same. */
#include "attack.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define SIZE (60UL << 20)

static void use(size_t size)
{
    char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (at == MAP_FAILED)
        _exit(1);
    memset(at, 1, size);
    munmap(at, size);
}

static void file(int fd)
{
    static char block[65536];

    memset(block, 1, sizeof(block));
    for (size_t i = 0; i < SIZE / sizeof(block); i++)
        if (write(fd, block, sizeof(block)) < 0)
            _exit(1);
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "freed";
    int fd;

    if (strcmp(how, "freed") == 0) {
        use(SIZE);
    } else if (strcmp(how, "child") == 0) {
        if (fork() == 0) {
            if (fork() == 0)
                use(SIZE);
            else
                wait(NULL);
            _exit(0);
        }
        wait(NULL);
    } else if (strcmp(how, "together") == 0) {
        /* a fourth each, at the same time */
        volatile int *ready = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

        for (int i = 0; i < 4; i++) {
            if (fork() == 0) {
                char *at = mmap(NULL, SIZE / 4, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

                if (at != MAP_FAILED)
                    memset(at, 1, SIZE / 4);
                __atomic_add_fetch(ready, 1, __ATOMIC_SEQ_CST);
                while (*ready < 4)
                    usleep(5000);
                usleep(100000);
                _exit(0);
            }
        }
        while (wait(NULL) > 0)
            ;
    } else if (strcmp(how, "exec") == 0) {
        char *at = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (at != MAP_FAILED)
            memset(at, 1, SIZE);
        execl("/usr/bin/true", "true", NULL);
    } else if (strcmp(how, "memfd") == 0) {
        file(memfd_create("hidden", 0));
    } else {
        fd = open(how, O_RDWR | O_CREAT | O_EXCL, 0600);
        if (fd < 0)
            _exit(1);
        unlink(how);
        file(fd);
    }
    _exit(0);
}
