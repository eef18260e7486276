/* SPDX-License-Identifier: MIT */
#ifndef SN_CACHE_CACHE_H
#define SN_CACHE_CACHE_H

#include "cache/digest.h"

#include <sentinel/error.h>

#include <stdbool.h>

/*
 * Theory of operation
 *
 * A directory that belongs to the caller and that nobody else can change: all that is in it is written by host
 * processes of that user. Two kinds of things are kept.
 *
 * Entries (entries.c) are files of up to some MiB, named by the key that they were made for: SHA-256 over everything
 * that decided their content. Each carries its key and a digest of itself, and is read whole and compared before
 * anything of it is used; whatever is not exactly what was written counts as absent and is removed. So neither a
 * crash in the middle of writing nor a full disk needs any care, and nothing is synced.
 *
 * Prepared directories (prepared.c) hold large files which a sandbox is shown, too large to be read each time. They
 * are written and synced under another name, and get their own when they are whole; a record beside the files says
 * what they were like then.
 *
 * Whoever writes holds a lock (flock) of what he writes below tmp/: what can be locked there belongs to nobody any
 * more, and is removed by the next one who writes. The lock of the whole is held while entries are counted and
 * removed, never while something waits for a compiler.
 */

enum sn__cache_kind {
    SN__CACHE_ARTIFACTS,  /* what compilers made; bounded by max_bytes, the longest unused goes first */
    SN__CACHE_TOOLCHAINS, /* what toolchains were like */
    SN__CACHE_KINDS
};

struct sn__cache {
    char *path; /* real */
    int fd;
    int lock;
    int tmp;
    int kinds[SN__CACHE_KINDS];
    int prepared;
    uint64_t max_bytes; /* of artifacts */
};

#define SN__CACHE_STANDARD_BYTES (UINT64_C(1) << 30)
#define SN__CACHE_ENTRY_MAX_BYTES (UINT64_C(64) << 20)
#define SN__CACHE_PREPARED_MAX 8

/*
 * Opens a cache, making it if need be: `path`, else $SENTINEL_CACHE_DIR, else /var/cache/sentinel for root and
 * $XDG_CACHE_HOME/sentinel or ~/.cache/sentinel for others. max_bytes 0: the standard. Errors: SN_EHOST (it, or a
 * directory that it is in, belongs to or can be changed by others; there is no place), SN_EINVAL (no absolute path),
 * SN_ESYS, SN_ENOMEM.
 */
int sn__cache_open(const char *path, uint64_t max_bytes, struct sn__cache **ret_cache, sn_error **ret_error);
void sn__cache_close(struct sn__cache *cache);

/* What was put for this key: 1 and *ret_data (to be freed), 0 if there is nothing to be used, or -errno. */
int sn__cache_get(struct sn__cache *cache, enum sn__cache_kind kind, const uint8_t key[SN__DIGEST_SIZE],
                  char **ret_data, size_t *ret_length);
/* 0 or -errno: -EFBIG for what is larger than the bound or SN__CACHE_ENTRY_MAX_BYTES. */
int sn__cache_put(struct sn__cache *cache, enum sn__cache_kind kind, const uint8_t key[SN__DIGEST_SIZE],
                  const void *data, size_t length);

/* One file of a prepared directory. */
struct sn__prepared_file {
    const char *path; /* relative, of plain names and slashes */
    const void *data;
    size_t length;
};

/* The lock of one who makes a prepared directory: a descriptor, -EWOULDBLOCK if somebody does already, or -errno. */
int sn__prepared_lock(struct sn__cache *cache, const uint8_t key[SN__DIGEST_SIZE]);
/* Absolute path of its files (to be freed) if it is whole and what it was made of unchanged: 1, 0 or -errno. */
int sn__prepared_find(struct sn__cache *cache, const uint8_t key[SN__DIGEST_SIZE], char **ret_path);
/* `stamps` (stamps.h): of what the files depend on. 0 or -errno. */
int sn__prepared_put(struct sn__cache *cache, const uint8_t key[SN__DIGEST_SIZE], const struct sn__prepared_file *files,
                     size_t count, const char *stamps, size_t stamps_length);

/* ---- between the files of this folder ---- */

/* A directory beneath, made with mode 0700: -EPERM unless it is the caller's own. A descriptor or -errno. */
int sn__cache_open_directory(int at, const char *name);
/* Whatever it is, with all below it. Never follows a link. */
void sn__cache_remove(int at, const char *name);
/* Removes from tmp/ what nobody holds any more. */
void sn__cache_sweep(const struct sn__cache *cache);
/* A name that nobody has, of at most 64 bytes. */
void sn__cache_unique_name(char ret_name[64]);
/* Takes the lock of the whole; released by sn__cache_unlock(). 0 or -errno. */
int sn__cache_lock(const struct sn__cache *cache);
void sn__cache_unlock(const struct sn__cache *cache);

#define SN__SEAL_BYTES 88
/* What stands before a payload: a mark, the key, the length, and the digest of these and the payload. */
void sn__seal_make(const uint8_t key[SN__DIGEST_SIZE], const void *data, size_t length,
                   uint8_t ret_seal[SN__SEAL_BYTES]);
bool sn__seal_holds(const uint8_t seal[SN__SEAL_BYTES], const uint8_t key[SN__DIGEST_SIZE], const void *data,
                    size_t length);
/* A whole sealed file: 1, 0 (not there, or not what was written), or -errno. */
int sn__sealed_read(int at, const char *name, const uint8_t key[SN__DIGEST_SIZE], char **ret_data, size_t *ret_length);
/* Into a new file that must not exist. *ret_fd stays open and locked. 0 or -errno; on failure there is no such file. */
int sn__sealed_write(int at, const char *name, const uint8_t key[SN__DIGEST_SIZE], const void *data, size_t length,
                     int *ret_fd);

#endif
