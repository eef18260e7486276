/* SPDX-License-Identifier: MIT */
/*
 * Memory that an earlier run was charged for: `plant` leaves 30 MiB in a file, `look` writes to all of it, as to a
 * heap, and to 30 MiB of its own beside it. The manifest gives a run 48 MiB.
 */
#include "attack.h"

#include <fcntl.h>
#include <sys/mman.h>

#define SIZE (30UL << 20)

/* A byte of each page. */
static void touch(char *memory)
{
    for (size_t i = 0; i < SIZE; i += 4096)
        memory[i] = 1;
}

int main(int argc, char **argv)
{
    int fd;
    char *memory;

    if (argc < 3)
        cannot("it wants a path, and plant or look");
    fd = open(argv[1], O_RDWR | O_CREAT, 0600);
    if (fd < 0 || ftruncate(fd, SIZE) < 0)
        cannot("%s: %s", argv[1], strerror(errno));
    memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED)
        held_by_errno("mapping the file");
    touch(memory);
    if (strcmp(argv[2], "plant") == 0)
        return 0;
    memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        held_by_errno("mapping as much again");
    touch(memory);
    breach("it has 60 MiB where 48 are the limit");
}
