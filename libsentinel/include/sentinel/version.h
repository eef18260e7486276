/* SPDX-License-Identifier: MIT */
/* the versions of the headers and of the library */
#ifndef SENTINEL_VERSION_H
#define SENTINEL_VERSION_H

#include <sentinel/visibility.h>

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of these headers. The library's own is asked for with the functions below. */
#define SN_VERSION_MAJOR 0 /* another one: not the same interface */
#define SN_VERSION_MINOR 1 /* a later one has what the earlier had */
#define SN_VERSION_PATCH 0 /* nothing that a program could build on */

/* The version of the library in use. Any pointer may be NULL. Thread-safe. */
SN_API void sn_version(uint32_t *ret_major, uint32_t *ret_minor, uint32_t *ret_patch);
/* The same as text, "0.1.0"; a static string. */
SN_API const char *sn_version_string(void);

#ifdef __cplusplus
}
#endif
#endif
