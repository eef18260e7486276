/* SPDX-License-Identifier: MIT */
#include "spawn/kept.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "spawn/init_blob.h"
#include "spawn/tree.h"
#include "supervise/cgroup.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <sys/stat.h>

#define NETWORKS_MAX 16 /* more than a process starts sandboxes at once */

/* The process that has them, and how many sandboxes it has: one number, so that both change together. */
static _Atomic(uint64_t) holders;
static _Atomic(struct sn__network *) networks[NETWORKS_MAX];
static atomic_int init_fd = -1;

static uint64_t holders_of(pid_t pid, uint32_t count)
{
    return (uint64_t)(uint32_t)pid << 32 | count;
}

void sn__kept_hold(void)
{
    const pid_t self = getpid();
    uint64_t before = atomic_load(&holders), after;

    do
        after = (pid_t)(before >> 32) == self ? before + 1 : holders_of(self, 1);
    while (!atomic_compare_exchange_weak(&holders, &before, after));
}

unsigned sn__kept_holders(void)
{
    return (uint32_t)atomic_load(&holders);
}

static bool is_init(int fd)
{
    const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    struct stat st;

    return fd >= 0 && fcntl(fd, F_GET_SEALS) == seals && fstat(fd, &st) == 0 &&
           (size_t)st.st_size == sn__init_blob_size;
}

static bool is_network(const struct sn__network *network)
{
    struct stat st;

    return fstat(network->fd, &st) == 0 && st.st_dev == network->device && st.st_ino == network->inode;
}

static void network_free(struct sn__network *network)
{
    if (network && network->fd >= 0 && is_network(network))
        sn__close(network->fd);
    free(network);
}

void sn__kept_release(void)
{
    uint64_t left = atomic_fetch_sub(&holders, 1) - 1;
    int fd;

    if ((uint32_t)left > 0)
        return;
    sn__tree_forget();
    sn__cgroup_forget();
    fd = atomic_exchange(&init_fd, -1);
    if (is_init(fd))
        sn__close(fd);
    for (size_t i = 0; i < NETWORKS_MAX; i++)
        network_free(atomic_exchange(&networks[i], NULL));
}

int sn__kept_init(void)
{
    int fd = atomic_load(&init_fd), before = fd;

    if (is_init(fd))
        return fd;
    fd = sn__file_sealed_memfd("sentinel-init", sn__init_blob, sn__init_blob_size);
    if (fd < 0)
        return fd;
    if (atomic_compare_exchange_strong(&init_fd, &before, fd))
        return fd;
    /* another thread was faster */
    sn__close(fd);
    return before;
}

struct sn__network *sn__network_new(void)
{
    struct sn__network *network = calloc(1, sizeof(*network));

    if (network) {
        network->fd = -1;
        network->owner = getpid();
        network->is_quiet = true;
    }
    return network;
}

struct sn__network *sn__network_take(void)
{
    for (size_t i = 0; i < NETWORKS_MAX; i++) {
        struct sn__network *network = atomic_load(&networks[i]) ? atomic_exchange(&networks[i], NULL) : NULL;

        /* a parent's is still the parent's to use: two sandboxes would have it at once */
        if (network && network->owner == getpid() && is_network(network))
            return network;
        network_free(network);
    }
    return NULL;
}

void sn__network_give(struct sn__network *network, bool is_over)
{
    for (size_t i = 0; network && is_over && network->fd >= 0 && i < NETWORKS_MAX; i++) {
        struct sn__network *none = NULL;

        if (atomic_compare_exchange_strong(&networks[i], &none, network))
            return;
    }
    network_free(network);
}
