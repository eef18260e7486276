/* SPDX-License-Identifier: MIT */
#include "events/memory_channel.h"

#include <stdlib.h>
#include <string.h>

/* What malloc adds to an entry, about; and what a job with a log costs besides its entries (with a node of the tree).
 */
#define ENTRY_OVERHEAD 16
#define CHANNEL_BYTES (sizeof(struct channel) + 64)

/* Its address is this thread's name. */
static _Thread_local char this_thread;

struct channel *channel_make(const struct uuid *job)
{
    struct channel *channel = calloc(1, sizeof(*channel));

    if (!channel)
        return NULL;
    channel->job = *job;
    pthread_mutex_init(&channel->mutex, NULL);
    STAILQ_INIT(&channel->log);
    TAILQ_INIT(&channel->subscriptions);
    return channel;
}

static void drop_log(struct channel *channel)
{
    while (!STAILQ_EMPTY(&channel->log)) {
        struct event_entry *entry = STAILQ_FIRST(&channel->log);

        STAILQ_REMOVE_HEAD(&channel->log, next);
        free(entry);
    }
    channel->log_bytes = 0;
    channel->is_full = false;
    channel->has_end = false;
}

void channel_free(struct channel *channel)
{
    drop_log(channel);
    pthread_mutex_destroy(&channel->mutex);
    free(channel);
}

/* What the log counts for. */
static int64_t log_counts(const struct channel *channel)
{
    return STAILQ_EMPTY(&channel->log) ? 0 : (int64_t)(channel->log_bytes + CHANNEL_BYTES);
}

static size_t entry_counts(const struct event *event)
{
    return sizeof(struct event_entry) + ENTRY_OVERHEAD + event->length;
}

static bool is_output(enum event_kind kind)
{
    return kind == EVENT_COMPILE || kind == EVENT_STDOUT || kind == EVENT_STDERR;
}

static bool is_to_be_kept(struct channel *channel, const struct event *event)
{
    size_t bytes = channel->log_bytes + entry_counts(event);

    if (event->kind == EVENT_END)
        return true;
    if (!is_output(event->kind))
        return bytes <= 2 * EVENTS_JOB_BYTES;
    if (bytes > EVENTS_JOB_BYTES)
        channel->is_full = true;
    return !channel->is_full;
}

static bool keep(struct channel *channel, const struct event *event)
{
    struct event_entry *entry = malloc(sizeof(*entry) + event->length);

    if (!entry)
        return false;
    entry->sequence = event->sequence;
    entry->kind = event->kind;
    entry->length = event->length;
    if (event->length > 0)
        memcpy(entry->data, event->data, event->length);
    STAILQ_INSERT_TAIL(&channel->log, entry, next);
    channel->log_bytes += entry_counts(event);
    if (event->kind == EVENT_END)
        channel->has_end = true;
    return true;
}

static void tell(struct subscription *subscription, const struct event *event)
{
    if (subscription->is_ended || event->sequence <= subscription->last)
        return;
    subscription->last = event->sequence;
    subscription->function(subscription->arg, event);
}

/* Around every run of functions: who runs them, and, at its end, those that were unsubscribed within. */
static void begin_calls(struct channel *channel)
{
    pthread_mutex_lock(&channel->mutex);
    atomic_store_explicit(&channel->caller, &this_thread, memory_order_relaxed);
}

static size_t end_calls(struct channel *channel)
{
    struct subscription *next;
    size_t ended = 0;

    if (channel->has_ended_subscriptions) {
        for (struct subscription *at = TAILQ_FIRST(&channel->subscriptions); at; at = next) {
            next = TAILQ_NEXT(at, in_channel);
            if (!at->is_ended)
                continue;
            TAILQ_REMOVE(&channel->subscriptions, at, in_channel);
            free(at);
            ended++;
        }
        channel->has_ended_subscriptions = false;
    }
    atomic_store_explicit(&channel->caller, NULL, memory_order_relaxed);
    pthread_mutex_unlock(&channel->mutex);
    return ended;
}

int channel_publish(struct channel *channel, const struct event *list, size_t count, struct channel_change *ret_change,
                    struct failure *failure)
{
    int64_t before;
    int error = 0;

    begin_calls(channel);
    before = log_counts(channel);
    for (size_t i = 0; i < count; i++) {
        struct subscription *subscription;

        if (list[i].sequence <= channel->greatest)
            continue;
        if (is_to_be_kept(channel, &list[i]) && !keep(channel, &list[i])) {
            error = fail_nomem(failure);
            break;
        }
        channel->greatest = list[i].sequence;
        TAILQ_FOREACH(subscription, &channel->subscriptions, in_channel)
        tell(subscription, &list[i]);
    }
    ret_change->bytes = log_counts(channel) - before;
    ret_change->has_end = channel->has_end;
    ret_change->subscriptions_ended = end_calls(channel);
    return error;
}

void channel_subscribe(struct channel *channel, struct subscription *subscription,
                       struct subscription **ret_subscription, struct channel_change *ret_change)
{
    struct event_entry *entry;

    subscription->channel = channel;
    begin_calls(channel);
    TAILQ_INSERT_TAIL(&channel->subscriptions, subscription, in_channel);
    *ret_subscription = subscription;
    STAILQ_FOREACH(entry, &channel->log, next)
    {
        const struct event event = {.job = channel->job,
                                    .sequence = entry->sequence,
                                    .kind = entry->kind,
                                    .data = entry->data,
                                    .length = entry->length};

        tell(subscription, &event);
    }
    ret_change->bytes = 0;
    ret_change->has_end = channel->has_end;
    ret_change->subscriptions_ended = end_calls(channel);
}

bool channel_unsubscribe(struct channel *channel, struct subscription *subscription)
{
    /* Only this thread writes its own name there, and it holds the mutex then. */
    if (atomic_load_explicit(&channel->caller, memory_order_relaxed) == &this_thread) {
        subscription->is_ended = true;
        channel->has_ended_subscriptions = true;
        return false;
    }
    pthread_mutex_lock(&channel->mutex);
    TAILQ_REMOVE(&channel->subscriptions, subscription, in_channel);
    pthread_mutex_unlock(&channel->mutex);
    free(subscription);
    return true;
}

bool channel_forget(struct channel *channel, bool must_not_wait, struct channel_change *ret_change)
{
    if (must_not_wait && pthread_mutex_trylock(&channel->mutex) != 0)
        return false;
    if (!must_not_wait)
        pthread_mutex_lock(&channel->mutex);
    *ret_change = (struct channel_change){.bytes = -log_counts(channel)};
    drop_log(channel);
    pthread_mutex_unlock(&channel->mutex);
    return true;
}
