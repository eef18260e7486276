/* SPDX-License-Identifier: MIT */
#include "host.h"

#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct shared *shared;

static void mark(bool inside)
{
    if (inside) {
        raise(SIGUSR1);
        allocator_begin(&shared->fault, shared->records ? &shared->allocations : NULL);
    } else {
        allocator_end();
        raise(SIGUSR2);
    }
}

static void *read_victim(size_t *ret_size)
{
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
    struct stat info;
    void *bytes = NULL;
    int fd;

    if (length <= 0)
        return NULL;
    path[length] = '\0';
    snprintf(strrchr(path, '/'), 16, "/victim");
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &info) == 0 && (bytes = malloc((size_t)info.st_size)) != NULL &&
        read(fd, bytes, (size_t)info.st_size) != info.st_size) {
        free(bytes);
        bytes = NULL;
    }
    if (fd >= 0)
        close(fd);
    *ret_size = bytes ? (size_t)info.st_size : 0;
    return bytes;
}

int host_main(int fd)
{
    struct cycle_options options = {.mark = mark, .call_over = allocator_mend};

    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (shared == MAP_FAILED)
        return 2;
    close(fd);
    options.victim = read_victim(&options.victim_size);
    if (!options.victim)
        return 2;
    options.relax = shared->relax;
    options.cgroup_parent = shared->cgroup_parent[0] ? shared->cgroup_parent : NULL;
    raise(SIGSTOP);
    while (!atomic_load(&shared->quit)) {
        struct mallinfo2 info;

        cycle_run(&options, shared->scenario, &shared->report);
        info = mallinfo2();
        shared->memory = info.uordblks + info.hblkhd;
        raise(SIGSTOP);
    }
    return 0;
}
