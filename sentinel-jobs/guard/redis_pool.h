/* SPDX-License-Identifier: MIT */
#ifndef JOBS_GUARD_REDIS_POOL_H
#define JOBS_GUARD_REDIS_POOL_H

#include "common/failure.h"

#include <hiredis/hiredis.h>

#include <stddef.h>

/*
 * A few connections to one Redis, made when they are needed. Any thread may call anything.
 */
struct redis_pool;

/* FAIL_INVALID for what is no URL of a Redis. Connects to nothing yet: a Redis that is away now may come. */
int redis_pool_make(const char *url, struct redis_pool **ret_pool, struct failure *failure);
/* No call is under way any more. */
void redis_pool_free(struct redis_pool *pool);

/*
 * Sends one command and waits for its reply, which may be an error of Redis (REDIS_REPLY_ERROR) and is freed by
 * freeReplyObject(). FAIL_UNAVAILABLE at once while Redis is known to be away. A command may have been carried out
 * twice where the connection ended in between.
 */
int redis_pool_call(struct redis_pool *pool, int count, const char **words, const size_t *lengths,
                    redisReply **ret_reply, struct failure *failure);

#endif
