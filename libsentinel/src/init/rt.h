/* SPDX-License-Identifier: MIT */
#ifndef SN_INIT_RT_H
#define SN_INIT_RT_H

/* The few things of a C library that sentinel-init needs. */
#include "init/sys.h"

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memset(void *at, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *text);

/* Appends text to a buffer at `used`, keeps it terminated; returns the new length, or size if it did not fit. */
size_t rt_append(char *buffer, size_t size, size_t used, const char *text);
size_t rt_append_u64(char *buffer, size_t size, size_t used, uint64_t value, unsigned base);
uint64_t rt_parse_u64(const char **at);
uint64_t rt_now_ns(void);
/* CPU time of this process. */
uint64_t rt_own_cpu_ns(void);

#endif
