/* SPDX-License-Identifier: MIT */
#include "webhook/webhook.h"

#include "base/cleanup.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* An address, 4 or 16 bytes long, or the first `bits` of one. */
struct range {
    uint8_t bytes[16];
    uint8_t length;
    uint8_t bits;
};

/*
 * What is not public unicast, from IANA's registries of special purpose addresses (RFC 6890) and of IPv6 unicast. Of
 * IPv6 only 2000::/3 is given out at all, so there are listed only the exceptions within it.
 */
static const struct range refused4[] = {
    {{0}, 4, 8},             /* "this network" (RFC 791) */
    {{10}, 4, 8},            /* private (RFC 1918) */
    {{100, 64}, 4, 10},      /* shared by a provider's customers (RFC 6598) */
    {{127}, 4, 8},           /* loopback */
    {{169, 254}, 4, 16},     /* link-local (RFC 3927); clouds have their metadata there */
    {{172, 16}, 4, 12},      /* private */
    {{192, 0, 0}, 4, 24},    /* protocol assignments (RFC 6890) */
    {{192, 0, 2}, 4, 24},    /* documentation (RFC 5737) */
    {{192, 88, 99}, 4, 24},  /* 6to4 relays (RFC 7526) */
    {{192, 168}, 4, 16},     /* private */
    {{198, 18}, 4, 15},      /* benchmarks (RFC 2544) */
    {{198, 51, 100}, 4, 24}, /* documentation */
    {{203, 0, 113}, 4, 24},  /* documentation */
    {{224}, 4, 4},           /* multicast */
    {{240}, 4, 4},           /* reserved, and the broadcast address */
};
static const struct range public6 = {{0x20}, 16, 3};
static const struct range refused6[] = {
    {{0x20, 0x01}, 16, 23},             /* protocol assignments; Teredo (RFC 4380) is among them */
    {{0x20, 0x01, 0x0d, 0xb8}, 16, 32}, /* documentation (RFC 3849) */
    {{0x3f, 0xff}, 16, 20},             /* documentation (RFC 9637) */
};
/* Those that hold an IPv4 address, from the byte on after their last. */
static const struct range mapped = {{[10] = 0xff, [11] = 0xff}, 16, 96};
static const struct range nat64 = {{0x00, 0x64, 0xff, 0x9b}, 16, 96};
static const struct range six_to_four = {{0x20, 0x02}, 16, 16};

static bool is_within(const struct range *range, const struct range *address)
{
    size_t whole = range->bits / 8;
    uint8_t mask = (uint8_t)(0xff00 >> (range->bits % 8));

    if (range->length != address->length || memcmp(range->bytes, address->bytes, whole) != 0)
        return false;
    return range->bits % 8 == 0 || ((range->bytes[whole] ^ address->bytes[whole]) & mask) == 0;
}

static bool is_within_any(const struct range *ranges, size_t count, const struct range *address)
{
    for (size_t i = 0; i < count; i++)
        if (is_within(&ranges[i], address))
            return true;
    return false;
}

/* Has it a bit set beyond those that count? Then somebody meant something else. */
static bool has_bits_beyond(const struct range *range)
{
    for (unsigned bit = range->bits; bit < 8U * range->length; bit++)
        if (range->bytes[bit / 8] & (0x80 >> bit % 8))
            return true;
    return false;
}

static bool parse_range(const char *text, struct range *ret_range)
{
    char address[INET6_ADDRSTRLEN];
    const char *slash = strchr(text, '/');
    size_t length = slash ? (size_t)(slash - text) : strlen(text);
    struct range range = {.length = 4};
    unsigned bits = 0;

    if (length >= sizeof(address))
        return false;
    memcpy(address, text, length);
    address[length] = '\0';
    if (inet_pton(AF_INET, address, range.bytes) != 1) {
        range.length = 16;
        if (inet_pton(AF_INET6, address, range.bytes) != 1)
            return false;
    }
    if (slash) {
        const char *c = slash + 1;

        if (!*c || strlen(c) > 3)
            return false;
        for (; *c; c++) {
            if (*c < '0' || *c > '9')
                return false;
            bits = bits * 10 + (unsigned)(*c - '0');
        }
    } else {
        bits = 8U * range.length;
    }
    if (bits > 8U * range.length)
        return false;
    range.bits = (uint8_t)bits;
    if (has_bits_beyond(&range))
        return false;
    *ret_range = range;
    return true;
}

int webhook_allow_check(const char *const *allow, struct failure *failure)
{
    struct range range;

    for (; allow && *allow; allow++)
        if (!parse_range(*allow, &range))
            return fail(failure, FAIL_INVALID,
                        "\"%.80s\" is no range of addresses such as 10.1.0.0/16 (no bit may be set beyond its length)",
                        *allow);
    return 0;
}

static bool is_in_allow(const struct range *address, const char *const *allow)
{
    struct range range;

    for (; allow && *allow; allow++)
        if (parse_range(*allow, &range) && is_within(&range, address))
            return true;
    return false;
}

static bool is_allowed4(const struct range *address, const char *const *allow)
{
    return is_in_allow(address, allow) || !is_within_any(refused4, SN_ARRAY_SIZE(refused4), address);
}

static bool is_allowed6(const struct range *address, const char *const *allow)
{
    static const struct range *const holders[] = {&mapped, &nat64, &six_to_four};

    if (is_in_allow(address, allow))
        return true;
    for (size_t i = 0; i < SN_ARRAY_SIZE(holders); i++) {
        struct range inner = {.length = 4};

        if (!is_within(holders[i], address))
            continue;
        memcpy(inner.bytes, address->bytes + holders[i]->bits / 8, 4);
        return is_allowed4(&inner, allow);
    }
    return is_within(&public6, address) && !is_within_any(refused6, SN_ARRAY_SIZE(refused6), address);
}

bool webhook_address_is_allowed(const struct sockaddr *address, const char *const *allow)
{
    struct range range = {.length = 0};

    if (address->sa_family == AF_INET) {
        range.length = 4;
        memcpy(range.bytes, &((const struct sockaddr_in *)address)->sin_addr, 4);
        return is_allowed4(&range, allow);
    }
    if (address->sa_family == AF_INET6) {
        range.length = 16;
        memcpy(range.bytes, &((const struct sockaddr_in6 *)address)->sin6_addr, 16);
        return is_allowed6(&range, allow);
    }
    return false;
}
