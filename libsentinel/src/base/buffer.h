/* SPDX-License-Identifier: MIT */
#ifndef SN_BASE_BUFFER_H
#define SN_BASE_BUFFER_H

#include "base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * A growing run of bytes, always followed by a NUL that does not count. A failed allocation is remembered: append
 * freely and look at `failed` once at the end.
 */
struct sn__buffer {
    char *data;
    size_t length;
    size_t capacity;
    bool failed;
};

#define cleanup_buffer __attribute__((cleanup(sn__buffer_clear)))

void sn__buffer_add(struct sn__buffer *buffer, const void *data, size_t length);
void sn__buffer_add_string(struct sn__buffer *buffer, const char *text);
void sn__buffer_addf(struct sn__buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Room for `length` more bytes at the returned address (not yet counted); NULL without memory. */
void *sn__buffer_reserve(struct sn__buffer *buffer, size_t length);
/* Hands the bytes over (to be freed with free()) and empties the buffer; NULL if an append failed. */
char *sn__buffer_steal(struct sn__buffer *buffer, size_t *ret_length);
void sn__buffer_clear(struct sn__buffer *buffer);

#endif
