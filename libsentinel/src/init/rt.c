/* SPDX-License-Identifier: MIT */
#include "init/rt.h"

#include <linux/time.h>

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
    unsigned char *t = to;
    const unsigned char *f = from;

    while (n--)
        *t++ = *f++;
    return to;
}

void *memset(void *at, int byte, size_t n)
{
    unsigned char *t = at;

    while (n--)
        *t++ = (unsigned char)byte;
    return at;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const unsigned char *x = a, *y = b;

    for (; n; n--, x++, y++)
        if (*x != *y)
            return *x < *y ? -1 : 1;
    return 0;
}

size_t strlen(const char *text)
{
    size_t n = 0;

    while (text[n])
        n++;
    return n;
}

size_t rt_append(char *buffer, size_t size, size_t used, const char *text)
{
    size_t n = strlen(text);

    if (used >= size || n >= size - used)
        return size;
    memcpy(buffer + used, text, n + 1);
    return used + n;
}

size_t rt_append_u64(char *buffer, size_t size, size_t used, uint64_t value, unsigned base)
{
    char digits[32];
    size_t at = sizeof(digits) - 1;

    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + value % base);
        value /= base;
    } while (value);
    return rt_append(buffer, size, used, digits + at);
}

uint64_t rt_parse_u64(const char **at)
{
    uint64_t value = 0;

    while (**at >= '0' && **at <= '9')
        value = value * 10 + (uint64_t)(*(*at)++ - '0');
    return value;
}

static uint64_t clock_ns(int clock)
{
    struct __kernel_timespec now = {0};

    sn__sys(__NR_clock_gettime, clock, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

uint64_t rt_now_ns(void)
{
    return clock_ns(1 /* CLOCK_MONOTONIC */);
}

uint64_t rt_own_cpu_ns(void)
{
    return clock_ns(3 /* CLOCK_THREAD_CPUTIME_ID: we have one thread */);
}
