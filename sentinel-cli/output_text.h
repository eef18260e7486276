/* SPDX-License-Identifier: MIT */
#ifndef SENTINEL_OUTPUT_TEXT_H
#define SENTINEL_OUTPUT_TEXT_H

#include <sentinel/limits.h>
#include <sentinel/result.h>

#include <stdbool.h>
#include <stddef.h>

#define SIGNAL_NAME_SIZE 24

/* "SIGSEGV", "SIGRTMIN+3"; written to `name`, which is returned. */
const char *signal_name(int number, char name[static SIGNAL_NAME_SIZE]);

/* "9.1 MiB", "12 ms": to be freed. */
char *text_bytes(uint64_t bytes);
char *text_ms(uint64_t nanoseconds);

/*
 * The summary line, without "sentinel: " and the end of line; to be freed. `step` ("compile") may be NULL, and so may
 * `compile`, the result of a compile step that went well; `is_cached`: an earlier one.
 */
char *summary(const char *step, const sn_result *result, const sn_limits *limits, const sn_result *compile,
              bool is_cached);

/* The exit status that stands for a result of the run step. */
int status_of_result(const sn_result *result);

#endif
