/* SPDX-License-Identifier: MIT */
#ifndef SN_BASE_FNV_H
#define SN_BASE_FNV_H

#include <stddef.h>
#include <stdint.h>

/* FNV-1a of 64 bits (Fowler, Noll, Vo): to tell what is the same as before, where nobody tries to deceive. */
#define SN__FNV_BEGIN UINT64_C(0xcbf29ce484222325)

static inline void sn__fnv_add(uint64_t *sum, const void *bytes, size_t length)
{
    for (const unsigned char *at = bytes; length > 0; length--)
        *sum = (*sum ^ *at++) * UINT64_C(0x100000001b3);
}

#endif
