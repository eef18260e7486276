/* SPDX-License-Identifier: MIT */
#include "spawn/sandbox.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "config/policy.h"
#include "plan/plan.h"
#include "plan/slot.h"
#include "spawn/circumstances.h"
#include "spawn/spawn.h"
#include "spawn/tree.h"
#include "supervise/armed.h"

#include <string.h>
#include <sys/stat.h>

#define PLACE_ATTEMPTS 64
#define ATTEMPTS 5
#define REAP_PART 50
#define USES_BEFORE_IT_PAYS 2 /* of a place, until it has a stem: that costs as much as making a sandbox */
#define REAP_STALE_NS UINT64_C(10000000000) /* of one that was forked away from */

/* What an earlier attempt met. */
static void clear_error(sn_error **error)
{
    if (error) {
        sn_error_free(*error);
        *error = NULL;
    }
}

/*
 * Looking for groups of the dead takes the longer the more live ones there are, and every creation comes by here: no
 * more than one part in so many of the time goes into that.
 */
static void reap(const struct sn__cgroup_driver *driver, const char *parent)
{
    static _Atomic(uint64_t) next_ns;
    uint64_t now = sn__now_ns(), next = atomic_load(&next_ns);

    if (now < next || !atomic_compare_exchange_strong(&next_ns, &next, now + REAP_STALE_NS))
        return;
    driver->reap_stale(parent);
    atomic_store(&next_ns, now + REAP_PART * (sn__now_ns() - now));
}

/* Makes the groups; or, `is_reused`, takes a whole place that an earlier sandbox had, if there is one. */
static int take_groups(sn_sandbox *sandbox, bool is_reused, sn_error **ret_error)
{
    cleanup_free char *parent = NULL;
    const struct sn__cgroup_driver *driver;
    int r = sn__cgroup_pick_again(sandbox->spec.cgroup_parent, &driver, &parent, ret_error);

    if (r < 0)
        return r;
    if (is_reused) {
        if (!sn__place_take(sandbox, driver, parent))
            return 0;
    } else {
        reap(driver, parent);
        sandbox->driver = driver;
        r = driver->create(parent, sandbox->slot, sandbox->ids.init_outside, &sandbox->cgroup, ret_error);
    }
    if (r == 0)
        sandbox->cgroup_parent = steal_ptr(&parent);
    return r;
}

static int take_cgroup(sn_sandbox *sandbox, sn_error **ret_error)
{
    int r = 0;

    if (!(sandbox->spec.layers & SN_LAYER_CGROUP))
        return 0;
    /* what was found for an earlier sandbox may have been changed since, with nothing to tell it by */
    for (int attempt = 0; attempt < 2; attempt++) {
        if (attempt)
            clear_error(ret_error);
        r = take_groups(sandbox, false, ret_error);
        if (r == 0 || r == SN_EBUSY)
            return r;
        sn__cgroup_forget();
    }
    return r;
}

/* With another slot it may be tried again, and then with other groups. */
static int take_processors(sn_sandbox *sandbox, sn_error **ret_error)
{
    int r = sandbox->driver->confine(sandbox->cgroup, sandbox->spec.cpus, ret_error);

    if (r < 0) {
        sandbox->driver->destroy(sandbox->cgroup);
        sandbox->cgroup = NULL;
    }
    return r;
}

/*
 * A slot, its uids and its groups. That the groups belong to somebody else (SN_EBUSY) happens where two containers
 * share the cgroup file system but not the directory of slots: then another slot is tried.
 */
static int take_place(sn_sandbox *sandbox, sn_error **ret_error)
{
    int r = SN_EBUSY;

    if ((sandbox->spec.layers & SN_LAYER_CGROUP) && sandbox->ids.privileged) {
        sandbox->circumstances = sn__kept_holders() > 1 ? sn__circumstances() : 0;
        if (take_groups(sandbox, true, NULL) == 0 && sandbox->cgroup)
            return 0;
    }
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
        if (r == 0 && sandbox->spec.cpus)
            r = take_processors(sandbox, ret_error);
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

/* With what it may have forked. */
static void lose_stem(sn_sandbox *sandbox, bool is_clean)
{
    if (!sandbox->stem)
        return;
    sn__stem_free(sandbox->stem, is_clean);
    sandbox->stem = NULL;
    sn__close(sandbox->control);
    sandbox->control = -1;
}

/* There will be no sandbox: what was forked for it goes, and the stem, too, if it did not do what it should. */
static void end_asking(sn_sandbox *sandbox, bool has_failed)
{
    bool is_asked = sandbox->stem && sandbox->control >= 0 && sandbox->pidfd < 0;

    if (has_failed || (is_asked && sn__stem_hear(sandbox) < 0))
        lose_stem(sandbox, false);
}

/* It forks while we plan; that may be in vain, if the plan is of another tree. */
static void ask_stem(sn_sandbox *sandbox)
{
    if (sn__stem_suits(sandbox) && sn__stem_ask(sandbox) == 0)
        return;
    lose_stem(sandbox, true);
    sandbox->uses = 0;
}

/* Has the place a stem for this plan, or is it worth one? `tree`: the number of tree_fd's. */
static void choose_stem(sn_sandbox *sandbox, struct sn__planner *rest, uint64_t tree)
{
    uint64_t kind = sn__stem_kind(sandbox, tree);

    if (sandbox->stem && (sandbox->tree_fd < 0 || sn__stem_tree(sandbox->stem) != tree))
        lose_stem(sandbox, true);
    if (sandbox->kind != kind)
        sandbox->uses = 0;
    sandbox->kind = kind;
    if (!sandbox->stem && sandbox->tree_fd >= 0 && sandbox->uses >= USES_BEFORE_IT_PAYS) {
        sandbox->stem = sn__stem_make(sandbox, tree);
        if (sandbox->stem && sn__stem_ask(sandbox) < 0)
            lose_stem(sandbox, true);
    }
    if (sandbox->stem)
        rest->born |= SN__BORN_OF_STEM;
}

/* Whether there is a tree that PID 1 can have a copy of: then sandbox->tree_fd is it, and `rest` what is missing. */
static int choose_tree(sn_sandbox *sandbox, const struct sn__planner *whole, struct sn__planner *rest,
                       uint64_t *ret_number, sn_error **ret_error)
{
    const uint64_t needed = SN_LAYER_USER_NS | SN_LAYER_PID_NS | SN_LAYER_ROOT | SN_LAYER_PROC;
    cleanup_planner struct sn__planner tree = {0};
    int r;

    if (!sandbox->ids.privileged || (sandbox->spec.layers & needed) != needed)
        return 0;
    r = sn__plan_split(whole, &tree, rest, ret_error);
    if (r != 0)
        return r < 0 ? r : 0;
    sandbox->tree_fd = sn__tree_get(&tree, ret_number);
    rest->born = SN__BORN_IN_TREE;
    return 0;
}

static int create(sn_sandbox *sandbox, const struct sn__spec *spec, bool *ret_again, sn_error **ret_error)
{
    cleanup_planner struct sn__planner whole = {.spec = &sandbox->spec, .ids = &sandbox->ids};
    cleanup_planner struct sn__planner rest = {0};
    struct sn__planner *planner;
    cleanup_close int sysctl = -1;
    cleanup_free char *plan = NULL;
    size_t plan_size = 0;
    uint64_t tree = 0;
    int r;

    r = sn__spec_copy(spec, &sandbox->spec, ret_error);
    if (r == 0)
        r = sn__idmap_find(sandbox->spec.layers, &sandbox->ids, ret_error);
    if (r == 0)
        r = take_place(sandbox, ret_error);
    if (r == 0 && sandbox->stem)
        ask_stem(sandbox);
    sn__steps_mark(&sandbox->steps, "place");
    if (r == 0)
        r = sn__plan_mounts(&whole, ret_error);
    if (r == 0)
        r = choose_tree(sandbox, &whole, &rest, &tree, ret_error);
    if (r == 0)
        choose_stem(sandbox, &rest, tree);
    planner = sandbox->tree_fd >= 0 ? &rest : &whole;
    if (r == 0 && sandbox->tree_fd < 0)
        r = sn__plan_open_sources(&whole, ret_error);
    if (!sandbox->cgroup || sandbox->driver->launch)
        planner->born |= SN__BORN_SETTLED;
    if (r == 0 && (sandbox->spec.layers & SN_LAYER_NESTED_NS) && !(planner->born & SN__BORN_OF_STEM))
        sysctl = sn__kept_sysctl();
    sn__plan_add_sysctl(planner, &sysctl);
    if (r == 0)
        r = sn__plan_freeze(planner, &plan, &plan_size, ret_error);
    sn__steps_mark(&sandbox->steps, "plan");
    if (r == 0)
        r = sn__spawn(sandbox, planner, plan, plan_size, ret_error);
    *ret_again = r < 0 && has_replaced_source(&whole);
    /* whatever it was, the long way tells it better, or works */
    if (r < 0 && sandbox->tree_fd >= 0) {
        if (planner->born & SN__BORN_OF_STEM)
            sn__stem_refuse();
        else
            sn__tree_refuse();
        *ret_again = true;
    }
    if (r < 0)
        end_asking(sandbox, *ret_again);
    sn__close(sandbox->tree_fd);
    sandbox->tree_fd = -1;
    if (r == 0 && sandbox->spec.arm == SN_ARM_ALWAYS)
        sn__armed_prepare(sandbox, sandbox->spec.policy, &sandbox->spec.limits, "/work", NULL, false);
    return r;
}

int sn__sandbox_create(const struct sn__spec *spec, sn_sandbox **ret_sandbox, sn_error **ret_error)
{
    bool again = true;
    int r = SN_ESYS;

    for (int attempt = 0; again && attempt < ATTEMPTS; attempt++) {
        sn_sandbox *sandbox = calloc(1, sizeof(*sandbox));

        if (attempt)
            clear_error(ret_error);
        if (!sandbox)
            return sn__error_nomem(ret_error);
        sandbox->slot_fd = sandbox->pidfd = sandbox->control = sandbox->tree_fd = sandbox->waiting.listener = -1;
        sandbox->owner = getpid();
        sn__steps_begin(&sandbox->steps);
        sn__kept_hold();
        r = create(sandbox, spec, &again, ret_error);
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
    bool is_ours, is_quiet, is_over = false;

    if (!sandbox)
        return;
    is_ours = sn__sandbox_is_ours(sandbox);
    if (is_ours)
        is_over = sn__spawn_kill(sandbox);
    else
        sn__close(sandbox->pidfd);
    sn__close(sandbox->control);
    sn__armed_free(sandbox);
    is_quiet = sandbox->claims == sandbox->quiet_claims;
    if (!is_ours || !is_over || !is_quiet || sandbox->may_have_keys) {
        sn__stem_free(sandbox->stem, is_quiet);
        sandbox->stem = NULL;
        sandbox->uses = 0; /* if all are like this one, a stem would serve nobody */
    }
    if (sandbox->driver && !is_ours) {
        sandbox->driver->forget(sandbox->cgroup);
    } else if (sandbox->driver && !(is_over && sn__place_give(sandbox))) {
        sn__stem_free(sandbox->stem, true);
        sandbox->driver->destroy(sandbox->cgroup);
    }
    free(sandbox->cgroup_parent);
    /* the slot last: whoever takes it next may use its uids and group names at once */
    sn__close(sandbox->slot_fd);
    sn__network_give(sandbox->network, is_ours && is_over && is_quiet);
    if (is_ours)
        sn__kept_release();
    sn__spec_clear(&sandbox->spec);
    free(sandbox);
}

const sn_step *sn_sandbox_steps(const sn_sandbox *sandbox, size_t *ret_count)
{
    *ret_count = sandbox->steps.count;
    return sandbox->steps.list;
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
    sandbox->claims++;
    return 0;
}

void sn__sandbox_note_policy(sn_sandbox *sandbox, const sn_policy *policy)
{
    if (policy && sn__policy_only_unix_sockets(policy))
        sandbox->quiet_claims++;
    sandbox->may_have_keys = sandbox->may_have_keys || !policy || sn__policy_lets_keys(policy);
}

void sn__sandbox_note_files(sn_sandbox *sandbox)
{
    sandbox->quiet_claims++;
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
