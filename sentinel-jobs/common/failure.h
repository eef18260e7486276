/* SPDX-License-Identifier: MIT */
#ifndef JOBS_COMMON_FAILURE_H
#define JOBS_COMMON_FAILURE_H

/*
 * What a call of the service's own parts returns: 0 (or a documented positive number), or one of these. As in
 * libsentinel, ret_ parameters are untouched on failure.
 */
enum {
    FAIL_INVALID = -1,     /* the input is wrong; the message names the field */
    FAIL_NOT_FOUND = -2,   /* there is no such thing */
    FAIL_CONFLICT = -3,    /* it is another's, or not in the state for that */
    FAIL_UNAVAILABLE = -4, /* a dependency is away: the same call may work later */
    FAIL_NOMEM = -5,
    FAIL_LIMIT = -6,    /* larger than the bound given for it */
    FAIL_INTERNAL = -7, /* our own mistake, or a dependency that answers what it should not */
    FAIL_CLOSED = -8    /* the other side is gone for good, or we are being closed */
};

/* Why. A value: nothing to free. The message is one sentence without a full stop, and never holds a secret. */
struct failure {
    int code;
    char message[300];
};

/* Fills it (failure may be NULL) and returns the code: `return fail(failure, FAIL_INVALID, "...")`. */
int fail(struct failure *failure, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));
int fail_nomem(struct failure *failure);

#endif
