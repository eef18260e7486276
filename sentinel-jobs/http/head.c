/* SPDX-License-Identifier: MIT */
#include "http/head.h"

#include "base/cleanup.h"
#include "common/hex.h"

#include <string.h>
#include <strings.h>

/*
 * Theory of operation. h2o has parsed the request once and found its end; this parses the same bytes again, because
 * h2o forgives what must not be forgiven where a proxy in front may read the same bytes in another way: two
 * Content-Length fields, both Content-Length and Transfer-Encoding, folded lines, bare line feeds, no or two Hosts. It
 * is here, too, that the fields h2o keeps for itself (Host, Upgrade, Content-Length) become ordinary ones again.
 */

bool http__is_token(char c)
{
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
        return true;
    return c && strchr("!#$%&'*+-.^_`|~", c);
}

bool http__slice_is(struct http__slice slice, const char *text)
{
    return slice.length == strlen(text) && strncasecmp(slice.data, text, slice.length) == 0;
}

static struct http__slice trim(struct http__slice slice)
{
    while (slice.length && (*slice.data == ' ' || *slice.data == '\t')) {
        slice.data++;
        slice.length--;
    }
    while (slice.length && (slice.data[slice.length - 1] == ' ' || slice.data[slice.length - 1] == '\t'))
        slice.length--;
    return slice;
}

bool http__list_next(struct http__slice *list, struct http__slice *ret_element)
{
    while (list->length) {
        const char *comma = memchr(list->data, ',', list->length);
        struct http__slice part = {list->data, comma ? (size_t)(comma - list->data) : list->length};

        list->data += part.length + (comma != NULL);
        list->length -= part.length + (comma != NULL);
        *ret_element = trim(part);
        if (ret_element->length)
            return true;
    }
    return false;
}

bool http__list_has(struct http__slice list, const char *element)
{
    struct http__slice one;

    while (http__list_next(&list, &one)) {
        if (http__slice_is(one, element))
            return true;
    }
    return false;
}

/* The line at *at without its CR LF; false: there is none, or it has a CR, LF or NUL where there should be none. */
static bool next_line(const char *data, size_t length, size_t *at, struct http__slice *ret_line)
{
    const char *begin = data + *at, *end = memchr(begin, '\n', length - *at);
    size_t line;

    if (!end || end == begin || end[-1] != '\r')
        return false;
    line = (size_t)(end - 1 - begin);
    if (memchr(begin, '\r', line) || memchr(begin, '\0', line))
        return false;
    *ret_line = (struct http__slice){begin, line};
    *at += line + 2;
    return true;
}

static bool parse_request_line(struct http__slice line, struct http__head *head)
{
    const char *space = memchr(line.data, ' ', line.length), *second;
    size_t left;

    if (!space || space == line.data)
        return false;
    head->method = (struct http__slice){line.data, (size_t)(space - line.data)};
    for (size_t i = 0; i < head->method.length; i++) {
        if (!http__is_token(head->method.data[i]))
            return false;
    }
    left = line.length - head->method.length - 1;
    second = memchr(space + 1, ' ', left);
    if (!second || second == space + 1)
        return false;
    head->target = (struct http__slice){space + 1, (size_t)(second - space - 1)};
    left -= head->target.length + 1;
    if (left != 8 || memcmp(second + 1, "HTTP/1.", 7) != 0 || (second[8] != '0' && second[8] != '1'))
        return false;
    head->minor = second[8] == '1';
    return true;
}

static bool parse_field(struct http__slice line, struct http__field *field)
{
    const char *colon = memchr(line.data, ':', line.length);
    size_t name;

    if (!colon || colon == line.data)
        return false;
    name = (size_t)(colon - line.data);
    for (size_t i = 0; i < name; i++) {
        if (!http__is_token(line.data[i]))
            return false;
    }
    field->name = (struct http__slice){line.data, name};
    field->value = trim((struct http__slice){colon + 1, line.length - name - 1});
    for (size_t i = 0; i < field->value.length; i++) {
        unsigned char c = (unsigned char)field->value.data[i];

        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

/* What a Host may consist of: a name or an address in brackets, and a port. */
static bool is_host(struct http__slice host)
{
    for (size_t i = 0; i < host.length; i++) {
        char c = host.data[i];

        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || strchr("-._~:[]%", c)))
            return false;
    }
    return true;
}

static bool is_number(struct http__slice text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    }
    return text.length > 0;
}

/* Is there exactly one way to read how long the body is and for whom the request is? */
static bool is_unambiguous(const struct http__head *head)
{
    unsigned hosts = 0, lengths = 0, encodings = 0;

    for (size_t i = 0; i < head->field_count; i++) {
        const struct http__field *field = &head->fields[i];

        if (http__slice_is(field->name, "host")) {
            hosts++;
            if (!is_host(field->value))
                return false;
        } else if (http__slice_is(field->name, "content-length")) {
            lengths++;
            if (!is_number(field->value))
                return false;
        } else if (http__slice_is(field->name, "transfer-encoding")) {
            encodings++;
            if (!http__slice_is(field->value, "chunked"))
                return false;
        }
    }
    if (encodings && head->minor == 0)
        return false;
    return lengths + encodings <= 1 && (hosts == 1 || (hosts == 0 && head->minor == 0));
}

int http__head_parse(const char *data, size_t length, struct http__head *ret_head)
{
    struct http__slice line;
    size_t at = 0;

    /* One empty line before a request is allowed, and h2o skips it: some clients send one after a body. */
    if (length >= 2 && memcmp(data, "\r\n", 2) == 0)
        at = 2;
    ret_head->field_count = 0;
    if (!next_line(data, length, &at, &line) || !parse_request_line(line, ret_head))
        return 400;
    for (;;) {
        if (at > HTTP__HEAD_MAX)
            return 431;
        if (!next_line(data, length, &at, &line))
            return 400;
        if (!line.length)
            break;
        if (ret_head->field_count == HTTP__FIELDS_MAX)
            return 431;
        if (!parse_field(line, &ret_head->fields[ret_head->field_count]))
            return 400;
        ret_head->field_count++;
    }
    ret_head->length = at;
    return is_unambiguous(ret_head) ? 0 : 400;
}

bool http__head_is_whole(const char *data, size_t length)
{
    return memmem(data, length, "\r\n\r\n", 4) || memmem(data, length, "\n\n", 2) || memmem(data, length, "\n\r\n", 3);
}

bool http__decode(struct http__slice text, bool with_plus, char *out, size_t *ret_length)
{
    size_t n = 0;

    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];

        if (c == '%') {
            int high = text.length - i > 2 ? hex_value(text.data[i + 1]) : -1;
            int low = text.length - i > 2 ? hex_value(text.data[i + 2]) : -1;

            if (high < 0 || low < 0)
                return false;
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+' && with_plus) {
            c = ' ';
        }
        out[n++] = c;
    }
    out[n] = '\0';
    *ret_length = n;
    return true;
}

/* How many bytes the character at `data` has; 0: it is none (overlong forms and surrogates are none). */
static size_t character_length(const unsigned char *data, size_t left)
{
    static const struct {
        unsigned char first, last, second_first, second_last;
        size_t length;
    } forms[] = {
        {0x01, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };

    for (size_t i = 0; i < SN_ARRAY_SIZE(forms); i++) {
        if (data[0] < forms[i].first || data[0] > forms[i].last)
            continue;
        if (forms[i].length > left)
            return 0;
        if (forms[i].length > 1 && (data[1] < forms[i].second_first || data[1] > forms[i].second_last))
            return 0;
        for (size_t k = 2; k < forms[i].length; k++) {
            if ((data[k] & 0xc0) != 0x80)
                return 0;
        }
        return forms[i].length;
    }
    return 0;
}

bool http__is_text(const char *data, size_t length, bool refuse_control)
{
    const unsigned char *bytes = (const unsigned char *)data;

    for (size_t i = 0; i < length;) {
        size_t n = character_length(bytes + i, length - i);

        if (!n || (refuse_control && (bytes[i] < 0x20 || bytes[i] == 0x7f)))
            return false;
        i += n;
    }
    return true;
}

/* RFC 3986, 5.2.4, in place: "." and ".." are gone, and nothing climbs above the root. */
static void remove_dots(char *path)
{
    char *out = path;
    const char *in = path;

    while (*in) {
        const char *end = strchr(in + 1, '/');
        size_t length = end ? (size_t)(end - in) : strlen(in);

        if (length == 2 && in[1] == '.') {
            if (!end)
                *out++ = '/';
        } else if (length == 3 && in[1] == '.' && in[2] == '.') {
            while (out > path && *--out != '/')
                ;
            if (!end)
                *out++ = '/';
        } else {
            memmove(out, in, length);
            out += length;
        }
        in += length;
    }
    if (out == path)
        *out++ = '/';
    *out = '\0';
}

int http__target_split(struct http__slice target, char *path, struct http__slice *ret_query)
{
    const char *question;
    size_t length;

    /* The absolute form, as for a proxy, has to be understood (RFC 9112, 3.2.2). */
    for (size_t i = 0; i < 2; i++) {
        const char *scheme = i ? "https://" : "http://";
        size_t n = strlen(scheme);

        if (target.length > n && strncasecmp(target.data, scheme, n) == 0) {
            const char *slash = memchr(target.data + n, '/', target.length - n);

            if (!slash)
                return 400;
            target.length -= (size_t)(slash - target.data);
            target.data = slash;
        }
    }
    question = memchr(target.data, '?', target.length);
    *ret_query = question ? (struct http__slice){question + 1, target.length - (size_t)(question + 1 - target.data)}
                          : (struct http__slice){"", 0};
    if (question)
        target.length = (size_t)(question - target.data);
    if (target.length == 1 && *target.data == '*') {
        memcpy(path, "*", 2);
        return 0;
    }
    if (!target.length || *target.data != '/' || memchr(target.data, '#', target.length))
        return 400;
    if (!http__is_text(ret_query->data, ret_query->length, true) || !http__decode(target, false, path, &length) ||
        !http__is_text(path, length, true))
        return 400;
    remove_dots(path);
    return 0;
}
