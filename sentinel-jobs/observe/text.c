/* SPDX-License-Identifier: MIT */
#include "observe/text.h"

#include <stdbool.h>
#include <string.h>

/*
 * How many bytes the character has, 0 if it is none (RFC 3629, 4). The NUL at the end is no continuation, so nothing
 * beyond it is looked at.
 */
static size_t character_length(const unsigned char *at)
{
    unsigned char low = 0x80;
    unsigned char high = 0xbf;
    size_t length;

    if (at[0] < 0x80)
        return 1;
    if (at[0] < 0xc2 || at[0] > 0xf4)
        return 0;
    length = at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    /* overlong forms, surrogates and what is beyond U+10FFFF show in the second byte */
    if (at[0] == 0xe0)
        low = 0xa0;
    else if (at[0] == 0xed)
        high = 0x9f;
    else if (at[0] == 0xf0)
        low = 0x90;
    else if (at[0] == 0xf4)
        high = 0x8f;
    if (at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++)
        if (at[i] < 0x80 || at[i] > 0xbf)
            return 0;
    return length;
}

size_t text_copy(char *to, size_t size, const char *from)
{
    size_t used = 0;

    while (*from) {
        size_t length = character_length((const unsigned char *)from);
        bool is_valid = length > 0;

        if (!is_valid)
            length = 1;
        if (used + length >= size)
            break;
        if (is_valid)
            memcpy(to + used, from, length);
        else
            to[used] = '?';
        used += length;
        from += length;
    }
    to[used] = '\0';
    return used;
}
