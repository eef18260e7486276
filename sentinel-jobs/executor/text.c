/* SPDX-License-Identifier: MIT */
#include "executor/text.h"

#include <stdint.h>
#include <string.h>

/* Length of the well-formed sequence at `at` (RFC 3629: no surrogates, nothing overlong); 0 if there is none. */
static size_t sequence(const unsigned char *at, size_t left)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = at[0] < 0x80 ? 1 : at[0] >= 0xc2 && at[0] < 0xe0 ? 2 : (at[0] & 0xf0) == 0xe0 ? 3 : 4;
    uint32_t code;

    if (length == 1)
        return 1;
    if (length == 4 && (at[0] < 0xf0 || at[0] > 0xf4))
        return 0;
    if (length > left)
        return 0;
    code = at[0] & (0x7fU >> length);
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (at[i] & 0x3f);
    }
    if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        return 0;
    return length;
}

size_t text_first_line(const char *data, size_t length, char *text, size_t size)
{
    static const char cut[] = "...";
    const unsigned char *at = (const unsigned char *)data;
    size_t used = 0, fits = 0;

    for (size_t i = 0; i < length && at[i] != '\n';) {
        size_t n = sequence(at + i, length - i);
        /* C1 controls are two bytes */
        int is_shown = n && at[i] >= 0x20 && at[i] != 0x7f && !(at[i] == 0xc2 && at[i + 1] < 0xa0);
        size_t step = n ? n : 1, room = is_shown ? n : 1;

        if (at[i] == '\r' && (i + 1 == length || at[i + 1] == '\n'))
            break;
        if (used + room >= size) {
            memcpy(text + fits, cut, sizeof(cut));
            return fits + sizeof(cut) - 1;
        }
        if (is_shown)
            memcpy(text + used, at + i, n);
        else
            text[used] = at[i] == '\t' ? ' ' : '?';
        used += room;
        if (used + sizeof(cut) <= size)
            fits = used;
        i += step;
    }
    text[used] = '\0';
    return used;
}
