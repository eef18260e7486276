/* SPDX-License-Identifier: MIT */
#ifndef SENTINEL_MESSAGE_H
#define SENTINEL_MESSAGE_H

#include "cli.h"

#include <sentinel/error.h>

#include <stddef.h>

/* One line on stderr, "sentinel: " before it, with control characters escaped. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says what is wrong (and, with --json, prints the error document), then returns `status`. */
int fail(const struct cli *cli, int status, const char *step, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/*
 * The same for an error of the library; `what` (may be NULL) goes before its message. Takes the error over. A parse
 * error is shown with the source line and a caret: of the file that the message names, else of `file` (may be NULL).
 */
int fail_error(const struct cli *cli, int status, const char *what, const char *file, sn_error *error);
/* The same for one that stays the caller's. */
int fail_kept_error(const struct cli *cli, int status, const char *what, const char *file, const sn_error *error);
/* Only says it, the line and the caret included. */
void say_error(const sn_error *error);

/* The library says "relax the layer cgroup"; who reads it here types --relax cgroup. To be freed. */
char *in_words_of_the_command(const char *message);

/* The exit status for an error that came before anything ran. */
int status_of_error(const sn_error *error);

/* The candidate (a NULL-terminated list) that `word` is most likely a misspelling of, or NULL. */
const char *nearest(const char *word, const char *const *candidates);

/* malloc and friends that end the process with STATUS_INTERNAL when memory is out. */
void *xrealloc(void *memory, size_t count, size_t size);
char *xstrdup(const char *text);
char *xstrndup(const char *text, size_t length);
char *xprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
