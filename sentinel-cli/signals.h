/* SPDX-License-Identifier: MIT */
#ifndef SENTINEL_SIGNALS_H
#define SENTINEL_SIGNALS_H

#include <sentinel/run.h>

/*
 * SIGINT, SIGTERM, SIGHUP and SIGQUIT end the sandbox first and then this process, by the same signal, so that a shell
 * or a supervisor sees what it expects. A second one ends this process at once (the sandbox dies with it).
 * Signals that were ignored when we started (nohup, a background job) stay ignored.
 */
void signals_install(void);

/* From here on, a signal kills the sandbox that a blocking call of the library is making or compiling in. */
void signals_enter_create(void);
/* From here on, a signal cancels this run (at once, if one came before). */
void signals_enter_run(sn_running *running);
/* From here on, a signal is only remembered. To be called before what the others watched is freed. */
void signals_leave(void);

/* The signal that came, or 0. */
int signals_caught(void);
/* Ends this process by the signal's default action; returns the shell's number for it if that is not possible. */
int signals_die(int signal_number);

#endif
