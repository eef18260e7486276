/* SPDX-License-Identifier: MIT */
#ifndef SN_TESTS_RUN_SUPPORT_H
#define SN_TESTS_RUN_SUPPORT_H

/* What the tests of runs share: one sandbox for all of a program's tests, and a run at a time. */
#include "support.h"

/* Made when it is first asked for; dropped after the last test. */
sn_sandbox *run_shared(void);
int run_drop_shared(void **state);

/* Starts a shell script in it. A test that fails half-way leaves no run behind. */
sn_running *run_begin(const char *script, uint32_t stdin_mode, uint32_t output_mode);
/* One that the test started itself is freed with it, too. */
void run_adopt(sn_running *running);
/* Waits for its end and frees it. */
sn_result *run_finish(sn_running *running);
/* Frees it as it is. */
void run_drop(sn_running *running);
/* The next event that is one, waited for at most ten seconds. */
sn_event run_next_event(sn_running *running);
void assert_event_is(const sn_event *event, uint32_t type, const char *text);

/* Around every test: the next one finds the sandbox free. */
int run_free_unfinished(void **state);
#define RUN_TEST(name) cmocka_unit_test_teardown(name, run_free_unfinished)

#endif
