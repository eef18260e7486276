/* SPDX-License-Identifier: MIT */
/* No target starts a sandbox: what is embedded, which is not clang's to build, is left out. */
#include "spawn/init_blob.h"

const unsigned char sn__init_blob[1];
const size_t sn__init_blob_size = 0;

const unsigned char sn__helper_blob[1];
const size_t sn__helper_blob_size = 0;
