/* SPDX-License-Identifier: MIT */
#ifndef JOBS_PROCESS_PARTS_H
#define JOBS_PROCESS_PARTS_H

#include "config/config.h"
#include "events/events.h"
#include "guard/guard.h"
#include "observe/host.h"
#include "observe/metrics.h"
#include "observe/trace.h"
#include "queue/queue.h"
#include "store/store.h"
#include "work/work.h"

/* What server and worker are made of alike, as the configuration says. */
struct parts {
    struct store *store;
    struct queue *queue;
    struct events *events;
    struct guard *guard;
    struct metrics *metrics;
    struct tracer *tracer; /* NULL: no endpoint is set */
    struct work *work;     /* NULL: this process has no executor */
    struct host *host;     /* the caller's */
    char worker[80];       /* this process's name among the workers */
    bool is_embedded;      /* queue and executor are this process's own */
};

/* The URLs that the configuration stands for, to be freed with free(); NULL without memory. */
char *parts_store_url(const struct config *config);
char *parts_queue_url(const struct config *config);
char *parts_events_url(const struct config *config);
/* Is the store this host's own? A database that others share is brought up to date by `sentinel-server migrate`. */
bool parts_may_migrate(const struct config *config);

/*
 * Opens them. What is away is waited for, with a line in the log now and then, until process_is_ending(). socket: the
 * executor's, -1 if there is none; taken over. host: outlives the parts; may be NULL. On failure parts_close() still
 * has to be called.
 */
int parts_open(const struct config *config, const char *service, int socket, struct host *host, struct parts *parts,
               struct failure *failure);
/* Begins to execute; on_finished may be NULL. */
int parts_start_work(struct parts *parts, const struct config *config, void (*on_finished)(void *arg), void *arg,
                     struct failure *failure);
/* The work has been stopped before. */
void parts_close(struct parts *parts);

#endif
