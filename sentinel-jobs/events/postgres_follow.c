/* SPDX-License-Identifier: MIT */
#include "events/postgres.h"

#include <string.h>
#include <sys/eventfd.h>

static struct follower_list *bucket_of(struct postgres_events *events, const struct uuid *job)
{
    uint64_t hash = 14695981039346656037U;

    for (size_t i = 0; i < sizeof(job->bytes); i++)
        hash = (hash ^ job->bytes[i]) * 1099511628211U;
    return &events->buckets[(hash >> 32) % FOLLOW_BUCKETS];
}

void postgres_follow_init(struct postgres_events *events)
{
    pthread_mutex_init(&events->mutex, NULL);
    pthread_cond_init(&events->quiet, NULL);
    for (size_t i = 0; i < FOLLOW_BUCKETS; i++)
        LIST_INIT(&events->buckets[i]);
    TAILQ_INIT(&events->due[FOLLOW_EVENTS]);
    TAILQ_INIT(&events->due[FOLLOW_CONTROLS]);
    TAILQ_INIT(&events->losses);
}

void postgres_follow_fini(struct postgres_events *events)
{
    for (size_t i = 0; i < FOLLOW_BUCKETS; i++) {
        struct subscription *follower;

        while ((follower = LIST_FIRST(&events->buckets[i]))) {
            LIST_REMOVE(follower, of_bucket);
            free(follower);
        }
    }
    pthread_cond_destroy(&events->quiet);
    pthread_mutex_destroy(&events->mutex);
}

/* The following have the mutex held. */

static void make_due(struct postgres_events *events, struct subscription *follower)
{
    if (follower->is_due || follower->is_gone)
        return;
    follower->is_due = true;
    TAILQ_INSERT_TAIL(&events->due[follower->what], follower, of_due);
}

static void make_hear_loss(struct postgres_events *events, struct subscription *follower)
{
    if (follower->what != FOLLOW_EVENTS || follower->is_to_hear_loss || follower->is_gone)
        return;
    follower->is_to_hear_loss = true;
    TAILQ_INSERT_TAIL(&events->losses, follower, of_loss);
}

static struct subscription *find_follower(struct postgres_events *events, enum followed what, const struct uuid *job)
{
    struct subscription *follower;

    LIST_FOREACH(follower, bucket_of(events, job), of_bucket)
    if (follower->what == what && uuid_compare(&follower->job, job) == 0)
        return follower;
    return NULL;
}

static void drop_reference(struct subscription *follower)
{
    if (--follower->references == 0 && follower->is_gone && !follower->is_running)
        free(follower);
}

/* From here on the mutex is taken. */

void postgres_follow(struct postgres_events *events, struct subscription *follower)
{
    pthread_mutex_lock(&events->mutex);
    if (follower->what == FOLLOW_CONTROLS && find_follower(events, FOLLOW_CONTROLS, &follower->job)) {
        pthread_mutex_unlock(&events->mutex);
        free(follower);
        return;
    }
    LIST_INSERT_HEAD(bucket_of(events, &follower->job), follower, of_bucket);
    make_due(events, follower);
    if (!events->is_listening)
        make_hear_loss(events, follower);
    pthread_mutex_unlock(&events->mutex);
    eventfd_write(events->wake, 1);
}

void postgres_unfollow(struct postgres_events *events, struct subscription *follower)
{
    bool is_last;

    pthread_mutex_lock(&events->mutex);
    follower->is_gone = true;
    LIST_REMOVE(follower, of_bucket);
    if (follower->is_due)
        TAILQ_REMOVE(&events->due[follower->what], follower, of_due);
    if (follower->is_to_hear_loss)
        TAILQ_REMOVE(&events->losses, follower, of_loss);
    /* A reference of our own: the thread that leaves the function may leave the follower too. */
    follower->references++;
    while (follower->is_running)
        pthread_cond_wait(&events->quiet, &events->mutex);
    is_last = --follower->references == 0;
    pthread_mutex_unlock(&events->mutex);
    if (is_last)
        free(follower);
}

struct subscription *postgres_follower_of(struct postgres_events *events, enum followed what, const struct uuid *job)
{
    struct subscription *follower;

    pthread_mutex_lock(&events->mutex);
    LIST_FOREACH(follower, bucket_of(events, job), of_bucket)
    if (follower->what == what && uuid_compare(&follower->job, job) == 0)
        break;
    pthread_mutex_unlock(&events->mutex);
    return follower;
}

void postgres_follow_due(struct postgres_events *events, enum followed what, const struct uuid *job)
{
    struct subscription *follower;

    pthread_mutex_lock(&events->mutex);
    LIST_FOREACH(follower, bucket_of(events, job), of_bucket)
    if (follower->what == what && uuid_compare(&follower->job, job) == 0)
        make_due(events, follower);
    pthread_mutex_unlock(&events->mutex);
}

static void for_everybody(struct postgres_events *events,
                          void (*function)(struct postgres_events *events, struct subscription *follower))
{
    for (size_t i = 0; i < FOLLOW_BUCKETS; i++) {
        struct subscription *follower;

        LIST_FOREACH(follower, &events->buckets[i], of_bucket)
        function(events, follower);
    }
}

void postgres_follow_connected(struct postgres_events *events)
{
    pthread_mutex_lock(&events->mutex);
    events->is_listening = true;
    for_everybody(events, make_due);
    pthread_mutex_unlock(&events->mutex);
}

void postgres_follow_lost(struct postgres_events *events)
{
    pthread_mutex_lock(&events->mutex);
    events->is_listening = false;
    for_everybody(events, make_hear_loss);
    pthread_mutex_unlock(&events->mutex);
}

size_t postgres_follow_take(struct postgres_events *events, enum followed what, struct subscription **ret_followers,
                            size_t max)
{
    size_t count = 0;

    pthread_mutex_lock(&events->mutex);
    while (count < max) {
        struct subscription *follower = TAILQ_FIRST(&events->due[what]);

        if (!follower)
            break;
        TAILQ_REMOVE(&events->due[what], follower, of_due);
        follower->is_due = false;
        follower->references++;
        ret_followers[count++] = follower;
    }
    pthread_mutex_unlock(&events->mutex);
    return count;
}

void postgres_follow_leave(struct postgres_events *events, struct subscription *follower, bool again)
{
    pthread_mutex_lock(&events->mutex);
    if (again)
        make_due(events, follower);
    drop_reference(follower);
    pthread_mutex_unlock(&events->mutex);
}

/*
 * The function is called without the mutex: it may take locks under which others subscribe. What it must not see is
 * that it is called after the end of unsubscribing, hence is_running.
 */
void postgres_follow_tell(struct postgres_events *events, struct subscription *follower, const struct event *event)
{
    control_function on_control;
    void *control_arg;

    pthread_mutex_lock(&events->mutex);
    on_control = events->on_control;
    control_arg = events->control_arg;
    if (follower->is_gone) {
        pthread_mutex_unlock(&events->mutex);
        return;
    }
    follower->is_running = true;
    pthread_mutex_unlock(&events->mutex);
    if (follower->what == FOLLOW_EVENTS)
        follower->function(follower->arg, event);
    else if (on_control && event)
        on_control(control_arg, &event->job, (enum control_kind)event->kind, event->data, event->length);
    pthread_mutex_lock(&events->mutex);
    follower->is_running = false;
    pthread_cond_broadcast(&events->quiet);
    pthread_mutex_unlock(&events->mutex);
}

void postgres_follow_tell_losses(struct postgres_events *events)
{
    for (;;) {
        struct subscription *follower;

        pthread_mutex_lock(&events->mutex);
        follower = TAILQ_FIRST(&events->losses);
        if (follower) {
            TAILQ_REMOVE(&events->losses, follower, of_loss);
            follower->is_to_hear_loss = false;
            follower->references++;
        }
        pthread_mutex_unlock(&events->mutex);
        if (!follower)
            return;
        postgres_follow_tell(events, follower, NULL);
        postgres_follow_leave(events, follower, false);
    }
}
