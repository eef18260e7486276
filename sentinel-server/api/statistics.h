/* SPDX-License-Identifier: MIT */
#ifndef SERVER_API_STATISTICS_H
#define SERVER_API_STATISTICS_H

/*
 * Answers of a moment ago: however many dashboards ask, the store is asked by one request at a time, and no more than
 * once a second for the same. Whatever takes long is kept longer, so that it is never most of what the store does.
 */
struct statistics_cache;

/* NULL without memory. */
struct statistics_cache *statistics_cache_make(void);
/* NULL is accepted. */
void statistics_cache_free(struct statistics_cache *cache);

#endif
