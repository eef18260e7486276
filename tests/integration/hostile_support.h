/* SPDX-License-Identifier: MIT */
#ifndef SN_TESTS_HOSTILE_SUPPORT_H
#define SN_TESTS_HOSTILE_SUPPORT_H

/*
 * Hosts as they should not be (test_hostile_host_*): each test puts a forked process into some awkward state and uses
 * sandboxes there. What cannot work must be refused with an error that names the cause.
 */
#include "support.h"

#define UNABLE 77 /* exit status of a body whose state cannot be had here */

/* ---- in the forked process: no asserts of cmocka's there, a line on stderr and a status, 0 if all is well ---- */

/* Says what went wrong, frees the error and returns 1. */
int wrong(const char *what, sn_error *error);
/* A sandbox with the policy that run_hostile_group() loaded; a code of sn_sandbox_create(). */
int create_here(sn_sandbox **ret_sandbox, sn_error **ret_error);
/* Files in and out and a run between them, with every result looked at. */
int use_once(void);
/* 0 if using a sandbox is refused with this code and a message that has `word` in it. */
int is_refused(int code, const char *word);
/* A run of a shell script with these limits, or NULL after saying why; the sandbox goes with it. */
sn_result *run_here(const char *script, const sn_limits *limits);
/* What a program prints has to be this. */
int prints(const char *const *argv, const char *expected);

/* ---- in the test's own ---- */

/* Runs the body in a forked process: UNABLE skips the test, any other status but 0 fails it. */
void in_forked(int (*body)(void), const char *name);

/* One case for each: a state that cannot be had skips only itself. */
#define CASE(body)                                                                                                     \
    static void test_##body(void **state)                                                                              \
    {                                                                                                                  \
        (void)state;                                                                                                   \
        in_forked(body, #body);                                                                                        \
    }

/* Runs the group; the policy is loaded first, by root, for those who cannot read the tree any more. */
#define run_hostile_group(tests) (tests_prepare(), cmocka_run_group_tests(tests, load_policy, free_policy))
int load_policy(void **state);
int free_policy(void **state);

#endif
