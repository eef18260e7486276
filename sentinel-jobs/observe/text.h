/* SPDX-License-Identifier: MIT */
#ifndef JOBS_OBSERVE_TEXT_H
#define JOBS_OBSERVE_TEXT_H

#include <stddef.h>

/*
 * Copies text of whoever's making into `size` bytes: cut before the first character that does not fit, and each byte
 * that is no part of valid UTF-8 becomes '?'. Returns its length. (One wrong byte makes Prometheus refuse a whole
 * scrape, and a collector a whole batch.)
 */
size_t text_copy(char *to, size_t size, const char *from);

#endif
