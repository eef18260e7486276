/* SPDX-License-Identifier: MIT */
#include "http/address.h"

#include "base/cleanup.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

struct range {
    struct http__address address;
    unsigned bits;
};

struct http__ranges {
    size_t count;
    struct range ranges[];
};

static struct in6_addr mapped(const struct in_addr *in)
{
    struct in6_addr in6 = {0};

    in6.s6_addr[10] = in6.s6_addr[11] = 0xff;
    memcpy(&in6.s6_addr[12], in, 4);
    return in6;
}

/* Exactly an address; *ret_bits is how many there are to count. */
static bool parse_plain(const char *text, struct http__address *ret_address, unsigned *ret_bits)
{
    struct in_addr in;

    ret_address->is_unix = false;
    *ret_bits = 128;
    if (inet_pton(AF_INET, text, &in) == 1) {
        ret_address->in6 = mapped(&in);
        *ret_bits = 32;
        return true;
    }
    return inet_pton(AF_INET6, text, &ret_address->in6) == 1;
}

static int parse_range(const char *text, struct range *ret_range, struct failure *failure)
{
    char address[INET6_ADDRSTRLEN];
    const char *slash = strchr(text, '/');
    size_t length = slash ? (size_t)(slash - text) : strlen(text);
    unsigned width, bits = 0;

    if (strcmp(text, "unix") == 0) {
        ret_range->address.is_unix = true;
        return 0;
    }
    if (length >= sizeof(address))
        return fail(failure, FAIL_INVALID, "trusted proxy \"%s\" is no address", text);
    memcpy(address, text, length);
    address[length] = '\0';
    if (!parse_plain(address, &ret_range->address, &width))
        return fail(failure, FAIL_INVALID, "trusted proxy \"%s\" is no address", text);
    if (slash) {
        if (!slash[1] || strlen(slash + 1) > 3 || strspn(slash + 1, "0123456789") != strlen(slash + 1))
            return fail(failure, FAIL_INVALID, "trusted proxy \"%s\" has no length after the slash", text);
        for (const char *c = slash + 1; *c; c++)
            bits = bits * 10 + (unsigned)(*c - '0');
        if (bits > width)
            return fail(failure, FAIL_INVALID, "trusted proxy \"%s\" has more than %u bits", text, width);
    } else {
        bits = width;
    }
    ret_range->bits = bits + (128 - width);
    return 0;
}

int http__ranges_make(const char *const *texts, struct http__ranges **ret_ranges, struct failure *failure)
{
    struct http__ranges *ranges;
    size_t count = 0;
    int r;

    while (texts && texts[count])
        count++;
    ranges = calloc(1, sizeof(*ranges) + count * sizeof(ranges->ranges[0]));
    if (!ranges)
        return fail_nomem(failure);
    for (; ranges->count < count; ranges->count++) {
        r = parse_range(texts[ranges->count], &ranges->ranges[ranges->count], failure);
        if (r < 0) {
            free(ranges);
            return r;
        }
    }
    *ret_ranges = ranges;
    return 0;
}

void http__ranges_free(struct http__ranges *ranges)
{
    free(ranges);
}

static bool in_range(const struct range *range, const struct http__address *address)
{
    const uint8_t *a = range->address.in6.s6_addr, *b = address->in6.s6_addr;
    unsigned whole = range->bits / 8, rest = range->bits % 8;

    if (range->address.is_unix || address->is_unix)
        return range->address.is_unix && address->is_unix;
    if (memcmp(a, b, whole) != 0)
        return false;
    return !rest || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

bool http__ranges_have(const struct http__ranges *ranges, const struct http__address *address)
{
    for (size_t i = 0; i < ranges->count; i++) {
        if (in_range(&ranges->ranges[i], address))
            return true;
    }
    return false;
}

struct http__address http__address_of(const struct sockaddr *name, socklen_t length)
{
    /* Nothing known (the client may be gone already) is "::", which is no loopback address and no proxy. */
    struct http__address address = {.is_unix = length >= sizeof(sa_family_t) && name->sa_family == AF_UNIX};

    if (length >= sizeof(struct sockaddr_in) && name->sa_family == AF_INET)
        address.in6 = mapped(&((const struct sockaddr_in *)name)->sin_addr);
    else if (length >= sizeof(struct sockaddr_in6) && name->sa_family == AF_INET6)
        address.in6 = ((const struct sockaddr_in6 *)name)->sin6_addr;
    return address;
}

bool http__address_parse(const char *text, size_t length, struct http__address *ret_address)
{
    char copy[INET6_ADDRSTRLEN + 8];
    char *begin = copy, *end, *colon;
    unsigned bits;

    if (!length || length >= sizeof(copy))
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    if (*begin == '[') {
        begin++;
        end = strchr(begin, ']');
        if (!end || (end[1] && end[1] != ':'))
            return false;
        *end = '\0';
    } else {
        /* One colon is a port behind an IPv4 address; more are an IPv6 address. */
        colon = strchr(begin, ':');
        if (colon && !strchr(colon + 1, ':'))
            *colon = '\0';
    }
    return parse_plain(begin, ret_address, &bits);
}

void http__address_print(const struct http__address *address, char text[HTTP__ADDRESS_TEXT])
{
    if (address->is_unix)
        memcpy(text, "unix", sizeof("unix"));
    else if (IN6_IS_ADDR_V4MAPPED(&address->in6))
        inet_ntop(AF_INET, &address->in6.s6_addr[12], text, HTTP__ADDRESS_TEXT);
    else
        inet_ntop(AF_INET6, &address->in6, text, HTTP__ADDRESS_TEXT);
}

bool http__address_is_loopback(const struct http__address *address)
{
    if (address->is_unix || IN6_IS_ADDR_LOOPBACK(&address->in6))
        return true;
    return IN6_IS_ADDR_V4MAPPED(&address->in6) && address->in6.s6_addr[12] == 127;
}
