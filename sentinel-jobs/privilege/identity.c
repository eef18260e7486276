/* SPDX-License-Identifier: MIT */
#include "privilege/steps.h"

#include "base/cleanup.h"

#include <errno.h>
#include <grp.h>
#include <linux/securebits.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

/*
 * Neither uid 0 nor an exec brings anything back, changing ids drops nothing by itself (we do it), and all of that is
 * for good. KEEP_CAPS stays off.
 */
#define SECUREBITS                                                                                                     \
    (SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED |                   \
     SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED)

static void cleanup_cap(cap_t *caps)
{
    if (*caps)
        cap_free(*caps);
}

static int step_failed(struct failure *failure, const char *step)
{
    return fail(failure, FAIL_INTERNAL, "the frontend cannot drop its privileges: %s: %s", step, strerror(errno));
}

/* What root alone can do, in the order in which each still has the capability that it takes. */
static int leave_root(const struct privilege_user *user, struct failure *failure)
{
    for (cap_value_t cap = 0; cap < cap_max_bits(); cap++)
        if (cap_drop_bound(cap) < 0)
            return step_failed(failure, "bounding set");
    if (prctl(PR_SET_SECUREBITS, SECUREBITS, 0, 0, 0) < 0)
        return step_failed(failure, "securebits");
    if (setgroups(0, NULL) < 0)
        return step_failed(failure, "setgroups");
    if (setresgid(user->gid, user->gid, user->gid) < 0)
        return step_failed(failure, "setresgid");
    if (setresuid(user->uid, user->uid, user->uid) < 0)
        return step_failed(failure, "setresuid");
    return 0;
}

static int drop_capabilities(struct failure *failure)
{
    __attribute__((cleanup(cleanup_cap))) cap_t none = cap_init();

    if (!none)
        return fail_nomem(failure);
    if (cap_reset_ambient() < 0)
        return step_failed(failure, "ambient set");
    if (cap_set_proc(none) < 0)
        return step_failed(failure, "capabilities");
    return 0;
}

/* A step that did nothing and said so to nobody would be the worst of all failures. */
static bool is_done(const struct privilege_user *user)
{
    __attribute__((cleanup(cleanup_cap))) cap_t now = cap_get_proc();
    __attribute__((cleanup(cleanup_cap))) cap_t none = cap_init();
    uid_t uids[3];
    gid_t gids[3];

    if (!now || !none || cap_compare(now, none) != 0)
        return false;
    if (getresuid(&uids[0], &uids[1], &uids[2]) < 0 || getresgid(&gids[0], &gids[1], &gids[2]) < 0)
        return false;
    for (int i = 0; i < 3; i++)
        if (uids[i] != user->uid || gids[i] != user->gid)
            return false;
    if (!user->is_switched)
        return true;
    return getgroups(0, NULL) == 0 && setresuid((uid_t)-1, 0, (uid_t)-1) < 0 &&
           setresgid((gid_t)-1, 0, (gid_t)-1) < 0 && prctl(PR_GET_SECUREBITS, 0, 0, 0, 0) == SECUREBITS &&
           cap_get_bound(CAP_SYS_ADMIN) == 0;
}

int privilege_become(const struct privilege_user *user, struct failure *failure)
{
    int r = user->is_switched ? leave_root(user, failure) : 0;

    if (r == 0)
        r = drop_capabilities(failure);
    if (r == 0 && !is_done(user))
        r = fail(failure, FAIL_INTERNAL, "the frontend still has privileges after they were dropped");
    return r;
}
