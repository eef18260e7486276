/* SPDX-License-Identifier: MIT */
#ifndef SN_SPAWN_INIT_BLOB_H
#define SN_SPAWN_INIT_BLOB_H

#include <stddef.h>

/* Binaries that are embedded at build time: sentinel-init */
extern const unsigned char sn__init_blob[];
extern const size_t sn__init_blob_size;

/* The shared object that makes an interpreter a template (template/helper.h). */
extern const unsigned char sn__helper_blob[];
extern const size_t sn__helper_blob_size;

#endif
