/* SPDX-License-Identifier: MIT */
/* what this host gives to sandboxes */
#ifndef SENTINEL_HOST_H
#define SENTINEL_HOST_H

#include <sentinel/error.h>

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What this host gives to this process, each thing tried rather than guessed. Owned by the caller, who frees it with
 * sn_host_free(); immutable, so it may be read from any thread.
 */
typedef struct sn_host sn_host;

/* The states of a thing. */
enum {
    SN_HOST_OK = 0,      /* there */
    SN_HOST_LIMITED = 1, /* works, with less than the best (the detail says what) */
    SN_HOST_MISSING = 2  /* not there: creation fails unless the layer is relaxed */
};

/* One thing that was probed. The strings live as long as the sn_host; fix is NULL when nothing has to be done. */
typedef struct sn_host_item {
    const char *name;   /* "user namespaces" */
    const char *detail; /* what was found */
    const char *fix;    /* the exact command, or the sentence, that changes it */
    uint32_t status;    /* SN_HOST_... */
    uint32_t reserved;  /* 0 */
} sn_host_item;

/*
 * Looks. Blocks for some milliseconds (it makes and removes namespaces and cgroups); any thread. *ret_host is freed
 * with sn_host_free(). Errors: SN_EINVAL, SN_ENOMEM; what the host lacks is no error but an entry.
 */
SN_API int sn_host_probe(sn_host **ret_host, sn_error **ret_error);
/* How many things were looked at. */
SN_API size_t sn_host_count(const sn_host *host);
/* One of them; NULL past the end; lives as long as the sn_host. */
SN_API const sn_host_item *sn_host_entry(const sn_host *host, size_t index);
/* Frees it. NULL is accepted. */
SN_API void sn_host_free(sn_host *host);

#ifdef __cplusplus
}
#endif
#endif
