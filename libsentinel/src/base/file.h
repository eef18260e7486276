/* SPDX-License-Identifier: MIT */
#ifndef SN_BASE_FILE_H
#define SN_BASE_FILE_H

#include <sentinel/error.h>

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Whole small files and numbers in files, as /proc, /sys and cgroups have them. All return 0 or -errno. */
int sn__file_read_at(int dirfd, const char *path, size_t max, char **ret_text, size_t *ret_length);
int sn__file_write_at(int dirfd, const char *path, const char *text);
/* One decimal number; "max" reads as UINT64_MAX. */
int sn__file_read_u64_at(int dirfd, const char *path, uint64_t *ret_value);
/* The number behind `key ` in a flat-keyed file such as cpu.stat; -ENOENT if the key is absent. */
int sn__file_read_key_at(int dirfd, const char *path, const char *key, uint64_t *ret_value);
/* The same of files that stay open, and are read from their beginning each time. */
int sn__fd_read_u64(int fd, uint64_t *ret_value);
int sn__fd_read_key(int fd, const char *key, uint64_t *ret_value);
int sn__file_write_u64_at(int dirfd, const char *path, uint64_t value);

/* The number behind `key` and one space at the start of a line of `text`; -ENOENT. */
int sn__text_find_key(const char *text, const char *key, uint64_t *ret_value);

/* A memfd holding these bytes, read-only and sealed against every change. Returns a descriptor or -errno. */
int sn__file_sealed_memfd(const char *name, const void *data, size_t length);

/*
 * write() that raises no signal in the caller's thread, where a pipe without reader would raise SIGPIPE and a file
 * larger than RLIMIT_FSIZE SIGXFSZ, and both end a program that is not prepared: held back, and taken away. -1 and
 * errno.
 */
ssize_t sn__fd_write_quietly(int fd, const void *data, size_t length);
/* All of it so, retrying short and interrupted writes: 0 or -errno. */
int sn__fd_write_all(int fd, const void *data, size_t length);

#endif
