/* SPDX-License-Identifier: MIT */
#include "common/uuid.h"

#include "common/failure.h"
#include "common/hex.h"
#include "common/wallclock.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>

static int random_bytes(void *at, size_t length)
{
    while (length > 0) {
        ssize_t got = getrandom(at, length, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return FAIL_INTERNAL;
        at = (char *)at + got;
        length -= (size_t)got;
    }
    return 0;
}

int uuid_make(struct uuid *ret_uuid)
{
    /* RFC 9562, 6.2, method 1: twelve bits that count within a millisecond; a clock that steps back is not followed. */
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    static uint64_t last_ms;
    static unsigned counter;
    struct uuid made;
    uint64_t ms;
    unsigned count;

    if (random_bytes(made.bytes + 8, 8) < 0)
        return FAIL_INTERNAL;
    pthread_mutex_lock(&mutex);
    ms = (uint64_t)wallclock_us() / 1000;
    if (ms > last_ms) {
        last_ms = ms;
        counter = 0;
    } else if (++counter > 0xfff) {
        last_ms++;
        counter = 0;
    }
    ms = last_ms;
    count = counter;
    pthread_mutex_unlock(&mutex);
    for (int i = 0; i < 6; i++)
        made.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
    made.bytes[6] = (uint8_t)(0x70 | count >> 8);
    made.bytes[7] = (uint8_t)count;
    made.bytes[8] = (made.bytes[8] & 0x3f) | 0x80;
    *ret_uuid = made;
    return 0;
}

struct uuid uuid_of_time(int64_t us)
{
    struct uuid made = {{0}};
    uint64_t ms = us > 0 ? (uint64_t)us / 1000 : 0;

    for (int i = 0; i < 6; i++)
        made.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
    return made;
}

int64_t uuid_time_us(const struct uuid *uuid)
{
    uint64_t ms = 0;

    for (int i = 0; i < 6; i++)
        ms = ms << 8 | uuid->bytes[i];
    return (int64_t)(ms * 1000);
}

void uuid_print(const struct uuid *uuid, char text[UUID_TEXT_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    char *at = text;

    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *at++ = '-';
        *at++ = digits[uuid->bytes[i] >> 4];
        *at++ = digits[uuid->bytes[i] & 15];
    }
    *at = '\0';
}

bool uuid_parse(const char *text, struct uuid *ret_uuid)
{
    struct uuid parsed;
    const char *at = text;

    for (int i = 0; i < 16; i++) {
        int high;
        int low;

        if ((i == 4 || i == 6 || i == 8 || i == 10) && *at++ != '-')
            return false;
        high = hex_value(at[0]);
        low = high < 0 ? -1 : hex_value(at[1]);
        if (low < 0)
            return false;
        parsed.bytes[i] = (uint8_t)(high << 4 | low);
        at += 2;
    }
    if (*at)
        return false;
    *ret_uuid = parsed;
    return true;
}

int uuid_compare(const struct uuid *a, const struct uuid *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

bool uuid_is_zero(const struct uuid *uuid)
{
    static const struct uuid zero;

    return uuid_compare(uuid, &zero) == 0;
}
