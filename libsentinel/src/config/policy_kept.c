/* SPDX-License-Identifier: MIT */
/*
 * The policies of callers who name none: reading one and compiling its filter takes longer than starting a program. The
 * one read last is kept for as long as none of its files changes.
 */
#include "base/cleanup.h"
#include "base/datadir.h"
#include "base/error.h"
#include "config/policy.h"

#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define FILES_MAX 8       /* a policy of more files is read every time */
#define SETTLED_SECONDS 2 /* a file that was changed this short a time ago may have been changed after it was read */

struct kept {
    sn_policy *policy;
    char *directory;
    struct stat files[FILES_MAX];
};

static struct {
    const char *name;
    _Atomic(struct kept *) kept; /* out of here while one looks at it: then others read it themselves */
} standard[] = {{"default", NULL}, {"network", NULL}};

static void kept_free(struct kept *kept)
{
    if (!kept)
        return;
    sn_policy_free(kept->policy);
    free(kept->directory);
    free(kept);
}

/* For hosts that unload the library. */
static __attribute__((destructor)) void forget(void)
{
    for (size_t i = 0; i < SN_ARRAY_SIZE(standard); i++)
        kept_free(atomic_exchange(&standard[i].kept, NULL));
}

static bool same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/* 1, 0: something is not as it was, or -errno: that cannot be told now. */
static int is_current(const struct kept *kept)
{
    if (strcmp(kept->directory, sn__datadir()) != 0)
        return 0;
    for (size_t i = 0; i < kept->policy->files_count; i++) {
        const struct stat *then = &kept->files[i];
        struct stat now;

        if (stat(kept->policy->files[i], &now) < 0)
            return errno == ENOENT ? 0 : -errno;
        if (now.st_dev != then->st_dev || now.st_ino != then->st_ino || now.st_size != then->st_size ||
            !same_time(now.st_mtim, then->st_mtim) || !same_time(now.st_ctim, then->st_ctim))
            return 0;
    }
    return 1;
}

/* NULL: it cannot be kept. `before` is the time before it was read. */
static struct kept *kept_new(sn_policy *policy, time_t before)
{
    struct kept *kept = calloc(1, sizeof(*kept));

    if (!kept || policy->files_count > FILES_MAX)
        goto fail;
    for (size_t i = 0; i < policy->files_count; i++)
        if (stat(policy->files[i], &kept->files[i]) < 0 || kept->files[i].st_ctim.tv_sec + SETTLED_SECONDS > before)
            goto fail;
    kept->directory = strdup(sn__datadir());
    if (!kept->directory)
        goto fail;
    kept->policy = sn_policy_ref(policy);
    return kept;
fail:
    free(kept);
    return NULL;
}

int sn__policy_load_standard(bool network, sn_policy **ret_policy, sn_error **ret_error)
{
    _Atomic(struct kept *) *place = &standard[network].kept;
    struct kept *kept = atomic_exchange(place, NULL), *none = NULL;
    int current = kept ? is_current(kept) : 0;
    time_t before = time(NULL);
    int r = 0;

    if (current == 1) {
        *ret_policy = sn_policy_ref(kept->policy);
    } else {
        r = sn_policy_load(standard[network].name, ret_policy, ret_error);
        if (current == 0) {
            kept_free(kept);
            kept = r < 0 ? NULL : kept_new(*ret_policy, before);
        }
    }
    if (!atomic_compare_exchange_strong(place, &none, kept))
        kept_free(kept);
    return r;
}
