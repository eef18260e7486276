/* SPDX-License-Identifier: MIT */
#include "message.h"

#include "output_json.h"

#include <sentinel/layer.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void *xrealloc(void *memory, size_t count, size_t size)
{
    void *grown = reallocarray(memory, count ? count : 1, size ? size : 1);

    if (!grown) {
        say("out of memory");
        exit(STATUS_INTERNAL);
    }
    return grown;
}

char *xstrndup(const char *text, size_t length)
{
    char *copy = xrealloc(NULL, length + 1, 1);

    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

char *xstrdup(const char *text)
{
    return xstrndup(text, strlen(text));
}

char *xprintf(const char *format, ...)
{
    char *text = NULL;
    va_list args;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0) {
        say("out of memory");
        exit(STATUS_INTERNAL);
    }
    va_end(args);
    return text;
}

/* The length of the UTF-8 sequence at `text` that a terminal shows and does not obey; 0 if it is none. */
static size_t printable_length(const unsigned char *text)
{
    size_t length = text[0] < 0x80 ? 1 : text[0] < 0xc2 ? 0 : text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;

    if (text[0] < 0x20 || text[0] == 0x7f || text[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    }
    /* U+0080 to U+009F are control characters, too */
    return length == 2 && text[0] == 0xc2 && text[1] < 0xa0 ? 0 : length;
}

/* Names that come from command lines and files nobody vouches for must not steer the terminal, nor forge lines. */
static void put_escaped(const char *message)
{
    const unsigned char *text = (const unsigned char *)message;

    while (*text) {
        size_t length = printable_length(text);

        if (length)
            fwrite(text, 1, length, stderr);
        else if (*text == '\n')
            fputs("\\n", stderr);
        else if (*text == '\t')
            fputs("\\t", stderr);
        else
            fprintf(stderr, "\\x%02x", *text);
        text += length ? length : 1;
    }
}

void say(const char *format, ...)
{
    cleanup_free char *text = NULL;
    va_list args;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    va_end(args);
    fputs("sentinel: ", stderr);
    put_escaped(text ? text : "out of memory");
    fputc('\n', stderr);
}

int fail(const struct cli *cli, int status, const char *step, const char *format, ...)
{
    cleanup_free char *message = NULL;
    va_list args;

    va_start(args, format);
    if (vasprintf(&message, format, args) < 0)
        message = xstrdup("out of memory");
    va_end(args);

    say("%s", message);
    if (cli->json)
        json_print_error(&(struct json_error){.code = status == STATUS_USAGE ? "SN_EINVAL" : "SN_ESYS",
                                              .step = step,
                                              .message = message,
                                              .status = status});
    return status;
}

char *in_words_of_the_command(const char *message)
{
    static const char *const phrases[] = {"relax the layer ", "relax "};
    char *text = xstrdup("");

    while (*message) {
        size_t taken = 0;
        char *longer;

        for (size_t i = 0; i < ARRAY_SIZE(phrases) && !taken; i++) {
            size_t length = strlen(phrases[i]);
            cleanup_free char *name = NULL;

            if (strncmp(message, phrases[i], length) != 0)
                continue;
            name = xstrndup(message + length, strspn(message + length, "abcdefghijklmnopqrstuvwxyz-"));
            if (sn_layer_by_name(name))
                taken = length;
        }
        longer = taken ? xprintf("%s--relax ", text) : xprintf("%s%c", text, *message);
        free(text);
        text = longer;
        message += taken ? taken : 1;
    }
    return text;
}

/* The line of a file that an error points at, with a caret below the column. */
static void show_source_line(const char *file, uint32_t line, uint32_t column)
{
    FILE *stream = fopen(file, "re");
    cleanup_free char *text = NULL;
    size_t capacity = 0;
    ssize_t length = 0;

    if (!stream)
        return;
    for (uint32_t i = 0; i < line && length >= 0; i++)
        length = getline(&text, &capacity, stream);
    fclose(stream);
    if (length < 0)
        return;
    text[strcspn(text, "\r\n")] = '\0';

    /* Control characters of a file nobody vouches for stay out of the terminal; tabs keep the caret aligned. */
    fputs("    ", stderr);
    for (const char *c = text; *c; c++)
        fputc(*c == '\t' || (unsigned char)*c >= 0x20 ? *c : '?', stderr);
    fputs("\n    ", stderr);
    for (uint32_t i = 1; i < column && text[i - 1]; i++) {
        /* a caret stands under a character, and UTF-8 continuation bytes have no width */
        if (((unsigned char)text[i - 1] & 0xc0) != 0x80)
            fputc(text[i - 1] == '\t' ? '\t' : ' ', stderr);
    }
    fputs("^\n", stderr);
}

/* What was said, to be freed. */
static char *show_error(const char *what, const char *file, const sn_error *error)
{
    const char *message = sn_error_message(error);
    const char *step = sn_error_step(error);
    uint32_t line = sn_error_line(error);
    cleanup_free char *plain = in_words_of_the_command(*message ? message : "failed without saying why");
    cleanup_free char *place = line ? xprintf(":%u:%u: ", line, sn_error_column(error)) : NULL;
    const char *named = place ? strstr(plain, place) : NULL;
    /* the message names its place itself, maybe in a file that was included */
    cleanup_free char *other = named ? xstrndup(plain, (size_t)(named - plain)) : NULL;
    char *whole = xprintf("%s%s%s%s%s", what ? what : "", what ? ": " : "", file && place && !named ? file : "",
                          file && place && !named ? place : "", plain);

    if (*step && !line && !strstr(message, step))
        say("%s (step: %s)", whole, step);
    else
        say("%s", whole);
    if (other || (file && line))
        show_source_line(other ? other : file, line, sn_error_column(error));
    return whole;
}

void say_error(const sn_error *error)
{
    free(show_error(NULL, NULL, error));
}

int fail_kept_error(const struct cli *cli, int status, const char *what, const char *file, const sn_error *error)
{
    cleanup_free char *whole = show_error(what, file, error);

    if (cli->json)
        json_print_error(&(struct json_error){.code = sn_code_name(sn_error_code(error)),
                                              .system_errno = sn_error_errno(error),
                                              .step = sn_error_step(error),
                                              .message = whole,
                                              .line = sn_error_line(error),
                                              .column = sn_error_column(error),
                                              .status = status});
    return status;
}

int fail_error(const struct cli *cli, int status, const char *what, const char *file, sn_error *error)
{
    fail_kept_error(cli, status, what, file, error);
    sn_error_free(error);
    return status;
}

int status_of_error(const sn_error *error)
{
    switch (sn_error_code(error)) {
    case SN_EINVAL:
    case SN_ENOENT:
    case SN_EPARSE:
    case SN_ELIMIT:
        return STATUS_USAGE;
    case SN_ETOOLCHAIN:
        return STATUS_NOT_FOUND;
    default:
        return STATUS_INTERNAL;
    }
}

/* Levenshtein distance, for words of at most 31 letters; longer ones are never near. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[32];
    size_t length_a = strlen(a);
    size_t length_b = strlen(b);

    if (length_a >= ARRAY_SIZE(row) || length_b >= ARRAY_SIZE(row))
        return ARRAY_SIZE(row);
    for (size_t j = 0; j <= length_b; j++)
        row[j] = j;
    for (size_t i = 1; i <= length_a; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= length_b; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);

            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[length_b];
}

const char *nearest(const char *word, const char *const *candidates)
{
    const char *best = NULL;
    size_t best_distance = strlen(word) / 4 + 1; /* one slip for every four letters, and one more */

    for (; *candidates; candidates++) {
        size_t distance = edit_distance(word, *candidates);

        /* "memory" for "memory-kb": the start of a name is as good as a small slip */
        if (strlen(word) >= 3 && strncmp(word, *candidates, strlen(word)) == 0)
            distance = 1;
        if (distance <= best_distance && (!best || distance < best_distance)) {
            best = *candidates;
            best_distance = distance;
        }
    }
    return best;
}
