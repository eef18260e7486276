/* SPDX-License-Identifier: MIT */
#ifndef SN_LANGUAGE_ARTIFACT_H
#define SN_LANGUAGE_ARTIFACT_H

#include "base/buffer.h"
#include "cache/digest.h"
#include "language/language.h"

/*
 * What a compile step left: the tree below /work and the result, as bytes. A file that is still the one that the caller
 * laid there is named by its number among the inputs; everything else goes in whole.
 */

/* A file as it was laid into the sandbox. */
struct sn__input {
    char *path; /* in normal form */
    const void *data;
    size_t length;
    uint32_t mode;
};

#define SN__ARTIFACT_MAX_FILES 4096
#define SN__ARTIFACT_MAX_BYTES (UINT64_C(48) << 20)

/*
 * Appends it to `out`. 1; 0 for what cannot be kept (a link, a directory of an unusual mode, too much of it), with a
 * word about it in *ret_why; or an error.
 */
int sn__artifact_save(sn_sandbox *sandbox, const sn_result *result, const struct sn__input *inputs, size_t count,
                      struct sn__buffer *out, const char **ret_why, sn_error **ret_error);

/* One that was read: everything points into the bytes. */
struct sn__artifact_file {
    const char *path;
    const void *data; /* NULL: a directory */
    size_t length;
    uint32_t mode;
};

struct sn__artifact {
    sn_result *result;
    uint64_t left_bytes;             /* that the step left in /work and /tmp: memory of the runs that follow */
    struct sn__artifact_file *files; /* directories before what is in them */
    size_t count;
};

/* False for what is none, or wants inputs that are not there. */
bool sn__artifact_parse(const char *bytes, size_t length, const struct sn__input *inputs, size_t count,
                        struct sn__artifact *ret_artifact);
void sn__artifact_clear(struct sn__artifact *artifact);
/* Lays its tree into a sandbox that is new. */
int sn__artifact_lay(const struct sn__artifact *artifact, sn_sandbox *sandbox, sn_error **ret_error);

#endif
