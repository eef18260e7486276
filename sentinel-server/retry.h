/* SPDX-License-Identifier: MIT */
#ifndef SERVER_RETRY_H
#define SERVER_RETRY_H

#include "events/events.h"
#include "queue/queue.h"
#include "store/store.h"

/*
 * An operator's retry of a job that was given up: it is QUEUED again, and its dead letter is gone. FAIL_CONFLICT: it is
 * none that ended with INTERNAL_ERROR; FAIL_NOT_FOUND. Then nothing was done.
 *
 * The letter goes last. Whoever is killed before leaves one that stays behind, which does no harm: a second retry finds
 * a job that is not INTERNAL_ERROR any more.
 */
int retry_job(struct store *store, struct queue *queue, struct events *events, const struct uuid *id,
              struct failure *failure);

#endif
