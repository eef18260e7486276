/* SPDX-License-Identifier: MIT */
#ifndef SN_LANGUAGE_PREPARE_H
#define SN_LANGUAGE_PREPARE_H

#include "base/buffer.h"
#include "cache/cache.h"
#include "language/language.h"

/*
 * What a manifest's "prepare" makes: built once, in a sandbox of its own in which there is no source of anybody's, and
 * kept in the cache under a key over the toolchain, the command and its flags.
 */
struct sn__prepare_request {
    struct sn__cache *cache;
    const sn_language *language;
    const uint8_t *toolchain;         /* its fingerprint */
    const sn_sandbox_options *caller; /* NULL: defaults; of these only what makes a sandbox possible on this host */
    const char *const *flags;         /* NULL-terminated, or NULL: what it is made for beside the manifest's command */
    int cancel_fd;
    bool again; /* although it could not be built a moment ago */
};

/* Its directory on the host (to be freed) if it is there: 1, 0 or -errno. */
int sn__prepare_find(const struct sn__prepare_request *request, char **ret_path, sn_error **ret_error);
/*
 * Builds it. Errors: SN_EBUSY (somebody else does just now), SN_ETOOLCHAIN (the build said no, now or within the last
 * ten minutes), those of sandboxes, and SN_ESYS for what is wrong with the cache.
 */
int sn__prepare_build(const struct sn__prepare_request *request, sn_error **ret_error);

#endif
