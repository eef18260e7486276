/* SPDX-License-Identifier: MIT */
#ifndef JOBS_GUARD_MEMORY_RATE_H
#define JOBS_GUARD_MEMORY_RATE_H

#include "guard/guard.h"

#include <stddef.h>

/*
 * The rates of this process: for each name a queue of what was allowed and when. Names whose window has become empty
 * are dropped; at most `bytes` are used: beyond that the name that was asked about the longest time ago is forgotten,
 * which at worst allows too much to somebody. Any thread may call anything.
 */
struct rate_table;

int rate_table_make(size_t bytes, struct rate_table **ret_table, struct failure *failure);
void rate_table_free(struct rate_table *table);
int rate_table_ask(struct rate_table *table, const char *name, uint32_t limit, uint64_t window_ms, uint32_t cost,
                   struct guard_rate *ret_rate, struct failure *failure);

#endif
