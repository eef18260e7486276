/* SPDX-License-Identifier: MIT */
#ifndef SENTINEL_BENCH_BARE_H
#define SENTINEL_BENCH_BARE_H

#include "scenario.h"

/*
 * Programs without a sandbox of ours: posix_spawn() and waitpid() of a command whose standard input, output and error
 * are /dev/null, its status 0.
 */

/* 0, or -1 with *ret_why. `directory` NULL: ours. */
int bare_run(const char *const *argv, const char *directory, double *ret_ns, char **ret_why);
/* The command is contender->what, a NULL-terminated list; not tried where there is no such file. */
int bare_prepare(const struct contender *contender, void **ret_state, char **ret_why);
int bare_measure(const struct contender *contender, void *state, double *ret_ns, char **ret_why);

#endif
