/* SPDX-License-Identifier: MIT */
#include "observe/trace.h"

#include "common/wallclock.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#define FLAG_SAMPLED 1 /* the only one of version 00; the others are to be zero */
#define TEXT_LENGTH (TRACEPARENT_SIZE - 1)

/* `count` bytes of lower-case hex digits; false also if all of them are zero and that is no value. */
static bool parse_hex(const char *text, uint8_t *bytes, size_t count, bool zero_is_valid)
{
    unsigned seen = 0;

    for (size_t i = 0; i < 2 * count; i++) {
        unsigned digit;

        if (text[i] >= '0' && text[i] <= '9')
            digit = (unsigned)(text[i] - '0');
        else if (text[i] >= 'a' && text[i] <= 'f')
            digit = (unsigned)(text[i] - 'a') + 10;
        else
            return false;
        bytes[i / 2] = (uint8_t)(i % 2 ? bytes[i / 2] << 4 | digit : digit);
        seen |= digit;
    }
    return seen || zero_is_valid;
}

/* VERSION-TRACE-SPAN-FLAGS; what a later version has after that is not understood, but no mistake (3.2.4). */
bool trace_parse(const char *traceparent, struct trace_context *ret_context)
{
    struct trace_context context;
    uint8_t version;
    char end;

    if (!traceparent || strnlen(traceparent, TEXT_LENGTH) < TEXT_LENGTH)
        return false;
    if (traceparent[2] != '-' || traceparent[35] != '-' || traceparent[52] != '-')
        return false;
    if (!parse_hex(traceparent, &version, 1, true) || version == 0xff)
        return false;
    end = traceparent[TEXT_LENGTH];
    if (end && (version == 0 || end != '-'))
        return false;
    if (!parse_hex(traceparent + 3, context.trace_id, sizeof(context.trace_id), false) ||
        !parse_hex(traceparent + 36, context.span_id, sizeof(context.span_id), false) ||
        !parse_hex(traceparent + 53, &context.flags, 1, true))
        return false;
    context.flags &= FLAG_SAMPLED;
    *ret_context = context;
    return true;
}

static char *print_hex(char *to, const uint8_t *bytes, size_t count)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < count; i++) {
        *to++ = digits[bytes[i] >> 4];
        *to++ = digits[bytes[i] & 15];
    }
    return to;
}

void trace_print(const struct trace_context *context, char text[TRACEPARENT_SIZE])
{
    uint8_t flags = context->flags & FLAG_SAMPLED;

    text = stpcpy(text, "00-");
    text = print_hex(text, context->trace_id, sizeof(context->trace_id));
    *text++ = '-';
    text = print_hex(text, context->span_id, sizeof(context->span_id));
    *text++ = '-';
    text = print_hex(text, &flags, 1);
    *text = '\0';
}

/* Never all zero. An id without randomness (a kernel that has none to give) is of the clock: it is no secret. */
static void random_id(uint8_t *id, size_t length)
{
    ssize_t got;

    do
        got = getrandom(id, length, 0);
    while (got < 0 && errno == EINTR);
    if (got != (ssize_t)length)
        memset(id, 0, length);
    for (size_t i = 0; i < length; i++)
        if (id[i])
            return;
    for (uint64_t now = (uint64_t)wallclock_us(), i = 0; i < sizeof(now); i++)
        id[i] = (uint8_t)(now >> (8 * i));
}

void trace_begin(const struct trace_context *parent, struct trace_context *ret_context)
{
    struct trace_context context;

    if (parent) {
        context = *parent;
    } else {
        random_id(context.trace_id, sizeof(context.trace_id));
        context.flags = FLAG_SAMPLED;
    }
    random_id(context.span_id, sizeof(context.span_id));
    *ret_context = context;
}
