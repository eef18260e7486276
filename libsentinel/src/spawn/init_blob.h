/* SPDX-License-Identifier: MIT */
#ifndef SN_SPAWN_INIT_BLOB_H
#define SN_SPAWN_INIT_BLOB_H

#include <stddef.h>

/* The sentinel-init binary, embedded at build time. */
extern const unsigned char sn__init_blob[];
extern const size_t sn__init_blob_size;

#endif
