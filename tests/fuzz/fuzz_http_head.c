/* SPDX-License-Identifier: MIT */
/*
 * Request line and header fields as anybody may send them, and their parts by themselves. What is accepted has one
 * reading: written again it is the same, it says once for whom it is and how long its body is, and no path climbs.
 */
#include "fuzz.h"
#include "http/head.h"

#include <strings.h>

/* Memory of exactly these bytes; to be freed. */
static char *copy_of(struct http__slice slice)
{
    char *copy = malloc(slice.length ? slice.length : 1);

    MUST(copy, "no memory");
    memcpy(copy, slice.data, slice.length);
    return copy;
}

static void check_within(struct http__slice slice, const char *data, size_t length)
{
    MUST(slice.data >= data && slice.length <= length && (size_t)(slice.data - data) <= length - slice.length,
         "%zu bytes", slice.length);
}

static bool is_same(struct http__slice a, struct http__slice b)
{
    return a.length == b.length && memcmp(a.data, b.data, a.length) == 0;
}

static void check_path(const char *path)
{
    size_t length = strlen(path);

    if (strcmp(path, "*") == 0)
        return;
    MUST(path[0] == '/', "'%s'", path);
    MUST(!strstr(path, "/../") && !strstr(path, "/./"), "'%s'", path);
    MUST(length < 3 || strcmp(path + length - 3, "/..") != 0, "'%s'", path);
    MUST(length < 2 || strcmp(path + length - 2, "/.") != 0, "'%s'", path);
    MUST(http__is_text(path, length, true), "'%s'", path);
}

static void check_decoding(struct http__slice text, bool with_plus)
{
    char *out = malloc(text.length + 1);
    size_t length;

    MUST(out, "no memory");
    if (http__decode(text, with_plus, out, &length)) {
        MUST(length <= text.length && out[length] == '\0', "%zu of %zu bytes", length, text.length);
        if (!memchr(text.data, '%', text.length) && !(with_plus && memchr(text.data, '+', text.length)))
            MUST(length == text.length && memcmp(out, text.data, length) == 0, "plain bytes were changed");
        if (http__is_text(out, length, false))
            MUST(strlen(out) == length, "a text has a NUL in it");
    }
    free(out);
}

/* A target of exactly these bytes, and room for exactly as much as is promised to suffice. */
static void check_target(struct http__slice slice)
{
    char *copy = copy_of(slice), *path = malloc(slice.length + 2);
    struct http__slice target = {copy, slice.length}, query;

    MUST(path, "no memory");
    if (http__target_split(target, path, &query) == 0) {
        check_path(path);
        if (query.length)
            check_within(query, copy, slice.length);
        check_decoding(query, true);
    }
    check_decoding(target, false);
    free(path);
    free(copy);
}

static void check_list(struct http__slice slice)
{
    char *copy = copy_of(slice);
    struct http__slice list = {copy, slice.length};

    if (!memchr(copy, ',', slice.length) && http__slice_is(list, "close"))
        MUST(http__list_has(list, "close"), "a list of one does not have it");
    if (http__list_has(list, "close"))
        MUST(slice.length >= 5, "a list of %zu bytes has it", slice.length);
    free(copy);
}

/* Counted once more, in the plainest way. */
static void check_framing(const struct http__head *head)
{
    unsigned hosts = 0, lengths = 0, encodings = 0;

    for (size_t i = 0; i < head->field_count; i++) {
        struct http__slice name = head->fields[i].name;

        hosts += name.length == 4 && strncasecmp(name.data, "host", 4) == 0;
        lengths += name.length == 14 && strncasecmp(name.data, "content-length", 14) == 0;
        encodings += name.length == 17 && strncasecmp(name.data, "transfer-encoding", 17) == 0;
    }
    MUST(hosts == 1 || (hosts == 0 && head->minor == 0), "%u hosts", hosts);
    MUST(lengths + encodings <= 1, "%u lengths, %u encodings", lengths, encodings);
    MUST(!encodings || head->minor == 1, "HTTP/1.0 with an encoding");
}

static void check_fields(const struct http__head *head, const char *data)
{
    MUST(head->field_count <= HTTP__FIELDS_MAX, "%zu fields", head->field_count);
    check_within(head->method, data, head->length);
    check_within(head->target, data, head->length);
    MUST(head->method.length && head->target.length && head->minor <= 1, "a part is missing");
    for (size_t i = 0; i < head->field_count; i++) {
        const struct http__field *field = &head->fields[i];

        check_within(field->name, data, head->length);
        check_within(field->value, data, head->length);
        MUST(field->name.length, "field %zu has no name", i);
        for (size_t k = 0; k < field->name.length; k++)
            MUST(http__is_token(field->name.data[k]), "field %zu", i);
        MUST(!memchr(field->value.data, '\n', field->value.length) &&
                 !memchr(field->value.data, '\r', field->value.length) &&
                 !memchr(field->value.data, '\0', field->value.length),
             "field %zu ends a line", i);
        check_list(field->value);
    }
}

static void add(char **at, const char *data, size_t length)
{
    memcpy(*at, data, length);
    *at += length;
}

/* Written in the plainest form it is read as the same. */
static void check_again(const struct http__head *head)
{
    static struct http__head again;
    /* ": " and CR LF where there may have been only ':' and CR LF */
    char *text = malloc(head->length + head->field_count), *end = text;
    struct http__slice line = {text, 0};

    MUST(text, "no memory");
    add(&end, head->method.data, head->method.length);
    add(&end, " ", 1);
    add(&end, head->target.data, head->target.length);
    add(&end, head->minor ? " HTTP/1.1\r\n" : " HTTP/1.0\r\n", 11);
    for (size_t i = 0; i < head->field_count; i++) {
        add(&end, head->fields[i].name.data, head->fields[i].name.length);
        add(&end, ": ", 2);
        add(&end, head->fields[i].value.data, head->fields[i].value.length);
        add(&end, "\r\n", 2);
    }
    add(&end, "\r\n", 2);
    line.length = (size_t)(end - text);
    MUST(http__head_is_whole(text, line.length), "it has no end");
    MUST(line.length > HTTP__HEAD_MAX || http__head_parse(text, line.length, &again) == 0, "it is refused");
    if (line.length <= HTTP__HEAD_MAX) {
        MUST(again.length == line.length && again.minor == head->minor && again.field_count == head->field_count,
             "it is read otherwise");
        MUST(is_same(again.method, head->method) && is_same(again.target, head->target), "it is read otherwise");
        for (size_t i = 0; i < head->field_count; i++)
            MUST(is_same(again.fields[i].name, head->fields[i].name) &&
                     is_same(again.fields[i].value, head->fields[i].value),
                 "field %zu is read otherwise", i);
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct http__head head, shorter;
    char *text = copy_of((struct http__slice){(const char *)data, size});
    int status = http__head_parse(text, size, &head);

    MUST(status == 0 || status == 400 || status == 431, "status %d", status);
    if (status == 0) {
        MUST(head.length <= size && http__head_is_whole(text, head.length), "%zu of %zu bytes", head.length, size);
        check_fields(&head, text);
        check_framing(&head);
        check_target(head.target);
        check_again(&head);
        /* what follows it is nothing to it, and there is no shorter one */
        MUST(http__head_parse(text, head.length, &shorter) == 0 && shorter.length == head.length,
             "by itself it is not");
        MUST(http__head_parse(text, head.length - 1, &shorter) != 0, "it ends before its end");
    }
    check_target((struct http__slice){(const char *)data, size});
    check_list((struct http__slice){(const char *)data, size});
    free(text);
    return 0;
}
