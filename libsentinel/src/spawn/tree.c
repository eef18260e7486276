/* SPDX-License-Identifier: MIT */
#include "spawn/tree.h"

#include "base/cleanup.h"
#include "spawn/kept.h"
#include "spawn/sandbox.h"
#include "spawn/spawn.h"

#include <sentinel/layer.h>

#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>

#define TREES_MAX 4 /* ways of making sandboxes that a process uses by turns */

struct tree {
    struct sn__kept_fd file; /* of the mount namespace */
    pid_t owner;
    uint64_t number;
    struct sn__buffer mounts, strings, sources; /* of its plan */
};

static _Atomic(struct tree *) trees[TREES_MAX];
static atomic_uint refused_for;

static void tree_free(struct tree *tree)
{
    if (!tree)
        return;
    sn__kept_fd_close(&tree->file);
    sn__buffer_clear(&tree->mounts);
    sn__buffer_clear(&tree->strings);
    sn__buffer_clear(&tree->sources);
    free(tree);
}

void sn__tree_forget(void)
{
    for (size_t i = 0; i < TREES_MAX; i++)
        tree_free(atomic_exchange(&trees[i], NULL));
    atomic_store(&refused_for, 0);
}

void sn__tree_refuse(void)
{
    sn__tree_forget();
    atomic_store(&refused_for, SN__REFUSED_FOR);
}

static bool same(const struct sn__buffer *a, const struct sn__buffer *b)
{
    return a->length == b->length && (a->length == 0 || memcmp(a->data, b->data, a->length) == 0);
}

static bool is_of(const struct tree *tree, const struct sn__planner *plan)
{
    return tree->owner == getpid() && same(&tree->mounts, &plan->mounts) && same(&tree->strings, &plan->strings) &&
           same(&tree->sources, &plan->sources) && sn__kept_fd_is_ours(&tree->file);
}

static int find(const struct sn__planner *plan, uint64_t *ret_number)
{
    int fd = -1;

    for (size_t i = 0; fd < 0 && i < TREES_MAX; i++) {
        struct tree *tree = atomic_exchange(&trees[i], NULL), *none = NULL;

        if (tree && is_of(tree, plan)) {
            fd = fcntl(tree->file.fd, F_DUPFD_CLOEXEC, 0);
            *ret_number = tree->number;
        } else if (tree && tree->owner != getpid()) {
            tree_free(tree); /* a parent's, of which this is a copy */
            tree = NULL;
        }
        if (tree && !atomic_compare_exchange_strong(&trees[i], &none, tree))
            tree_free(tree);
    }
    return fd;
}

/* Takes the place of another if there is no room. */
static void keep(struct tree *tree)
{
    static atomic_uint next;

    for (size_t i = 0; i < TREES_MAX; i++) {
        struct tree *none = NULL;

        if (atomic_compare_exchange_strong(&trees[i], &none, tree))
            return;
    }
    tree_free(atomic_exchange(&trees[atomic_fetch_add(&next, 1) % TREES_MAX], tree));
}

static int build(struct sn__planner *plan, int *ret_fd)
{
    /* nobody but us is in it, and nothing that we do not trust runs there: no user namespace, which would own it */
    char hostname[] = "";
    sn_sandbox builder = {.spec = {.layers = SN_LAYER_PID_NS | SN_LAYER_MOUNT_NS | SN_LAYER_PROC, .hostname = hostname},
                          .ids = {.privileged = true},
                          .pidfd = -1,
                          .control = -1,
                          .tree_fd = -1,
                          .owner = getpid()};
    cleanup_free char *bytes = NULL;
    size_t size = 0;
    int r;

    plan->spec = &builder.spec;
    plan->ids = &builder.ids;
    plan->born = SN__BORN_AS_TREE | SN__BORN_SETTLED;
    builder.slot_fd = open("/", O_PATH | O_CLOEXEC); /* it has none */
    r = builder.slot_fd < 0 ? SN_ESYS : sn__plan_open_sources(plan, NULL);
    if (r == 0)
        r = sn__plan_freeze(plan, &bytes, &size, NULL);
    if (r == 0)
        r = sn__spawn(&builder, plan, bytes, size, NULL);
    if (builder.pidfd >= 0 && !sn__spawn_kill(&builder))
        r = SN_ESYS;
    sn__close(builder.control);
    sn__close(builder.slot_fd);
    if (r == 0 && builder.tree_fd >= 0) {
        *ret_fd = builder.tree_fd;
        return 0;
    }
    sn__close(builder.tree_fd);
    return SN_ESYS;
}

static void copy(struct sn__buffer *to, const struct sn__buffer *from)
{
    sn__buffer_add(to, from->data, from->length);
}

int sn__tree_get(struct sn__planner *plan, uint64_t *ret_number)
{
    static _Atomic(uint64_t) last_number;
    struct tree *tree;
    int fd = find(plan, ret_number), made = -1;

    /* making it takes longer than making a sandbox, so only for a caller that has another one */
    if (fd >= 0 || sn__refused(&refused_for) || sn__kept_holders() < 2)
        return fd;
    tree = calloc(1, sizeof(*tree));
    if (!tree)
        return -1;
    tree->file.fd = -1;
    tree->owner = getpid();
    *ret_number = tree->number = atomic_fetch_add(&last_number, 1) + 1;
    /* before it is opened: that changes it */
    copy(&tree->mounts, &plan->mounts);
    copy(&tree->strings, &plan->strings);
    copy(&tree->sources, &plan->sources);
    if (tree->mounts.failed || tree->strings.failed || tree->sources.failed || build(plan, &made) < 0 ||
        sn__kept_fd_take(&tree->file, made) < 0) {
        sn__close(made);
        tree_free(tree);
        sn__tree_refuse();
        return -1;
    }
    fd = fcntl(made, F_DUPFD_CLOEXEC, 0);
    keep(tree);
    return fd;
}
