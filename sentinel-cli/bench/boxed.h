/* SPDX-License-Identifier: MIT */
#ifndef SENTINEL_BENCH_BOXED_H
#define SENTINEL_BENCH_BOXED_H

#include "scenario.h"

#include <sentinel/error.h>
#include <sentinel/result.h>
#include <sentinel/sandbox.h>

/* Commands (contender->what, a NULL-terminated list) in sandboxes: every layer, output captured, the default limits. */

/* For other measurements: a sandbox as all of these are made, and a run in one. */
int boxed_create(sn_sandbox **ret_sandbox, char **ret_why);
int boxed_run(sn_sandbox *sandbox, const char *const *argv, sn_result **ret_result, char **ret_why);

/* A sandbox that lives through all rounds: a figure is one run in it. */
int live_prepare(const struct contender *contender, void **ret_state, char **ret_why);
int live_measure(const struct contender *contender, void *state, double *ret_ns, char **ret_why);
void live_clear(void *state);
/* A pool, which any number of callers may share: a figure is one run in a sandbox of its own. */
int pooled_prepare(const struct contender *contender, void **ret_state, char **ret_why);
int pooled_measure(const struct contender *contender, void *state, double *ret_ns, char **ret_why);
/* The same, with the pool at rest before and after: what it does off the caller's path is nobody's figure. */
int pooled_measure_settled(const struct contender *contender, void *state, double *ret_ns, char **ret_why);
void pooled_clear(void *state);
/*
 * A figure is a sandbox made, a run in it, and its end. Another way to come by a sandbox is another such function: with
 * a contender in scenario_spawn.c, one in BY() of scenario_throughput.c, and its goals in goals.c it is everywhere.
 */
int new_measure(const struct contender *contender, void *state, double *ret_ns, char **ret_why);
/* The same without its end: from call to result. */
int new_measure_result(const struct contender *contender, void *state, double *ret_ns, char **ret_why);

/* -1 (MISSING for a language without its tools), with what the library said in *ret_why. Takes the error over. */
int because(sn_error *error, char **ret_why);
/* 0 for the verdict OK, else -1 with *ret_why. Takes the result over. */
int ended_well(sn_result *result, char **ret_why);

#endif
