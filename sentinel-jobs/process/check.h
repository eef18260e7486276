/* SPDX-License-Identifier: MIT */
#ifndef JOBS_PROCESS_CHECK_H
#define JOBS_PROCESS_CHECK_H

#include "config/config.h"

#include <stdbool.h>
#include <stdio.h>

/*
 * What a configuration leads to, as far as that can be seen without the network and without starting anything: users,
 * files and directories, certificates. Changes nothing. A line for each finding:
 *   PROGRAM: error: KEY: what is wrong, and what mends it
 *   PROGRAM: warning: KEY: what works, but somebody should know
 * True: no errors. It asks as whoever calls it: as root, like the service that root starts. With one thread.
 */
bool check_config(const struct config *config, enum config_program program, FILE *to);
/* config_print() with what an empty value comes to: how many slots, which web interface. 0 or FAIL_UNAVAILABLE. */
int check_print(const struct config *config, enum config_program program, FILE *to);

/* Does nobody but this host get to where it listens? */
bool check_is_local(const char *listen);
/* What a server that others get to should say aloud, here and when it starts: a sentence for each key. */
void check_exposure(const struct config *config, void (*say)(void *arg, const char *key, const char *sentence),
                    void *arg);

#endif
