/* SPDX-License-Identifier: MIT */
#ifndef JOBS_HTTP_POOL_H
#define JOBS_HTTP_POOL_H

#include "common/failure.h"

#include <stdbool.h>
#include <stdint.h>

struct http__exchange;
struct http__pool;

#define HTTP__POOL_WAITING_MAX 4096

/* Threads that run the handlers of exchanges and post them back to the loop. */
int http__pool_start(unsigned threads, struct http__pool **ret_pool, struct failure *failure);
/* Takes the reference over. False, and nothing taken: too many wait (never if `force`). */
bool http__pool_submit(struct http__pool *pool, struct http__exchange *exchange, bool force);
uint64_t http__pool_waiting(struct http__pool *pool);
/* What runs is waited for, what waits is dropped. */
void http__pool_stop(struct http__pool *pool);

#endif
