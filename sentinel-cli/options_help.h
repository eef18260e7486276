/* SPDX-License-Identifier: MIT */
#ifndef SENTINEL_OPTIONS_HELP_H
#define SENTINEL_OPTIONS_HELP_H

/* The --help of run or exec (FOR_...), from the table of options. */
void print_run_help(unsigned command);

#endif
