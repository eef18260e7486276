/* SPDX-License-Identifier: MIT */
#ifndef JOBS_EXECUTOR_WIRE_H
#define JOBS_EXECUTOR_WIRE_H

#include "base/buffer.h"
#include "common/uuid.h"
#include "job/spec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What messages are made of: little-endian integers, strings and blobs behind their length, lists behind their count.
 * There is one encoding of a value, so what was read and is written again is the same bytes.
 *
 * A reader never goes beyond its end. The first thing that is wrong is remembered, and all that is read afterwards is
 * zero, empty or NULL: read freely, look at `code` once.
 */
struct wire_reader {
    const uint8_t *at;
    const uint8_t *end;
    int code; /* 0, FAIL_INVALID, FAIL_NOMEM */
};

struct wire_reader wire_reader(const void *data, size_t length);
/* Notes that it is wrong (FAIL_INVALID), or that there is no memory. Returns false. */
bool wire_refuse(struct wire_reader *reader, int code);
/* Everything must have been read. 0 or the code. */
int wire_end(struct wire_reader *reader);

uint8_t wire_get_u8(struct wire_reader *reader);
uint32_t wire_get_u32(struct wire_reader *reader);
uint64_t wire_get_u64(struct wire_reader *reader);
bool wire_get_bool(struct wire_reader *reader);
double wire_get_double(struct wire_reader *reader);
void wire_get_uuid(struct wire_reader *reader, struct uuid *ret_uuid);
/* Of things that take `least` bytes each: a count that cannot be true is refused before anything is allocated for it.
 */
size_t wire_get_count(struct wire_reader *reader, size_t most, size_t least);
/* Without a NUL in it; to be freed; NULL if it was refused. */
char *wire_get_string(struct wire_reader *reader, size_t most);
/* NULL-terminated, of strings of `most` bytes; to be freed with wire_free_strings(). */
char **wire_get_strings(struct wire_reader *reader, size_t count_most, size_t most);
/* To be freed; data NULL if it was refused. */
struct blob wire_get_blob(struct wire_reader *reader);
/* The bytes where they are. */
const void *wire_get_view(struct wire_reader *reader, size_t *ret_length);

void wire_put_u8(struct sn__buffer *buffer, uint8_t value);
void wire_put_u32(struct sn__buffer *buffer, uint32_t value);
void wire_put_u64(struct sn__buffer *buffer, uint64_t value);
void wire_put_bool(struct sn__buffer *buffer, bool value);
void wire_put_double(struct sn__buffer *buffer, double value);
void wire_put_uuid(struct sn__buffer *buffer, const struct uuid *uuid);
/* What is behind `most` bytes is cut off. NULL is "". */
void wire_put_string(struct sn__buffer *buffer, const char *text, size_t most);
/* NULL is none. */
void wire_put_strings(struct sn__buffer *buffer, char *const *texts, size_t most);
void wire_put_bytes(struct sn__buffer *buffer, const void *data, size_t length);

void wire_free_strings(char **texts);

#endif
