/* SPDX-License-Identifier: MIT */
#ifndef SN_BASE_ERROR_H
#define SN_BASE_ERROR_H

#include <sentinel/error.h>

/*
 * Makes an error and returns its code, so that callers write `return sn__error_set(ret_error, SN_EINVAL, "step", ...)`.
 * ret_error may be NULL. An error already there is replaced. Never fails: without memory a static SN_ENOMEM takes its
 * place. The message is one sentence without a full stop, naming the thing and what to do.
 */
int sn__error_set(sn_error **ret_error, int32_t code, const char *step, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same for a failed system call: code SN_ESYS with `sys_errno`; ": strerror" is appended to the message. */
int sn__error_errno(sn_error **ret_error, int sys_errno, const char *step, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* SN_EPARSE at a position. */
int sn__error_parse(sn_error **ret_error, const char *step, uint32_t line, uint32_t column, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

int sn__error_nomem(sn_error **ret_error);

/* A copy of an error (or, where it is NULL, of nothing but `code`); returns `code`. */
int sn__error_copy(sn_error **ret_error, const sn_error *error, int32_t code);

#endif
