/* SPDX-License-Identifier: MIT */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdint.h>
#include <string.h>

void *sn__buffer_reserve(struct sn__buffer *buffer, size_t length)
{
    size_t need, capacity;
    char *data;

    if (buffer->failed)
        return NULL;
    if (length > SIZE_MAX / 2 - buffer->length) {
        buffer->failed = true;
        return NULL;
    }
    need = buffer->length + length + 1;
    if (need > buffer->capacity) {
        for (capacity = buffer->capacity ? buffer->capacity : 256; capacity < need; capacity *= 2)
            ;
        data = realloc(buffer->data, capacity);
        if (!data) {
            buffer->failed = true;
            return NULL;
        }
        buffer->data = data;
        buffer->capacity = capacity;
    }
    return buffer->data + buffer->length;
}

void sn__buffer_add(struct sn__buffer *buffer, const void *data, size_t length)
{
    char *room = sn__buffer_reserve(buffer, length);

    if (!room)
        return;
    if (length)
        memcpy(room, data, length);
    room[length] = '\0';
    buffer->length += length;
}

void sn__buffer_add_string(struct sn__buffer *buffer, const char *text)
{
    sn__buffer_add(buffer, text, strlen(text));
}

void sn__buffer_addf(struct sn__buffer *buffer, const char *format, ...)
{
    va_list args;
    char *room;
    int n;

    va_start(args, format);
    n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0) {
        buffer->failed = true;
        return;
    }
    room = sn__buffer_reserve(buffer, (size_t)n);
    if (!room)
        return;
    va_start(args, format);
    vsnprintf(room, (size_t)n + 1, format, args);
    va_end(args);
    buffer->length += (size_t)n;
}

char *sn__buffer_steal(struct sn__buffer *buffer, size_t *ret_length)
{
    char *data;

    if (!buffer->data && !buffer->failed)
        sn__buffer_add(buffer, "", 0);
    if (buffer->failed) {
        sn__buffer_clear(buffer);
        return NULL;
    }
    data = buffer->data;
    if (ret_length)
        *ret_length = buffer->length;
    *buffer = (struct sn__buffer){0};
    return data;
}

void sn__buffer_clear(struct sn__buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct sn__buffer){0};
}
