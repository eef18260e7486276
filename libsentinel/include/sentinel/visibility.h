/* SPDX-License-Identifier: MIT */
#ifndef SENTINEL_VISIBILITY_H
#define SENTINEL_VISIBILITY_H

#if defined(__GNUC__)
#define SN_API __attribute__((visibility("default")))
#else
#define SN_API
#endif

#endif
