/* SPDX-License-Identifier: MIT */
#include "guard/memory_rate.h"

#include "base/clock.h"
#include "guard/arguments.h"

#include <pthread.h>
#include <search.h>
#include <stdlib.h>
#include <sys/queue.h>

/* Units that were allowed at one time, or within one granule after it. */
struct grant {
    uint64_t begin_ns;
    uint64_t units;
};

/* A queue of grants, oldest first, in a ring whose capacity is a power of two (or 0). */
struct window {
    TAILQ_ENTRY(window) by_use;
    struct grant *ring;
    size_t capacity;
    size_t first;
    size_t count;
    uint64_t used;    /* the sum of all units in the ring */
    uint64_t idle_ns; /* when the last of them leaves */
    size_t bytes;     /* what it counts for in the table */
    char name[];
};

/* Names come from clients: a balanced tree (tsearch(3)) cannot be flooded with collisions as a hash table can. */
struct rate_table {
    pthread_mutex_t mutex;
    void *by_name;
    TAILQ_HEAD(, window) by_use; /* the one asked about last is the last */
    size_t bytes;
    size_t bytes_max;
};

/* What a node of the tree costs besides the window itself: malloc's header and three pointers. */
#define NODE_BYTES 64

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct window *)a)->name, ((const struct window *)b)->name);
}

int rate_table_make(size_t bytes, struct rate_table **ret_table, struct failure *failure)
{
    struct rate_table *table = calloc(1, sizeof(*table));

    if (!table)
        return fail_nomem(failure);
    pthread_mutex_init(&table->mutex, NULL);
    TAILQ_INIT(&table->by_use);
    table->bytes_max = bytes;
    *ret_table = table;
    return 0;
}

static void drop_window(struct rate_table *table, struct window *window)
{
    tdelete(window, &table->by_name, compare_names);
    TAILQ_REMOVE(&table->by_use, window, by_use);
    table->bytes -= window->bytes;
    free(window->ring);
    free(window);
}

void rate_table_free(struct rate_table *table)
{
    if (!table)
        return;
    while (!TAILQ_EMPTY(&table->by_use))
        drop_window(table, TAILQ_FIRST(&table->by_use));
    pthread_mutex_destroy(&table->mutex);
    free(table);
}

/* The window of a name, made if there is none, as the one used last; NULL without memory. */
static struct window *find_window(struct rate_table *table, const char *name)
{
    size_t length = strlen(name);
    struct window *made = calloc(1, sizeof(*made) + length + 1);
    struct window **node;

    if (!made)
        return NULL;
    memcpy(made->name, name, length + 1);
    node = tsearch(made, &table->by_name, compare_names);
    if (!node) {
        free(made);
        return NULL;
    }
    if (*node != made) {
        free(made);
        TAILQ_REMOVE(&table->by_use, *node, by_use);
    } else {
        made->bytes = sizeof(*made) + length + 1 + NODE_BYTES;
        table->bytes += made->bytes;
    }
    TAILQ_INSERT_TAIL(&table->by_use, *node, by_use);
    return *node;
}

static struct grant *grant_at(const struct window *window, size_t i)
{
    return &window->ring[(window->first + i) & (window->capacity - 1)];
}

static bool grow(struct rate_table *table, struct window *window)
{
    size_t capacity = window->capacity ? window->capacity * 2 : 4;
    struct grant *ring = calloc(capacity, sizeof(*ring));

    if (!ring)
        return false;
    for (size_t i = 0; i < window->count; i++)
        ring[i] = *grant_at(window, i);
    free(window->ring);
    table->bytes += (capacity - window->capacity) * sizeof(*ring);
    window->bytes += (capacity - window->capacity) * sizeof(*ring);
    window->ring = ring;
    window->capacity = capacity;
    window->first = 0;
    return true;
}

static bool add_grant(struct rate_table *table, struct window *window, uint64_t now, uint64_t granule, uint32_t units)
{
    if (window->count > 0) {
        struct grant *newest = grant_at(window, window->count - 1);

        if (now == newest->begin_ns || now - newest->begin_ns < granule) {
            newest->units += units;
            window->used += units;
            return true;
        }
    }
    if (window->count == window->capacity && !grow(table, window))
        return false;
    *grant_at(window, window->count++) = (struct grant){.begin_ns = now, .units = units};
    window->used += units;
    return true;
}

/* Lets go of what is older than the window (`span`: the window and one granule). */
static void slide(struct window *window, uint64_t now, uint64_t span)
{
    while (window->count > 0 && now - grant_at(window, 0)->begin_ns >= span) {
        window->used -= grant_at(window, 0)->units;
        window->first = (window->first + 1) & (window->capacity - 1);
        window->count--;
    }
}

static uint64_t ms_until(uint64_t then, uint64_t now)
{
    return then > now ? (then - now + 999999) / 1000000 : 0;
}

/* When so many have left that `cost` fits; what never fits is told to wait for a whole window. */
static uint64_t retry_after(const struct window *window, uint64_t now, uint64_t span, uint32_t limit, uint32_t cost)
{
    uint64_t used = window->used;

    if (cost > limit)
        return ms_until(now + span, now);
    for (size_t i = 0; i < window->count; i++) {
        used -= grant_at(window, i)->units;
        if (used + cost <= limit)
            return ms_until(grant_at(window, i)->begin_ns + span, now);
    }
    return 0;
}

/* Windows that became empty, two at a time so that no call pays for many; and, above the bound, whoever was quiet. */
static void drop_others(struct rate_table *table, const struct window *but, uint64_t now)
{
    struct window *oldest;

    for (int i = 0; i < 2; i++) {
        oldest = TAILQ_FIRST(&table->by_use);
        if (!oldest || oldest == but || oldest->idle_ns > now)
            break;
        drop_window(table, oldest);
    }
    while (table->bytes > table->bytes_max) {
        oldest = TAILQ_FIRST(&table->by_use);
        if (!oldest || oldest == but)
            break;
        drop_window(table, oldest);
    }
}

/* As the caller holds the mutex: false without memory. */
static bool ask(struct rate_table *table, const char *name, uint32_t limit, uint64_t window_ns, uint32_t cost,
                struct guard_rate *ret_rate)
{
    uint64_t now = sn__now_ns();
    uint64_t granule = guard_granularity(limit, window_ns);
    uint64_t span = window_ns + granule;
    struct window *window = find_window(table, name);
    struct guard_rate rate = {.limit = limit};

    if (!window)
        return false;
    slide(window, now, span);
    rate.is_allowed = cost == 0 || window->used + cost <= limit;
    if (rate.is_allowed && cost > 0 && !add_grant(table, window, now, granule, cost)) {
        if (window->count == 0)
            drop_window(table, window);
        return false;
    }
    if (!rate.is_allowed)
        rate.retry_after_ms = retry_after(window, now, span, limit, cost);
    rate.remaining = window->used < limit ? (uint32_t)(limit - window->used) : 0;
    if (window->count > 0) {
        window->idle_ns = grant_at(window, window->count - 1)->begin_ns + span;
        rate.reset_ms = ms_until(window->idle_ns, now);
        drop_others(table, window, now);
    } else {
        drop_window(table, window);
        drop_others(table, NULL, now);
    }
    *ret_rate = rate;
    return true;
}

int rate_table_ask(struct rate_table *table, const char *name, uint32_t limit, uint64_t window_ms, uint32_t cost,
                   struct guard_rate *ret_rate, struct failure *failure)
{
    bool is_answered;

    pthread_mutex_lock(&table->mutex);
    is_answered = ask(table, name, limit, window_ms * 1000000, cost, ret_rate);
    pthread_mutex_unlock(&table->mutex);
    return is_answered ? 0 : fail_nomem(failure);
}
