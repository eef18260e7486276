/* SPDX-License-Identifier: MIT */
#ifndef SN_LANGUAGE_TOOLCHAIN_H
#define SN_LANGUAGE_TOOLCHAIN_H

#include "cache/cache.h"
#include "language/language.h"

/*
 * What a language's toolchain is like now: a digest of the stamps (cache/stamps.h) of all that its manifest names and
 * that its commands start. Which directories there are is remembered in the cache and looked at again, as walking
 * through them takes ten times as long. 0 or -errno.
 */
int sn__toolchain_fingerprint(struct sn__cache *cache, const struct sn__manifest *manifest,
                              uint8_t ret_fingerprint[SN__DIGEST_SIZE]);

/*
 * The same, as it was at some moment of the last SN__TOOLCHAIN_RECENT_MS: looking costs thousands of system calls, more
 * than the run of a program that was compiled before. For finding what is kept; whoever keeps something looks anew.
 */
int sn__toolchain_fingerprint_recent(struct sn__cache *cache, const sn_language *language,
                                     uint8_t ret_fingerprint[SN__DIGEST_SIZE]);
#define SN__TOOLCHAIN_RECENT_MS 200

/* What a language remembers for that. NULL without memory. */
struct sn__toolchain_memory *sn__toolchain_memory_new(void);
void sn__toolchain_memory_free(struct sn__toolchain_memory *memory);

/* Would a mount at this path change what the toolchain is inside? */
bool sn__toolchain_is_hidden_by(const struct sn__manifest *manifest, const char *target);

#endif
