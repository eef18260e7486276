/* SPDX-License-Identifier: MIT */
#ifndef JOBS_WEBHOOK_SIGN_H
#define JOBS_WEBHOOK_SIGN_H

#include <stddef.h>
#include <stdint.h>

#define SIGNATURE_SIZE 68 /* "v1=", 64 digits and a NUL */

/* "v1=" and the hex HMAC-SHA256 of SECONDS "." BODY. 0, or FAIL_INTERNAL (libcrypto fails, most likely for memory). */
int sign_body(const char *secret, int64_t seconds, const char *body, size_t length, char signature[SIGNATURE_SIZE]);

#endif
