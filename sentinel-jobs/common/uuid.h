/* SPDX-License-Identifier: MIT */
#ifndef JOBS_COMMON_UUID_H
#define JOBS_COMMON_UUID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* RFC 9562. Ordered by memcmp(3), version 7 by time of creation. */
struct uuid {
    uint8_t bytes[16];
};

#define UUID_TEXT_SIZE 37

/*
 * A new version 7: milliseconds since the epoch, then a counter that makes those of one process ascend, then random
 * bits. Any thread. 0 or FAIL_INTERNAL (no randomness).
 */
int uuid_make(struct uuid *ret_uuid);
/* The smallest version 7 of a time: where a range of a partition begins. */
struct uuid uuid_of_time(int64_t us);
/* When it was made, microseconds since the epoch (in steps of a millisecond). */
int64_t uuid_time_us(const struct uuid *uuid);
/* The lower-case form with hyphens. */
void uuid_print(const struct uuid *uuid, char text[UUID_TEXT_SIZE]);
/* Accepts exactly that form in either case, of any version. */
bool uuid_parse(const char *text, struct uuid *ret_uuid);
int uuid_compare(const struct uuid *a, const struct uuid *b);
bool uuid_is_zero(const struct uuid *uuid);

#endif
