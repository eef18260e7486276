/* SPDX-License-Identifier: MIT */
#include "api/statistics.h"

#include "api/admit.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "common/wallclock.h"
#include "job/statistics.h"

#include <pthread.h>
#include <string.h>

enum { SECONDS_LEAST = 10, SECONDS_MOST = 86400, SECONDS_DEFAULT = 900 };
enum { BUCKETS_MOST = 240, BUCKETS_DEFAULT = 60 };
/* Of each, accepted and ended. */
enum { ROWS_MOST = 50000 };

#define KEPT_NS UINT64_C(1000000000)
/* An answer is kept so many times as long as it took to make. */
#define KEPT_TIMES 5
/* Handlers share a few threads: who waits longer for another's answer is told to come again. */
#define PATIENCE_NS UINT64_C(2000000000)
enum { CACHE_SIZE = 4 };

struct entry {
    uint32_t seconds;
    uint32_t buckets;
    uint64_t until;
    char *text;
};

struct statistics_cache {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_busy; /* somebody asks the store */
    struct entry entries[CACHE_SIZE];
};

struct statistics_cache *statistics_cache_make(void)
{
    struct statistics_cache *cache = calloc(1, sizeof(*cache));

    if (cache) {
        pthread_mutex_init(&cache->lock, NULL);
        pthread_cond_init(&cache->changed, NULL);
    }
    return cache;
}

void statistics_cache_free(struct statistics_cache *cache)
{
    if (!cache)
        return;
    for (size_t i = 0; i < CACHE_SIZE; i++)
        free(cache->entries[i].text);
    pthread_mutex_destroy(&cache->lock);
    pthread_cond_destroy(&cache->changed);
    free(cache);
}

/* Under the lock; NULL: there is none that is recent. */
static struct entry *find(struct statistics_cache *cache, uint32_t seconds, uint32_t buckets)
{
    uint64_t now = sn__now_ns();

    for (size_t i = 0; i < CACHE_SIZE; i++) {
        struct entry *entry = &cache->entries[i];

        if (entry->text && entry->until > now && entry->seconds == seconds && entry->buckets == buckets)
            return entry;
    }
    return NULL;
}

/* Under the lock, in the place of the oldest; takes the text over. */
static struct entry *keep(struct statistics_cache *cache, const struct entry *made)
{
    struct entry *oldest = &cache->entries[0];

    for (size_t i = 0; i < CACHE_SIZE; i++)
        if (cache->entries[i].until < oldest->until)
            oldest = &cache->entries[i];
    free(oldest->text);
    *oldest = *made;
    return oldest;
}

static int make(struct store *store, uint32_t seconds, uint32_t buckets, struct entry *ret_entry,
                struct failure *failure)
{
    uint64_t begun = sn__now_ns();
    int64_t now = wallclock_us();
    struct statistics_span span = statistics_span(now, seconds, buckets);
    struct job_history history = {0};
    cleanup_json json_t *document = NULL;
    uint64_t took;
    int error = store_history(store, span.since, statistics_span_end(&span), ROWS_MOST, &history, failure);

    if (error < 0)
        return error;
    document = statistics_document(&span, &history);
    job_history_free(&history);
    if (!document || json_object_set_new(document, "now", json_time(now)) < 0 ||
        json_object_set_new(document, "seconds", json_integer(seconds)) < 0)
        return fail_nomem(failure);
    *ret_entry = (struct entry){.seconds = seconds, .buckets = buckets, .text = json_print(document, NULL)};
    if (!ret_entry->text)
        return fail_nomem(failure);
    took = (sn__now_ns() - begun) * KEPT_TIMES;
    ret_entry->until = sn__now_ns() + (took > KEPT_NS ? took : KEPT_NS);
    return 0;
}

/* *ret_text is a copy. 1: the store is busy with somebody else's question for too long. */
static int ask(struct api *api, uint32_t seconds, uint32_t buckets, char **ret_text, struct failure *failure)
{
    struct statistics_cache *cache = api->statistics;
    struct timespec until = sn__timespec(sn__now_ns() + PATIENCE_NS);
    struct entry made = {0};
    struct entry *entry;
    int error = 0;

    pthread_mutex_lock(&cache->lock);
    while (!(entry = find(cache, seconds, buckets)) && cache->is_busy && error == 0)
        error = pthread_cond_clockwait(&cache->changed, &cache->lock, CLOCK_MONOTONIC, &until);
    if (!entry && cache->is_busy) {
        pthread_mutex_unlock(&cache->lock);
        return 1;
    }
    error = 0;
    if (!entry) {
        cache->is_busy = true;
        pthread_mutex_unlock(&cache->lock);
        error = make(api->store, seconds, buckets, &made, failure);
        pthread_mutex_lock(&cache->lock);
        cache->is_busy = false;
        pthread_cond_broadcast(&cache->changed);
        if (error == 0)
            entry = keep(cache, &made);
    }
    if (entry)
        *ret_text = strdup(entry->text);
    pthread_mutex_unlock(&cache->lock);
    return error == 0 && !*ret_text ? fail_nomem(failure) : error;
}

void handle_statistics(void *arg, const struct http_request *request, struct http_response *response)
{
    struct api *api = arg;
    cleanup_free char *text = NULL;
    uint32_t seconds = SECONDS_DEFAULT;
    uint32_t buckets = BUCKETS_DEFAULT;
    struct failure failure;
    struct caller caller;
    int error;

    if (!has_only_parameters(request, response, (const char *const[]){"seconds", "buckets", NULL}) ||
        !admit(api, request, response, SCOPE_ADMIN, ADMIT_READ, 1, &caller) ||
        !number_parameter(request, response, "seconds", SECONDS_LEAST, SECONDS_MOST, &seconds) ||
        !number_parameter(request, response, "buckets", 1, BUCKETS_MOST, &buckets))
        return;
    error = ask(api, seconds, buckets, &text, &failure);
    if (error > 0) {
        http_add_header(response, "Retry-After", "2");
        answer_problem(response, request, 503, "overloaded", NULL, "the store takes long over other statistics");
    } else if (error < 0) {
        answer_failure(response, request, &failure);
    } else {
        answer_text(response, 200, &text);
    }
}
