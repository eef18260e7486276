/* SPDX-License-Identifier: MIT */
#ifndef SN_TESTS_FAULTS_ERRNOS_H
#define SN_TESTS_FAULTS_ERRNOS_H

#include <stdbool.h>
#include <stddef.h>

#define ERRNOS_MAX 10

/* A system call and what it can plausibly fail with. */
struct fault {
    long number;
    const char *name;
    bool is_restarted;      /* EINTR is no failure: the caller has to go on as if nothing had happened */
    int errnos[ERRNOS_MAX]; /* beside EINTR; 0-terminated */
};

/* NULL: it is not failed (it cannot fail, or what it does then would be the injector's doing: see errnos.c). */
const struct fault *fault_find(long number);
const struct fault *fault_find_by_name(const char *name, size_t length);

/* How many of its errors are plausible at a site of it, the first ones. */
unsigned fault_count(const struct fault *fault, const char *path);
/* Whether EINTR is to be tried at a site of it: `path` is what its descriptor is open for, or "". */
bool fault_is_restarted(const struct fault *fault, bool is_host, const char *path);

/* "ENOMEM"; "0" to "4095" where there is no name. Static string. */
const char *errno_name(int error);
/* The value of a name or number, or -1. */
int errno_by_name(const char *name);

#endif
