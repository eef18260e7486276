/* SPDX-License-Identifier: MIT */
/* error codes, and what failed and why */
#ifndef SENTINEL_ERROR_H
#define SENTINEL_ERROR_H

#include <sentinel/visibility.h>

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Every function that can fail returns 0 or one of these negative codes. The sandbox failing is an sn_error; what the
 * program did is an sn_result. They never mix.
 */
enum {
    SN_OK = 0,          /* it worked */
    SN_EINVAL = -1,     /* an argument, option or combination of options is wrong */
    SN_ENOMEM = -2,     /* the host process is out of memory */
    SN_ESYS = -3,       /* a system call failed: see sn_error_errno() and sn_error_step() */
    SN_EHOST = -4,      /* this host cannot give a layer or limit that was asked for; the message says how to get it */
    SN_EBUSY = -5,      /* the sandbox has a run in progress */
    SN_ENOENT = -6,     /* a file, program, language or policy does not exist */
    SN_EPARSE = -7,     /* a policy, manifest or JSON document does not parse: see sn_error_line() */
    SN_ELIMIT = -8,     /* an input or output is larger than the bound given for it */
    SN_EDIED = -9,      /* the sandbox's PID 1 is gone (killed from outside, host out of memory); destroy the sandbox */
    SN_ETOOLCHAIN = -10 /* the language is known but its toolchain is not installed here */
};

/*
 * What failed and why. Owned by the caller once handed out, who frees it with sn_error_free(); immutable, so it may be
 * read from any thread. Its strings live as long as it does. None of the functions here blocks or fails.
 */
typedef struct sn_error sn_error;

/* One of the codes above; 0 for NULL. */
SN_API int32_t sn_error_code(const sn_error *error);
/* The errno of the failed system call, or 0. */
SN_API int32_t sn_error_errno(const sn_error *error);
/*
 * The step that failed ("mount /usr", "seccomp load", "parse policy"); never NULL, "" for NULL; lives as long as the
 * error.
 */
SN_API const char *sn_error_step(const sn_error *error);
/* A sentence that a user can act on; never NULL, "" for NULL; lives as long as the error. */
SN_API const char *sn_error_message(const sn_error *error);
/* Position in the parsed text, from 1; 0 where there is none. Columns count bytes. */
SN_API uint32_t sn_error_line(const sn_error *error);
SN_API uint32_t sn_error_column(const sn_error *error);
/* The name of a code ("SN_EINVAL"); a static string, never NULL. */
SN_API const char *sn_code_name(int32_t code);
/* Frees an error. NULL is accepted. */
SN_API void sn_error_free(sn_error *error);

#ifdef __cplusplus
}
#endif
#endif
