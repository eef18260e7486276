/* SPDX-License-Identifier: MIT */
#ifndef JOBS_EXECUTOR_TEXT_H
#define JOBS_EXECUTOR_TEXT_H

#include <stddef.h>

/*
 * The first line of bytes that a program wrote, as text that may be shown: valid UTF-8 without control characters, what
 * is neither being '?', and "..." where it was cut to fit. size is at least 8. Returns its length.
 */
size_t text_first_line(const char *data, size_t length, char *text, size_t size);

#endif
