/* SPDX-License-Identifier: MIT */
#include "spawn/stem.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/fnv.h"
#include "spawn/control.h"
#include "spawn/pid_numbers.h"
#include "spawn/sandbox.h"
#include "spawn/spawn.h"

#include <sentinel/layer.h>

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#define FORK_TIMEOUT_MS 10000

struct sn__stem {
    pid_t owner;
    pid_t pid_in_proc;
    struct sn__kept_fd control, pidfd;
    uint64_t layers;
    uint64_t tree;
    uint64_t circumstances; /* that it was made in */
    char *hostname;
    struct sn__network *network;
};

static atomic_uint refused_for;

void sn__stem_refuse(void)
{
    atomic_store(&refused_for, SN__REFUSED_FOR);
}

void sn__stem_forget(void)
{
    atomic_store(&refused_for, 0);
}

/* What of a sandbox is not made anew by a fork must be out of its programs' reach. */
static bool is_possible(const sn_sandbox *sandbox)
{
    const uint64_t needed = SN_LAYER_USER_NS | SN_LAYER_PID_NS | SN_LAYER_MOUNT_NS | SN_LAYER_IPC_NS | SN_LAYER_UTS_NS |
                            SN_LAYER_NETWORK_NS | SN_LAYER_CGROUP_NS | SN_LAYER_CGROUP | SN_LAYER_UID |
                            SN_LAYER_CAPABILITIES | SN_LAYER_ROOT | SN_LAYER_PROC | SN_LAYER_NESTED_NS;
    const struct sn__spec *spec = &sandbox->spec;

    return (spec->layers & needed) == needed && sandbox->ids.privileged && sandbox->ids.own_uid &&
           spec->network == SN_NETWORK_NONE && !spec->is_joined && !spec->cpus && sandbox->driver->launch &&
           !sn__refused(&refused_for);
}

/* As a launcher looks before it enters a network namespace again. */
static bool has_no_socket(const struct sn__stem *stem)
{
    static const char none[] = "sockets: used 0\n";
    cleanup_free char *text = NULL;
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/net/sockstat", (int)stem->pid_in_proc);
    return sn__file_read_at(AT_FDCWD, path, 4096, &text, NULL) == 0 && strncmp(text, none, strlen(none)) == 0;
}

uint64_t sn__stem_tree(const struct sn__stem *stem)
{
    return stem->tree;
}

uint64_t sn__stem_kind(const sn_sandbox *sandbox, uint64_t tree)
{
    uint64_t kind = SN__FNV_BEGIN;

    sn__fnv_add(&kind, &tree, sizeof(tree));
    sn__fnv_add(&kind, &sandbox->circumstances, sizeof(sandbox->circumstances));
    sn__fnv_add(&kind, sandbox->spec.hostname, strlen(sandbox->spec.hostname));
    return kind;
}

bool sn__stem_suits(const sn_sandbox *sandbox)
{
    const struct sn__stem *stem = sandbox->stem;

    /* alive after all: its number in /proc was its own until then */
    return stem && is_possible(sandbox) && stem->owner == getpid() && sn__kept_fd_is_ours(&stem->control) &&
           sn__kept_fd_is_ours(&stem->pidfd) && stem->layers == sandbox->spec.layers &&
           stem->circumstances == sandbox->circumstances && strcmp(stem->hostname, sandbox->spec.hostname) == 0 &&
           has_no_socket(stem) && !sn__spawn_is_over(stem->pidfd.fd);
}

/* A sandbox that is nothing but its PID 1, which becomes the stem. */
static int build(sn_sandbox *builder)
{
    struct sn__planner planner = {
        .spec = &builder->spec, .ids = &builder->ids, .born = SN__BORN_AS_STEM | SN__BORN_IN_TREE | SN__BORN_SETTLED};
    cleanup_close int sysctl = sn__kept_sysctl();
    cleanup_free char *plan = NULL;
    size_t size = 0;
    int r;

    sn__plan_add_sysctl(&planner, &sysctl);
    r = sn__plan_freeze(&planner, &plan, &size, NULL);
    if (r == 0)
        r = sn__spawn(builder, &planner, plan, size, NULL);
    sn__planner_clear(&planner);
    return r;
}

static int take(struct sn__stem *stem, const sn_sandbox *builder)
{
    int r;

    stem->hostname = strdup(builder->spec.hostname);
    stem->pid_in_proc = builder->pid_in_proc;
    stem->layers = builder->spec.layers;
    r = stem->hostname && stem->network ? 0 : -ENOMEM;
    if (r == 0)
        r = sn__kept_fd_take(&stem->control, builder->control);
    return r < 0 ? r : sn__kept_fd_take(&stem->pidfd, builder->pidfd);
}

struct sn__stem *sn__stem_make(const sn_sandbox *sandbox, uint64_t tree)
{
    struct sn__stem *stem;
    sn_sandbox builder = {.spec = sandbox->spec,
                          .ids = sandbox->ids,
                          .driver = sandbox->driver,
                          .cgroup = sandbox->cgroup,
                          .slot_fd = sandbox->slot_fd,
                          .tree_fd = sandbox->tree_fd,
                          .pidfd = -1,
                          .control = -1,
                          .owner = getpid()};

    if (!is_possible(sandbox) || !sn__kept_fd_is_low(sandbox->tree_fd, 2))
        return NULL;
    stem = calloc(1, sizeof(*stem));
    if (!stem)
        return NULL;
    *stem = (struct sn__stem){
        .owner = getpid(), .tree = tree, .circumstances = sandbox->circumstances, .control.fd = -1, .pidfd.fd = -1};
    if (build(&builder) == 0) {
        stem->network = builder.network;
        if (take(stem, &builder) == 0)
            return stem;
    }
    sn__stem_refuse();
    sn__spawn_kill(&builder);
    sn__close(builder.control);
    sn__network_give(builder.network, false);
    free(stem->hostname);
    free(stem);
    return NULL;
}

int sn__stem_ask(sn_sandbox *sandbox)
{
    const struct sn__message message = {.type = SN__MSG_FORK};
    int pair[2], r;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    sandbox->control = pair[0];
    r = sn__control_send(sandbox->stem->control.fd, &message, &pair[1], 1);
    sn__close(pair[1]);
    return r;
}

int sn__stem_hear(sn_sandbox *sandbox)
{
    struct sn__message message;
    int r = sn__control_receive(sandbox->stem->control.fd, FORK_TIMEOUT_MS, &message, &sandbox->pidfd);

    if (r <= 0)
        return r == 0 ? -ETIME : r;
    if (message.type == SN__MSG_FAILED)
        return -(int)message.failure.error;
    return message.type == SN__MSG_FORKED && sandbox->pidfd >= 0 ? 0 : -EPROTO;
}

/*
 * Kernels before 6.9 have one inode for pidfds and more: a caller's own under that number is not to be killed by.
 * Without memory to tell by it is taken for ours: that it would be another's as well is too much of a coincidence.
 */
static bool is_its_pidfd(const struct sn__stem *stem)
{
    pid_t number = sn__kept_fd_is_ours(&stem->pidfd) ? sn__pid_number_in_proc(stem->pidfd.fd) : -1;

    return number == 0 || number == stem->pid_in_proc;
}

void sn__stem_free(struct sn__stem *stem, bool is_clean)
{
    sn_sandbox ended = {.pidfd = -1, .control = -1};

    if (!stem)
        return;
    if (stem->owner == getpid() && is_its_pidfd(stem)) {
        ended.pidfd = stem->pidfd.fd;
        /* the end of its socket ends one that may not be signalled any more */
        ended.control = sn__kept_fd_is_ours(&stem->control) ? stem->control.fd : -1;
        stem->pidfd.fd = -1;
        is_clean = sn__spawn_kill(&ended) && is_clean;
    } else {
        is_clean = false;
    }
    sn__kept_fd_close(&stem->pidfd);
    sn__kept_fd_close(&stem->control);
    sn__network_give(stem->network, is_clean);
    free(stem->hostname);
    free(stem);
}
