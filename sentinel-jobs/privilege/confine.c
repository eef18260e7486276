/* SPDX-License-Identifier: MIT */
#include "privilege/privilege.h"

#include "base/cleanup.h"
#include "privilege/steps.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* Neither memory of ours in a file, nor a way into it for others of the same user. */
static int close_to_others(struct failure *failure)
{
    struct rlimit none = {0, 0};

    if (setrlimit(RLIMIT_CORE, &none) < 0)
        return fail(failure, FAIL_INTERNAL, "cannot forbid core dumps: %s", strerror(errno));
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return fail(failure, FAIL_INTERNAL, "cannot become undumpable: %s", strerror(errno));
    return 0;
}

/* Temporary files of libraries, as of a large sort in SQLite: /tmp is out of reach. */
static int point_to_a_writable_place(const char *const *write_paths, struct failure *failure)
{
    return write_paths && *write_paths && setenv("TMPDIR", *write_paths, 1) < 0 ? fail_nomem(failure) : 0;
}

int privilege_confine_frontend(const struct privilege_confinement *confinement, struct failure *failure)
{
    cleanup_close int ruleset = -1;
    int r = privilege_check_alone(failure);

    if (r == 0)
        r = privilege_landlock_prepare(confinement->read_paths, confinement->write_paths, &ruleset, failure);
    if (r == 0)
        r = privilege_become(confinement->user, failure);
    if (r == 0)
        r = point_to_a_writable_place(confinement->write_paths, failure);
    /* After the ids: changing them puts both of these back. */
    if (r == 0)
        r = close_to_others(failure);
    /* The rule is the socket's end of file; this is for a frontend that is too busy to read it. */
    if (r == 0 && prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) < 0)
        r = fail(failure, FAIL_INTERNAL, "PR_SET_PDEATHSIG: %s", strerror(errno));
    if (r == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        r = fail(failure, FAIL_INTERNAL, "PR_SET_NO_NEW_PRIVS: %s", strerror(errno));
    if (r == 0)
        r = privilege_landlock_enter(ruleset, failure);
    if (ruleset >= 0)
        close(steal_fd(&ruleset));
    if (r == 0)
        r = privilege_seccomp_enter(failure);
    return r;
}

/* Whatever the frontend or a supervisor had open is not the executor's: a listening socket least of all. */
static int close_all_but(int a, int b, struct failure *failure)
{
    unsigned kept[] = {(unsigned)(a < b ? a : b), (unsigned)(a < b ? b : a), UINT_MAX};
    unsigned first = STDERR_FILENO + 1;

    for (size_t i = 0; i < SN_ARRAY_SIZE(kept); i++) {
        if (kept[i] > first && close_range(first, kept[i] - (kept[i] != UINT_MAX), 0) < 0)
            return fail(failure, FAIL_INTERNAL, "cannot close the executor's descriptors: %s", strerror(errno));
        if (kept[i] >= first)
            first = kept[i] + 1;
    }
    return 0;
}

int privilege_confine_executor(const struct privilege_user *user, const struct privilege_split *split,
                               struct failure *failure)
{
    struct rlimit none = {0, 0};
    int r = privilege_check_alone(failure);

    if (r == 0)
        r = close_all_but(split->socket, split->pidfd, failure);
    if (r < 0)
        return r;
    /*
     * An ordinary user's executor stays dumpable, for the files of an undumpable process in /proc are root's: nobody
     * could write the uid map of its children, newuidmap included. Its frontend has no way to those files all the same.
     */
    if (!user->is_switched) {
        if (setrlimit(RLIMIT_CORE, &none) < 0)
            return fail(failure, FAIL_INTERNAL, "cannot forbid core dumps: %s", strerror(errno));
        return 0;
    }
    if (unshare(CLONE_NEWNET) < 0)
        return fail(failure, FAIL_INTERNAL, "the executor cannot leave the network: %s", strerror(errno));
    return close_to_others(failure);
}
