/* SPDX-License-Identifier: MIT */
#include "spawn/sandbox.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "plan/plan.h"
#include "plan/slot.h"
#include "spawn/spawn.h"
#include "supervise/armed.h"

#include <string.h>
#include <sys/stat.h>

#define PLACE_ATTEMPTS 64
#define REPLACED_ATTEMPTS 4

/* What an earlier attempt met. */
static void clear_error(sn_error **error)
{
    if (error) {
        sn_error_free(*error);
        *error = NULL;
    }
}

static int take_cgroup(sn_sandbox *sandbox, sn_error **ret_error)
{
    cleanup_free char *parent = NULL;
    int r;

    if (!(sandbox->spec.layers & SN_LAYER_CGROUP))
        return 0;
    r = sn__cgroup_pick(sandbox->spec.cgroup_parent, &sandbox->driver, &parent, ret_error);
    if (r < 0)
        return r;
    sandbox->driver->reap_stale(parent);
    return sandbox->driver->create(parent, sandbox->slot, sandbox->ids.init_outside, &sandbox->cgroup, ret_error);
}

/*
 * A slot, its uids and its groups. That the groups belong to somebody else (SN_EBUSY) happens where two containers
 * share the cgroup file system but not the directory of slots: then another slot is tried.
 */
static int take_place(sn_sandbox *sandbox, sn_error **ret_error)
{
    int r = SN_EBUSY;

    for (int attempt = 0; r == SN_EBUSY && attempt < PLACE_ATTEMPTS; attempt++) {
        int previous = sandbox->slot_fd; /* held until the next one is, so that it is another */

        sandbox->slot_fd = -1;
        clear_error(ret_error);
        r = sn__slot_take(sandbox->ids.slots, &sandbox->slot, &sandbox->slot_fd, ret_error);
        sn__close(previous);
        if (r == 0)
            r = sn__idmap_choose(sandbox->spec.layers, sandbox->slot, &sandbox->ids, ret_error);
        if (r == 0)
            r = take_cgroup(sandbox, ret_error);
    }
    return r;
}

/*
 * A file that was replaced after it was opened cannot be mounted any more. Files of the host's are (by ldconfig, say:
 * its cache is among what every sandbox sees), so that is no error: the new one can be.
 */
static bool has_replaced_source(const struct sn__planner *planner)
{
    struct stat source;

    for (uint32_t i = 0; i < planner->fd_count; i++)
        if (fstat(planner->fds[i], &source) == 0 && source.st_nlink == 0)
            return true;
    return false;
}

static int create(sn_sandbox *sandbox, const struct sn__spec *spec, bool *ret_replaced, sn_error **ret_error)
{
    cleanup_planner struct sn__planner planner = {.spec = &sandbox->spec, .ids = &sandbox->ids};
    cleanup_free char *plan = NULL;
    size_t plan_size = 0;
    int r;

    r = sn__spec_copy(spec, &sandbox->spec, ret_error);
    if (r == 0)
        r = sn__idmap_find(sandbox->spec.layers, &sandbox->ids, ret_error);
    if (r == 0)
        r = take_place(sandbox, ret_error);
    if (r == 0)
        r = sn__plan_mounts(&planner, ret_error);
    if (r == 0)
        r = sn__plan_freeze(&planner, &plan, &plan_size, ret_error);
    if (r == 0)
        r = sn__spawn(sandbox, &planner, plan, plan_size, ret_error);
    if (r == 0 && sandbox->spec.arm == SN_ARM_ALWAYS)
        sn__armed_prepare(sandbox, sandbox->spec.policy, &sandbox->spec.limits, "/work", NULL, false);
    *ret_replaced = r < 0 && has_replaced_source(&planner);
    return r;
}

int sn__sandbox_create(const struct sn__spec *spec, sn_sandbox **ret_sandbox, sn_error **ret_error)
{
    bool is_replaced = true;
    int r = SN_ESYS;

    for (int attempt = 0; is_replaced && attempt < REPLACED_ATTEMPTS; attempt++) {
        sn_sandbox *sandbox = calloc(1, sizeof(*sandbox));

        if (attempt)
            clear_error(ret_error);
        if (!sandbox)
            return sn__error_nomem(ret_error);
        sandbox->slot_fd = sandbox->pidfd = sandbox->control = sandbox->waiting.listener = -1;
        sandbox->owner = getpid();
        r = create(sandbox, spec, &is_replaced, ret_error);
        if (r == 0) {
            *ret_sandbox = sandbox;
            return 0;
        }
        sn_sandbox_destroy(sandbox);
    }
    return r;
}

int sn_sandbox_create(const sn_sandbox_options *options, sn_sandbox **ret_sandbox, sn_error **ret_error)
{
    struct sn__spec spec;
    int r;

    if (!ret_sandbox)
        return sn__error_set(ret_error, SN_EINVAL, "check options", "ret_sandbox is NULL");
    r = sn__spec_make(options, &spec, ret_error);
    if (r < 0)
        return r;
    r = sn__sandbox_create(&spec, ret_sandbox, ret_error);
    sn__spec_clear(&spec);
    return r;
}

void sn_sandbox_destroy(sn_sandbox *sandbox)
{
    if (!sandbox)
        return;
    if (sn__sandbox_is_ours(sandbox))
        sn__spawn_kill(sandbox);
    else
        sn__close(sandbox->pidfd);
    sn__close(sandbox->control);
    sn__armed_free(sandbox);
    /* in another process they stay, and with them what is known of them */
    if (sandbox->driver && sn__sandbox_is_ours(sandbox))
        sandbox->driver->destroy(sandbox->cgroup);
    /* the slot last: whoever takes it next may use its uids and group names at once */
    sn__close(sandbox->slot_fd);
    sn__spec_clear(&sandbox->spec);
    free(sandbox);
}

uint64_t sn_sandbox_layers(const sn_sandbox *sandbox)
{
    return sandbox->layers;
}

bool sn__sandbox_is_ours(const sn_sandbox *sandbox)
{
    return sandbox->owner == getpid();
}

int sn__sandbox_refuse_other(sn_error **ret_error)
{
    return sn__error_set(ret_error, SN_EINVAL, "use the sandbox",
                         "this process has the sandbox from its parent, by a fork: only the process that made it can "
                         "use it");
}

int sn__sandbox_claim(sn_sandbox *sandbox, sn_error **ret_error)
{
    if (!sn__sandbox_is_ours(sandbox))
        return sn__sandbox_refuse_other(ret_error);
    if (atomic_exchange(&sandbox->busy, true))
        return sn__error_set(ret_error, SN_EBUSY, "use the sandbox",
                             "the sandbox has a run or a file operation in progress: wait for its end");
    if (sandbox->is_dead) {
        sn__sandbox_release(sandbox);
        return sn__sandbox_died(sandbox, "use the sandbox", ret_error);
    }
    return 0;
}

void sn__sandbox_release(sn_sandbox *sandbox)
{
    atomic_store(&sandbox->busy, false);
}

bool sn__sandbox_hear(sn_sandbox *sandbox, const struct sn__message *message, int fd)
{
    struct sn__waiting *waiting = &sandbox->waiting;

    if (waiting->state == SN__WAITING_NOBODY || message->serial != waiting->serial)
        return false;
    switch (message->type) {
    case SN__MSG_ARMED:
        waiting->listener = fd;
        waiting->notification = message->armed.notification;
        waiting->state = SN__WAITING_READY;
        waiting->was_ready = true;
        return true;
    case SN__MSG_DONE:
    case SN__MSG_FAILED:
        waiting->state = SN__WAITING_GONE;
        return false; /* no descriptor comes with these */
    default:
        return false;
    }
}

int sn__sandbox_died(sn_sandbox *sandbox, const char *step, sn_error **ret_error)
{
    sandbox->is_dead = true;
    return sn__error_set(ret_error, SN_EDIED, step,
                         "the sandbox's PID 1 is gone (killed from outside, or the host is out of memory): destroy the "
                         "sandbox and create another");
}
