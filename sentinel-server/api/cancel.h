/* SPDX-License-Identifier: MIT */
#ifndef SERVER_API_CANCEL_H
#define SERVER_API_CANCEL_H

#include "api/admit.h"

/*
 * Cancels, by DELETE or by a stream; request_id may be NULL. 0: it waited, and is over; 1: whoever executes it was
 * told. FAIL_CONFLICT: it was over. Asks the store: not on the loop.
 */
int cancel_job(struct api *api, const struct caller *caller, const char *request_id, const struct uuid *job,
               struct failure *failure);

#endif
