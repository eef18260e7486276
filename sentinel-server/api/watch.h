/* SPDX-License-Identifier: MIT */
#ifndef SERVER_API_WATCH_H
#define SERVER_API_WATCH_H

#include "api/admit.h"

/* Somebody who waits for the end of a job: ?wait=true. It listens from when it was made. */
struct waiter;

int waiter_make(struct api *api, const struct uuid *job, struct waiter **ret_waiter, struct failure *failure);
/* The response becomes the job's whole when it is over, or what it is like after wait_ms. Takes the waiter over. */
void waiter_attach(struct waiter *waiter, const struct http_request *request, struct http_response *response,
                   const struct caller *caller, uint64_t wait_ms);
/* Of one that was not attached. NULL is accepted. */
void waiter_drop(struct waiter *waiter);

#endif
