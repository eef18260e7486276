/* SPDX-License-Identifier: MIT */
#ifndef SN_TESTS_FUZZ_H
#define SN_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What libFuzzer calls. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* A broken promise ends the target, as a broken memory access does. */
#define MUST(condition, ...)                                                                                           \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            dprintf(2, "%s:%d: %s does not hold: ", __FILE__, __LINE__, #condition);                                   \
            dprintf(2, __VA_ARGS__);                                                                                   \
            dprintf(2, "\n");                                                                                          \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

/* A copy of exactly these bytes and a NUL, so that a read behind the end is seen; to be freed. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    MUST(text, "no memory");
    memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

/* Takes a number off the front; zeros behind the end. */
static inline uint64_t fuzz_take(const uint8_t **data, size_t *size, size_t width)
{
    uint64_t value = 0;
    size_t n = width < *size ? width : *size;

    memcpy(&value, *data, n);
    *data += n;
    *size -= n;
    return value;
}

#endif
