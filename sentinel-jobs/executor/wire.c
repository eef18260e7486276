/* SPDX-License-Identifier: MIT */
#include "executor/wire.h"

#include "common/failure.h"

#include <stdlib.h>
#include <string.h>

struct wire_reader wire_reader(const void *data, size_t length)
{
    return (struct wire_reader){.at = data, .end = (const uint8_t *)data + length};
}

bool wire_refuse(struct wire_reader *reader, int code)
{
    if (!reader->code)
        reader->code = code;
    reader->at = reader->end;
    return false;
}

int wire_end(struct wire_reader *reader)
{
    if (!reader->code && reader->at != reader->end)
        wire_refuse(reader, FAIL_INVALID);
    return reader->code;
}

static const uint8_t *take(struct wire_reader *reader, size_t length)
{
    const uint8_t *at = reader->at;

    if (reader->code || (size_t)(reader->end - at) < length) {
        wire_refuse(reader, FAIL_INVALID);
        return NULL;
    }
    reader->at += length;
    return at;
}

static uint64_t take_number(struct wire_reader *reader, size_t width)
{
    const uint8_t *at = take(reader, width);
    uint64_t value = 0;

    for (size_t i = 0; at && i < width; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

uint8_t wire_get_u8(struct wire_reader *reader)
{
    return (uint8_t)take_number(reader, 1);
}

uint32_t wire_get_u32(struct wire_reader *reader)
{
    return (uint32_t)take_number(reader, 4);
}

uint64_t wire_get_u64(struct wire_reader *reader)
{
    return take_number(reader, 8);
}

bool wire_get_bool(struct wire_reader *reader)
{
    uint8_t value = wire_get_u8(reader);

    if (value > 1)
        return wire_refuse(reader, FAIL_INVALID);
    return value == 1;
}

double wire_get_double(struct wire_reader *reader)
{
    uint64_t bits = wire_get_u64(reader);
    double value;

    memcpy(&value, &bits, sizeof(value));
    return value;
}

void wire_get_uuid(struct wire_reader *reader, struct uuid *ret_uuid)
{
    for (size_t i = 0; i < sizeof(ret_uuid->bytes); i++)
        ret_uuid->bytes[i] = wire_get_u8(reader);
}

size_t wire_get_count(struct wire_reader *reader, size_t most, size_t least)
{
    size_t count = wire_get_u32(reader);

    if (count > most || (least && count > (size_t)(reader->end - reader->at) / least)) {
        wire_refuse(reader, FAIL_INVALID);
        return 0;
    }
    return count;
}

const void *wire_get_view(struct wire_reader *reader, size_t *ret_length)
{
    size_t length = wire_get_u32(reader);
    const void *at = take(reader, length);

    *ret_length = at ? length : 0;
    return at;
}

static char *copy(struct wire_reader *reader, const void *data, size_t length)
{
    char *text;

    if (!data)
        return NULL;
    text = malloc(length + 1);
    if (!text) {
        wire_refuse(reader, FAIL_NOMEM);
        return NULL;
    }
    memcpy(text, data, length);
    text[length] = '\0';
    return text;
}

char *wire_get_string(struct wire_reader *reader, size_t most)
{
    size_t length;
    const void *at = wire_get_view(reader, &length);

    if (at && (length > most || memchr(at, '\0', length))) {
        wire_refuse(reader, FAIL_INVALID);
        return NULL;
    }
    return copy(reader, at, length);
}

char **wire_get_strings(struct wire_reader *reader, size_t count_most, size_t most)
{
    size_t count = wire_get_count(reader, count_most, 4);
    char **texts = calloc(count + 1, sizeof(*texts));

    if (!texts) {
        wire_refuse(reader, FAIL_NOMEM);
        return NULL;
    }
    for (size_t i = 0; i < count && !reader->code; i++)
        texts[i] = wire_get_string(reader, most);
    return texts;
}

struct blob wire_get_blob(struct wire_reader *reader)
{
    size_t length;
    const void *at = wire_get_view(reader, &length);
    char *data = copy(reader, at, length);

    return (struct blob){data, data ? length : 0};
}

static void put_number(struct sn__buffer *buffer, uint64_t value, size_t width)
{
    uint8_t bytes[8];

    for (size_t i = 0; i < width; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    sn__buffer_add(buffer, bytes, width);
}

void wire_put_u8(struct sn__buffer *buffer, uint8_t value)
{
    put_number(buffer, value, 1);
}

void wire_put_u32(struct sn__buffer *buffer, uint32_t value)
{
    put_number(buffer, value, 4);
}

void wire_put_u64(struct sn__buffer *buffer, uint64_t value)
{
    put_number(buffer, value, 8);
}

void wire_put_bool(struct sn__buffer *buffer, bool value)
{
    put_number(buffer, value ? 1 : 0, 1);
}

void wire_put_double(struct sn__buffer *buffer, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof(bits));
    wire_put_u64(buffer, bits);
}

void wire_put_uuid(struct sn__buffer *buffer, const struct uuid *uuid)
{
    sn__buffer_add(buffer, uuid->bytes, sizeof(uuid->bytes));
}

void wire_put_bytes(struct sn__buffer *buffer, const void *data, size_t length)
{
    /* a length that does not fit cannot be told, and is far beyond what a message may be */
    if (length > UINT32_MAX) {
        buffer->failed = true;
        return;
    }
    wire_put_u32(buffer, (uint32_t)length);
    sn__buffer_add(buffer, length ? data : "", length);
}

void wire_put_string(struct sn__buffer *buffer, const char *text, size_t most)
{
    wire_put_bytes(buffer, text ? text : "", text ? strnlen(text, most) : 0);
}

void wire_put_strings(struct sn__buffer *buffer, char *const *texts, size_t most)
{
    uint32_t count = 0;

    while (texts && texts[count])
        count++;
    wire_put_u32(buffer, count);
    for (uint32_t i = 0; i < count; i++)
        wire_put_string(buffer, texts[i], most);
}

void wire_free_strings(char **texts)
{
    for (size_t i = 0; texts && texts[i]; i++)
        free(texts[i]);
    free(texts);
}
