/* SPDX-License-Identifier: MIT */
#include "events/backend.h"

#include "base/clock.h"
#include "common/url.h"
#include "events/memory_channel.h"

#include <ctype.h>
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

/*
 * Theory of operation
 *
 * The hub is a tree of channels, one for each job of which there is a log, a subscriber or a watcher; what happens in
 * a channel is told in memory_channel.h. The hub's mutex is held only to find a channel (which is then referred to, so
 * that it stays) and to count afterwards what changed; never together with a channel's, and never while a function is
 * called. Control messages are passed on by the thread that sends them, with no mutex held at all.
 *
 * Memory is bounded although nobody may ever forget a job. Whoever publishes or pings afterwards drops the logs of
 * jobs that ended more than keep_ms ago and of those of which nothing was heard for an hour; and, while all logs
 * together exceed the bound, first those that ended the longest time ago, then those that have been quiet the longest.
 * A channel that is in use at that moment is passed over: nobody waits for another job's functions. A log that was
 * dropped begins anew with what comes next.
 *
 * The URL is memory:, with ?bytes=N or keep_ms=N (joined by &) for other bounds than these.
 */
#define BYTES_MAX (256ULL << 20)
#define KEEP_MS (5ULL * 60 * 1000)
#define QUIET_NS (3600ULL * 1000000000)
/* How many logs that are too old, and how many that are in use, one call looks at. */
#define AGED_AT_ONCE 16
#define BUSY_AT_ONCE 8

TAILQ_HEAD(channel_list, channel);

struct hub {
    uint64_t bytes_max;
    uint64_t keep_ns;
    pthread_mutex_t mutex; /* for what is below */
    void *by_job;
    struct channel_list ended; /* the one that ended first is the first */
    struct channel_list going; /* the one that has been quiet the longest is the first */
    int64_t bytes;
    control_function control;
    void *control_arg;
};

static int compare_jobs(const void *a, const void *b)
{
    return uuid_compare(a, b);
}

static bool parse_number(const char *text, const char *name, const char **ret_rest, uint64_t *ret_number)
{
    size_t length = strlen(name);
    char *end;

    if (strncmp(text, name, length) != 0 || !isdigit((unsigned char)text[length]))
        return false;
    errno = 0;
    *ret_number = strtoull(text + length, &end, 10);
    *ret_rest = end;
    return errno == 0 && *ret_number <= INT64_MAX / 1000000;
}

static int parse_url(const char *url, struct hub *hub, struct failure *failure)
{
    const char *rest = url + strlen("memory:");
    uint64_t keep_ms = KEEP_MS;
    char before = '?';

    hub->bytes_max = BYTES_MAX;
    for (; *rest; before = '&') {
        if (*rest++ != before ||
            (!parse_number(rest, "bytes=", &rest, &hub->bytes_max) && !parse_number(rest, "keep_ms=", &rest, &keep_ms)))
            return fail(failure, FAIL_INVALID, "the URL of events in memory is memory:[?bytes=N][&keep_ms=N]");
    }
    hub->keep_ns = keep_ms * 1000000;
    return 0;
}

static int memory_open(const char *url, void **ret_self, struct failure *failure)
{
    struct hub *hub = calloc(1, sizeof(*hub));
    int error;

    if (!hub)
        return fail_nomem(failure);
    error = parse_url(url, hub, failure);
    if (error < 0) {
        free(hub);
        return error;
    }
    pthread_mutex_init(&hub->mutex, NULL);
    TAILQ_INIT(&hub->ended);
    TAILQ_INIT(&hub->going);
    *ret_self = hub;
    return 0;
}

static void free_channel(void *channel)
{
    channel_free(channel);
}

static void memory_close(void *self)
{
    struct hub *hub = self;

    tdestroy(hub->by_job, free_channel);
    pthread_mutex_destroy(&hub->mutex);
    free(hub);
}

/* As the caller holds the hub's mutex. */
static struct channel *find(struct hub *hub, const struct uuid *job)
{
    struct channel **node = tfind(job, &hub->by_job, compare_jobs);

    return node ? *node : NULL;
}

/* The channel, if there is one, referred to. */
static struct channel *take(struct hub *hub, const struct uuid *job)
{
    struct channel *channel;

    pthread_mutex_lock(&hub->mutex);
    channel = find(hub, job);
    if (channel)
        channel->references++;
    pthread_mutex_unlock(&hub->mutex);
    return channel;
}

/* The channel, made if there is none, referred to; NULL without memory. */
static struct channel *take_or_make(struct hub *hub, const struct uuid *job)
{
    struct channel *channel = take(hub, job);
    struct channel *made;
    struct channel **node;

    if (channel)
        return channel;
    made = channel_make(job);
    if (!made)
        return NULL;
    pthread_mutex_lock(&hub->mutex);
    node = tsearch(made, &hub->by_job, compare_jobs);
    if (node) {
        channel = *node;
        channel->references++;
    }
    pthread_mutex_unlock(&hub->mutex);
    if (channel != made)
        channel_free(made);
    return channel;
}

static struct channel_list *list_of(struct hub *hub, const struct channel *channel)
{
    return channel->is_ended ? &hub->ended : &hub->going;
}

static void unlist(struct hub *hub, struct channel *channel)
{
    if (channel->is_listed)
        TAILQ_REMOVE(list_of(hub, channel), channel, by_age);
    channel->is_listed = false;
}

/* As the caller holds the hub's mutex. */
static void count_locked(struct hub *hub, struct channel *channel, const struct channel_change *change)
{
    if (change->bytes == 0)
        return;
    hub->bytes += change->bytes;
    channel->counted += change->bytes;
    if (channel->counted > 0 && change->bytes < 0)
        return;
    unlist(hub, channel);
    if (channel->counted > 0) {
        channel->is_ended = change->has_end;
        channel->since_ns = sn__now_ns();
        TAILQ_INSERT_TAIL(list_of(hub, channel), channel, by_age);
        channel->is_listed = true;
    }
}

/* Counts what changed and gives back so many references; a channel without any and without a log is no more. */
static void put(struct hub *hub, struct channel *channel, size_t references, const struct channel_change *change)
{
    bool is_over;

    pthread_mutex_lock(&hub->mutex);
    if (change)
        count_locked(hub, channel, change);
    channel->references -= references;
    is_over = channel->references == 0 && channel->counted == 0;
    if (is_over)
        tdelete(&channel->job, &hub->by_job, compare_jobs);
    pthread_mutex_unlock(&hub->mutex);
    if (is_over)
        channel_free(channel);
}

/* As the caller holds the hub's mutex. */
static struct channel *victim_locked(const struct hub *hub, bool *ret_is_aged)
{
    uint64_t now = sn__now_ns();
    struct channel *ended = TAILQ_FIRST(&hub->ended);
    struct channel *going = TAILQ_FIRST(&hub->going);

    *ret_is_aged = true;
    if (ended && now - ended->since_ns > hub->keep_ns)
        return ended;
    if (going && now - going->since_ns > QUIET_NS)
        return going;
    *ret_is_aged = false;
    if (hub->bytes <= (int64_t)hub->bytes_max)
        return NULL;
    return ended ? ended : going;
}

static void sweep(struct hub *hub)
{
    for (int aged = 0, busy = 0; aged < AGED_AT_ONCE && busy < BUSY_AT_ONCE;) {
        struct channel_change change;
        struct channel *victim;
        bool is_aged;

        pthread_mutex_lock(&hub->mutex);
        victim = victim_locked(hub, &is_aged);
        if (victim)
            victim->references++;
        pthread_mutex_unlock(&hub->mutex);
        if (!victim)
            return;
        aged += is_aged;
        if (channel_forget(victim, true, &change)) {
            put(hub, victim, 1, &change);
            continue;
        }
        busy++;
        pthread_mutex_lock(&hub->mutex);
        if (victim->is_listed) {
            TAILQ_REMOVE(list_of(hub, victim), victim, by_age);
            TAILQ_INSERT_TAIL(list_of(hub, victim), victim, by_age);
        }
        pthread_mutex_unlock(&hub->mutex);
        put(hub, victim, 1, NULL);
    }
}

static int memory_ping(void *self, struct failure *failure)
{
    (void)failure;
    sweep(self);
    return 0;
}

static int check_list(const struct event *list, size_t count, struct failure *failure)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i].kind < EVENT_STATE || list[i].kind > EVENT_END)
            return fail(failure, FAIL_INVALID, "an event's kind is none");
        if (list[i].sequence == 0 || list[i].sequence > EVENT_SEQUENCE_END)
            return fail(failure, FAIL_INVALID, "an event's sequence is 0 or greater than the end's");
    }
    return 0;
}

static int memory_publish(void *self, const struct event *list, size_t count, struct failure *failure)
{
    struct hub *hub = self;
    int error = check_list(list, count, failure);

    for (size_t i = 0; i < count && error == 0;) {
        struct channel *channel = take_or_make(hub, &list[i].job);
        struct channel_change change;
        size_t run = 1;

        if (!channel)
            return fail_nomem(failure);
        while (i + run < count && uuid_compare(&list[i].job, &list[i + run].job) == 0)
            run++;
        error = channel_publish(channel, list + i, run, &change, failure);
        put(hub, channel, 1 + change.subscriptions_ended, &change);
        i += run;
    }
    sweep(hub);
    return error;
}

static int memory_subscribe(void *self, const struct uuid *job, uint64_t after, event_function function, void *arg,
                            struct subscription **ret_subscription, struct failure *failure)
{
    struct hub *hub = self;
    struct subscription *subscription = calloc(1, sizeof(*subscription));
    struct channel_change change;
    struct channel *channel;

    if (!subscription)
        return fail_nomem(failure);
    subscription->function = function;
    subscription->arg = arg;
    subscription->last = after;
    channel = take_or_make(hub, job);
    if (!channel) {
        free(subscription);
        return fail_nomem(failure);
    }
    /* The reference is the subscription's from here on. */
    channel_subscribe(channel, subscription, ret_subscription, &change);
    if (change.subscriptions_ended > 0)
        put(hub, channel, change.subscriptions_ended, NULL);
    return 0;
}

static void memory_unsubscribe(void *self, struct subscription *subscription)
{
    struct channel *channel;

    if (!subscription)
        return;
    channel = subscription->channel;
    if (channel_unsubscribe(channel, subscription))
        put(self, channel, 1, NULL);
}

static int memory_forget(void *self, const struct uuid *job, struct failure *failure)
{
    struct hub *hub = self;
    struct channel *channel = take(hub, job);
    struct channel_change change;

    (void)failure;
    if (!channel)
        return 0;
    channel_forget(channel, false, &change);
    put(hub, channel, 1, &change);
    return 0;
}

static int memory_control(void *self, const struct uuid *job, enum control_kind kind, const void *data, size_t length,
                          struct failure *failure)
{
    struct hub *hub = self;
    control_function function = NULL;
    const struct channel *channel;
    void *arg;

    if (kind < CONTROL_CANCEL || kind > CONTROL_STDIN_END)
        return fail(failure, FAIL_INVALID, "a control message's kind is none");
    if (length > CONTROL_DATA_MAX)
        return fail(failure, FAIL_LIMIT, "a control message has more than %u bytes", CONTROL_DATA_MAX);
    pthread_mutex_lock(&hub->mutex);
    channel = find(hub, job);
    if (channel && channel->is_watched)
        function = hub->control;
    arg = hub->control_arg;
    pthread_mutex_unlock(&hub->mutex);
    if (function)
        function(arg, job, kind, data, length);
    return 0;
}

static void memory_on_control(void *self, control_function function, void *arg)
{
    struct hub *hub = self;

    pthread_mutex_lock(&hub->mutex);
    hub->control = function;
    hub->control_arg = arg;
    pthread_mutex_unlock(&hub->mutex);
}

/* Says whether a job is watched and returns what it was before. */
static bool set_watched(struct hub *hub, struct channel *channel, bool is_watched)
{
    bool was_watched;

    pthread_mutex_lock(&hub->mutex);
    was_watched = channel->is_watched;
    channel->is_watched = is_watched;
    pthread_mutex_unlock(&hub->mutex);
    return was_watched;
}

static int memory_watch(void *self, const struct uuid *job, struct failure *failure)
{
    struct hub *hub = self;
    struct channel *channel = take_or_make(hub, job);

    if (!channel)
        return fail_nomem(failure);
    /* A watched job has one reference for that. */
    if (set_watched(hub, channel, true))
        put(hub, channel, 1, NULL);
    return 0;
}

static void memory_unwatch(void *self, const struct uuid *job)
{
    struct hub *hub = self;
    struct channel *channel = take(hub, job);

    if (channel)
        put(hub, channel, set_watched(hub, channel, false) ? 2 : 1, NULL);
}

static const char *const prefixes[] = {"memory:", NULL};

const struct events_backend events_memory = {
    .name = "memory",
    .prefixes = prefixes,
    .open = memory_open,
    .close = memory_close,
    .ping = memory_ping,
    .publish = memory_publish,
    .subscribe = memory_subscribe,
    .unsubscribe = memory_unsubscribe,
    .forget = memory_forget,
    .control = memory_control,
    .on_control = memory_on_control,
    .watch = memory_watch,
    .unwatch = memory_unwatch,
};
