/* SPDX-License-Identifier: MIT */
#ifndef JOBS_EVENTS_POSTGRES_H
#define JOBS_EVENTS_POSTGRES_H

#include "events/events.h"
#include "store/postgres.h"

#include <pthread.h>
#include <sys/queue.h>

/* Private: the events over PostgreSQL. Theory of operation: postgres.c. */

enum followed { FOLLOW_EVENTS, FOLLOW_CONTROLS, FOLLOWED };

/*
 * Who follows the rows of a job in one of the two tables: a subscription to its events, or a watch for what its
 * executor is told. Under the mutex but for `last` and `is_catching_up`, which are the listening thread's.
 */
struct subscription {
    enum followed what;
    struct uuid job;
    event_function function; /* of a subscription */
    void *arg;
    int64_t last;         /* the greatest sequence that it was told of */
    int64_t since;        /* when it began, microseconds since the epoch */
    bool is_catching_up;  /* what is kept comes first, and what was published earlier but is not kept does not */
    bool is_due;          /* in the line of those for whom there may be rows */
    bool is_to_hear_loss; /* in the line of those who are told of a lost connection */
    bool is_running;      /* its function is being called */
    bool is_gone;
    unsigned references; /* the listening thread's */
    LIST_ENTRY(subscription) of_bucket;
    TAILQ_ENTRY(subscription) of_due;
    TAILQ_ENTRY(subscription) of_loss;
};
LIST_HEAD(follower_list, subscription);
TAILQ_HEAD(follower_line, subscription);

#define FOLLOW_BUCKETS 1024

struct postgres_events {
    struct postgres_pool *pool; /* of who publishes */
    struct postgres_target *target;
    struct postgres_connection listening; /* the thread's */
    pthread_t thread;
    int wake; /* eventfd: somebody is in a line */
    int stop; /* eventfd: the thread is to end */
    pthread_mutex_t mutex;
    pthread_cond_t quiet; /* a function was left */
    struct follower_list buckets[FOLLOW_BUCKETS];
    struct follower_line due[FOLLOWED];
    struct follower_line losses;
    bool is_listening;
    control_function on_control;
    void *control_arg;
};

/* ---- postgres_follow.c: who follows what ------------------------------------------------------------------------- */

void postgres_follow_init(struct postgres_events *events);
void postgres_follow_fini(struct postgres_events *events);
/*
 * Takes it over; it is due at once, and told if the connection is lost at the moment. Of two watches of a job the
 * second one is none.
 */
void postgres_follow(struct postgres_events *events, struct subscription *follower);
/* Waits for its function; then it is freed, by whoever has it last. */
void postgres_unfollow(struct postgres_events *events, struct subscription *follower);
/* NULL if nobody does. */
struct subscription *postgres_follower_of(struct postgres_events *events, enum followed what, const struct uuid *job);
/* There may be rows for a job. */
void postgres_follow_due(struct postgres_events *events, enum followed what, const struct uuid *job);
/* For everybody, after a connection was made. */
void postgres_follow_connected(struct postgres_events *events);
void postgres_follow_lost(struct postgres_events *events);
/* Takes up to max from the line, each with a reference. */
size_t postgres_follow_take(struct postgres_events *events, enum followed what, struct subscription **ret_followers,
                            size_t max);
/* Gives a reference back; again: there are more rows. */
void postgres_follow_leave(struct postgres_events *events, struct subscription *follower, bool again);
/* Calls its function unless it is gone. NULL: the connection was lost. */
void postgres_follow_tell(struct postgres_events *events, struct subscription *follower, const struct event *event);
/* Tells those who are in the line for that. */
void postgres_follow_tell_losses(struct postgres_events *events);

/* ---- postgres_listen.c: the thread ------------------------------------------------------------------------------- */

#define POSTGRES_CHANNEL_EVENTS "sentinel_events"
#define POSTGRES_CHANNEL_CONTROLS "sentinel_controls"

/* Makes its connection; FAIL_UNAVAILABLE. */
int postgres_listen_connect(struct postgres_events *events, struct failure *failure);
void *postgres_listen(void *arg);

#endif
