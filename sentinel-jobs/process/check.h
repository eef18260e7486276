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
bool check_config(const struct config *config, const char *program, FILE *to);

#endif
