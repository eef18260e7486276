/* SPDX-License-Identifier: MIT */
#ifndef JOBS_GUARD_REDIS_SCRIPTS_H
#define JOBS_GUARD_REDIS_SCRIPTS_H

/*
 * What Redis carries out as a whole, each in one trip. Times are Redis' own, so the clocks of those who ask do not
 * matter. All keys begin with "sentinel:" and expire by themselves when nothing in them counts any more.
 */

/* A sorted set: names of claims by their end, in milliseconds since the epoch; and a hash: whose they are. */
#define REDIS_KEY_CLAIMS "sentinel:claims"
#define REDIS_KEY_OWNERS "sentinel:owners"
/* One for each name: a list of the units in the window, then when:units for each grant, the oldest first. */
#define REDIS_KEY_RATE "sentinel:rate:"

/* KEYS claims, owners; ARGV name, owner, ttl in ms, 1 to take it over. 1: it is the owner's; 0: another's. */
extern const char *const redis_script_claim;
/* KEYS claims, owners; ARGV name, owner. 1: released; 0: it was nobody's; -1: it is another's. */
extern const char *const redis_script_release;
/*
 * KEYS the rate's; ARGV limit, window, granule (both in microseconds), cost.
 * Allowed (0 or 1), remaining, retry_after_ms, reset_ms.
 */
extern const char *const redis_script_rate;

#endif
