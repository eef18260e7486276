/* SPDX-License-Identifier: MIT */
#ifndef SERVER_API_ERRANDS_H
#define SERVER_API_ERRANDS_H

#include "common/failure.h"

#include <stdint.h>

/*
 * What the HTTP loop and the callbacks of events have to have done and must not wait for: trips to the store and to the
 * events. Some threads, each with a list; errands of one `lane` are run one after the other, in order.
 */
struct errands;

int errands_start(struct errands **ret_errands, struct failure *failure);
/* 0, or FAIL_NOMEM or FAIL_CLOSED: then it is not run. Never blocks. */
int errands_add(struct errands *errands, const void *lane, void (*function)(void *arg), void *arg);
/* Runs what there is, and ends. NULL is accepted. */
void errands_stop(struct errands *errands);

#endif
