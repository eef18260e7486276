/* SPDX-License-Identifier: MIT */
#ifndef SN_LANGUAGE_WARM_H
#define SN_LANGUAGE_WARM_H

#include "language/artifact.h"
#include "language/prepare.h"

/*
 * What spares a program its compile step, or a part of it. Everything here may be missing: a cache that cannot be used
 * costs time and leaves a note, never a program.
 */
struct sn__warm {
    const sn_language *language;
    const sn_program_options *options;
    struct sn__cache *cache; /* NULL: none is used */
    bool keeps;              /* artifacts, under `key` */
    uint8_t toolchain[SN__DIGEST_SIZE];
    uint8_t key[SN__DIGEST_SIZE];
    struct sn__input *inputs; /* the files and the source, in the order in which they are laid */
    size_t input_count;
    char *prepared; /* directory of the host to show; NULL: nothing is prepared */
    char *found;    /* the artifact's bytes, which `artifact` points into */
    bool has_artifact;
    struct sn__artifact artifact;
    struct sn__buffer notes; /* for the compile step's result */
};

/*
 * Looks up the artifact of this program, and what is prepared for its language, which is built if need be. `limits` are
 * those of the compile step. Errors: SN_ENOMEM, and those of the caller's structs.
 */
int sn__warm_begin(const sn_language *language, const sn_program_options *options, const char *source_path,
                   const sn_limits *limits, struct sn__warm *ret_warm, sn_error **ret_error);
/* Did the compiler say what it would not have said without what was prepared? Then it has to be run without. */
bool sn__warm_is_betrayed(const struct sn__warm *warm, const sn_result *compiled);
/* Keeps what the compile step left, if it may be. */
int sn__warm_keep(struct sn__warm *warm, sn_sandbox *sandbox, sn_result *compiled, sn_error **ret_error);
/* sn_language_prepare(), of checked options. */
int sn__warm_prepare(const sn_language *language, const sn_program_options *options, sn_error **ret_error);
void sn__warm_clear(struct sn__warm *warm);

#endif
