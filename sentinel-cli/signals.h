/* SPDX-License-Identifier: MIT */
#ifndef SENTINEL_SIGNALS_H
#define SENTINEL_SIGNALS_H

/*
 * SIGINT, SIGTERM, SIGHUP and SIGQUIT end the sandbox first and then this process, by the same signal, so that a shell
 * or a supervisor sees what it expects. A second one ends this process at once (the sandbox dies with it).
 * Signals that were ignored when we started (nohup, a background job) stay ignored. -1: no descriptor was to be had.
 */
int signals_install(void);

/* The cancel_fd of every run: readable from the first signal on. */
int signals_cancel_fd(void);

/* The signal that came, or 0. */
int signals_caught(void);
/* Ends this process by the signal's default action; returns the shell's number for it if that is not possible. */
int signals_die(int signal_number);

#endif
