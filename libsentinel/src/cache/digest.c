/* SPDX-License-Identifier: MIT */
#include "cache/digest.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

void sn__digest_init(struct sn__digest *digest)
{
    sha256_init(&digest->context);
}

static void add_length(struct sn__digest *digest, uint64_t length)
{
    uint64_t bytes = htole64(length);

    sha256_update(&digest->context, sizeof(bytes), (const uint8_t *)&bytes);
}

void sn__digest_add(struct sn__digest *digest, const void *data, size_t length)
{
    add_length(digest, length);
    if (length)
        sha256_update(&digest->context, length, data);
}

void sn__digest_add_text(struct sn__digest *digest, const char *text)
{
    if (text)
        sn__digest_add(digest, text, strlen(text));
    else
        add_length(digest, UINT64_MAX);
}

void sn__digest_add_number(struct sn__digest *digest, uint64_t number)
{
    uint64_t bytes = htole64(number);

    sn__digest_add(digest, &bytes, sizeof(bytes));
}

void sn__digest_end(struct sn__digest *digest, uint8_t ret_key[SN__DIGEST_SIZE])
{
    sha256_digest(&digest->context, SN__DIGEST_SIZE, ret_key);
}

void sn__digest_of(const void *data, size_t length, uint8_t ret_key[SN__DIGEST_SIZE])
{
    struct sha256_ctx context;

    sha256_init(&context);
    if (length)
        sha256_update(&context, length, data);
    sha256_digest(&context, SN__DIGEST_SIZE, ret_key);
}

void sn__digest_hex(const uint8_t key[SN__DIGEST_SIZE], char ret_hex[SN__DIGEST_HEX_SIZE])
{
    for (size_t i = 0; i < SN__DIGEST_SIZE; i++)
        snprintf(ret_hex + 2 * i, 3, "%02x", key[i]);
}
