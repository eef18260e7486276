/* SPDX-License-Identifier: MIT */
#ifndef SN_CACHE_DIGEST_H
#define SN_CACHE_DIGEST_H

#include <nettle/sha2.h>
#include <stddef.h>
#include <stdint.h>

#define SN__DIGEST_SIZE 32
#define SN__DIGEST_HEX_SIZE (2 * SN__DIGEST_SIZE + 1)

/*
 * SHA-256 over a sequence of fields. Each goes in with its length before it, so that no two sequences are one run of
 * bytes: "ab", "c" is another key than "a", "bc".
 */
struct sn__digest {
    struct sha256_ctx context;
};

void sn__digest_init(struct sn__digest *digest);
void sn__digest_add(struct sn__digest *digest, const void *data, size_t length);
/* NULL is another field than "". */
void sn__digest_add_text(struct sn__digest *digest, const char *text);
void sn__digest_add_number(struct sn__digest *digest, uint64_t number);
void sn__digest_end(struct sn__digest *digest, uint8_t ret_key[SN__DIGEST_SIZE]);

/* Of these bytes and nothing else. */
void sn__digest_of(const void *data, size_t length, uint8_t ret_key[SN__DIGEST_SIZE]);
void sn__digest_hex(const uint8_t key[SN__DIGEST_SIZE], char ret_hex[SN__DIGEST_HEX_SIZE]);

#endif
