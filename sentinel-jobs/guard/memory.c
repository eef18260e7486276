/* SPDX-License-Identifier: MIT */
#include "guard/backend.h"

#include "base/clock.h"
#include "common/url.h"
#include "guard/arguments.h"
#include "guard/memory_rate.h"

#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <search.h>
#include <stdlib.h>
#include <sys/queue.h>

/*
 * Theory of operation
 *
 * Claims are a tree by name and a list of the same. What has expired counts as nobody's; to be rid of it, each claim
 * looks at the two that were looked at the longest time ago, drops those that have expired and puts the others at the
 * end of the list. As a call adds one claim at most and looks at two, what has expired never outnumbers the living for
 * long, whatever their times are. Rates are in memory_rate.c.
 *
 * The URL is memory: or memory:?bytes=N, the bound of what rates may use.
 */
#define RATE_BYTES (64U << 20)
/* Claims are made by our own workers, one for each job they execute: more of them is a mistake of ours. */
#define CLAIMS_MAX (1U << 18)

struct claim {
    TAILQ_ENTRY(claim) by_look;
    uint64_t expires_ns;
    char *owner;
    char name[];
};

struct memory_guard {
    struct rate_table *rates;
    pthread_mutex_t mutex; /* for what is below */
    void *by_name;
    TAILQ_HEAD(, claim) by_look;
    size_t claim_count;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct claim *)a)->name, ((const struct claim *)b)->name);
}

/* memory:, or with the one option there is; without it ret_bytes is left as it is. */
static int parse_url(const char *url, size_t *ret_bytes, struct failure *failure)
{
    static const char option[] = "?bytes=";
    const char *rest = url + strlen("memory:");
    char *end;
    unsigned long long bytes;

    if (!*rest)
        return 0;
    if (strncmp(rest, option, strlen(option)) != 0 || !isdigit((unsigned char)rest[strlen(option)]))
        return fail(failure, FAIL_INVALID, "the guard's URL is memory: or memory:?bytes=N");
    errno = 0;
    bytes = strtoull(rest + strlen(option), &end, 10);
    if (*end || errno != 0 || bytes < 1024)
        return fail(failure, FAIL_INVALID, "the bytes of the guard's URL are no number of at least 1024");
    *ret_bytes = bytes;
    return 0;
}

static int memory_open(const char *url, void **ret_self, struct failure *failure)
{
    struct memory_guard *guard;
    size_t bytes = RATE_BYTES;
    int error = parse_url(url, &bytes, failure);

    if (error < 0)
        return error;
    guard = calloc(1, sizeof(*guard));
    if (!guard)
        return fail_nomem(failure);
    error = rate_table_make(bytes, &guard->rates, failure);
    if (error < 0) {
        free(guard);
        return error;
    }
    pthread_mutex_init(&guard->mutex, NULL);
    TAILQ_INIT(&guard->by_look);
    *ret_self = guard;
    return 0;
}

static void free_claim(struct claim *claim)
{
    free(claim->owner);
    free(claim);
}

static void drop_claim(struct memory_guard *guard, struct claim *claim)
{
    tdelete(claim, &guard->by_name, compare_names);
    TAILQ_REMOVE(&guard->by_look, claim, by_look);
    guard->claim_count--;
    free_claim(claim);
}

static void memory_close(void *self)
{
    struct memory_guard *guard = self;

    while (!TAILQ_EMPTY(&guard->by_look))
        drop_claim(guard, TAILQ_FIRST(&guard->by_look));
    pthread_mutex_destroy(&guard->mutex);
    rate_table_free(guard->rates);
    free(guard);
}

static int memory_ping(void *self, struct failure *failure)
{
    (void)self;
    (void)failure;
    return 0;
}

static void look_at_two(struct memory_guard *guard, uint64_t now)
{
    for (int i = 0; i < 2 && !TAILQ_EMPTY(&guard->by_look); i++) {
        struct claim *claim = TAILQ_FIRST(&guard->by_look);

        if (claim->expires_ns <= now) {
            drop_claim(guard, claim);
        } else {
            TAILQ_REMOVE(&guard->by_look, claim, by_look);
            TAILQ_INSERT_TAIL(&guard->by_look, claim, by_look);
        }
    }
}

static struct claim *make_claim(const char *name, const char *owner)
{
    size_t length = strlen(name);
    struct claim *claim = calloc(1, sizeof(*claim) + length + 1);

    if (!claim)
        return NULL;
    memcpy(claim->name, name, length + 1);
    claim->owner = strdup(owner);
    if (!claim->owner) {
        free(claim);
        return NULL;
    }
    return claim;
}

/* As the caller holds the mutex; `made` is put in its place, or freed where it has none. */
static int place(struct memory_guard *guard, struct claim *made, uint64_t ttl_ms, bool is_taken_over,
                 struct failure *failure)
{
    uint64_t now = sn__now_ns();
    struct claim *claim;
    struct claim **node;
    int result = 1;

    look_at_two(guard, now);
    node = tsearch(made, &guard->by_name, compare_names);
    if (!node) {
        free_claim(made);
        return fail_nomem(failure);
    }
    claim = *node;
    if (claim == made) {
        TAILQ_INSERT_TAIL(&guard->by_look, made, by_look);
        if (++guard->claim_count > CLAIMS_MAX) {
            drop_claim(guard, made);
            return fail(failure, FAIL_LIMIT, "the guard holds %u claims and takes no more", CLAIMS_MAX);
        }
    } else {
        if (is_taken_over || claim->expires_ns <= now || strcmp(claim->owner, made->owner) == 0) {
            char *before = claim->owner;

            claim->owner = made->owner;
            made->owner = before;
        } else {
            result = 0;
        }
        free_claim(made);
    }
    if (result == 1)
        claim->expires_ns = now + ttl_ms * 1000000;
    return result;
}

static int claim_or_take(void *self, const char *name, const char *owner, uint64_t ttl_ms, bool is_taken_over,
                         struct failure *failure)
{
    struct memory_guard *guard = self;
    struct claim *made;
    int result = guard_check_claim(name, owner, ttl_ms, failure);

    if (result < 0)
        return result;
    made = make_claim(name, owner);
    if (!made)
        return fail_nomem(failure);
    pthread_mutex_lock(&guard->mutex);
    result = place(guard, made, ttl_ms, is_taken_over, failure);
    pthread_mutex_unlock(&guard->mutex);
    return result;
}

static int memory_claim(void *self, const char *name, const char *owner, uint64_t ttl_ms, struct failure *failure)
{
    return claim_or_take(self, name, owner, ttl_ms, false, failure);
}

static int memory_take_over(void *self, const char *name, const char *owner, uint64_t ttl_ms, struct failure *failure)
{
    int result = claim_or_take(self, name, owner, ttl_ms, true, failure);

    return result < 0 ? result : 0;
}

static int memory_release(void *self, const char *name, const char *owner, struct failure *failure)
{
    struct memory_guard *guard = self;
    struct claim *wanted;
    struct claim **node;
    int result = guard_check_claim(name, owner, 1, failure);

    if (result < 0)
        return result;
    wanted = make_claim(name, owner);
    if (!wanted)
        return fail_nomem(failure);
    pthread_mutex_lock(&guard->mutex);
    node = tfind(wanted, &guard->by_name, compare_names);
    if (node) {
        bool is_expired = (*node)->expires_ns <= sn__now_ns();

        if (is_expired || strcmp((*node)->owner, owner) == 0)
            drop_claim(guard, *node);
        else
            result = fail(failure, FAIL_CONFLICT, "the claim is another's");
    }
    pthread_mutex_unlock(&guard->mutex);
    free_claim(wanted);
    return result;
}

static int memory_rate(void *self, const char *name, uint32_t limit, uint64_t window_ms, uint32_t cost,
                       struct guard_rate *ret_rate, struct failure *failure)
{
    struct memory_guard *guard = self;
    int error = guard_check_rate(name, window_ms, failure);

    return error < 0 ? error : rate_table_ask(guard->rates, name, limit, window_ms, cost, ret_rate, failure);
}

static const char *const prefixes[] = {"memory:", NULL};

const struct guard_backend guard_memory = {
    .name = "memory",
    .prefixes = prefixes,
    .open = memory_open,
    .close = memory_close,
    .ping = memory_ping,
    .claim = memory_claim,
    .take_over = memory_take_over,
    .release = memory_release,
    .rate = memory_rate,
};
