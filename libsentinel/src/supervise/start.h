/* SPDX-License-Identifier: MIT */
#ifndef SN_SUPERVISE_START_H
#define SN_SUPERVISE_START_H

#include <sentinel/run.h>

#include <stdbool.h>

struct sn__template;

/* How a run may begin other than by an exec. */
struct sn__start {
    struct sn__template *template; /* NULL: not by a fork of one */
    bool is_wanted;                /* at once, and that it could not be is worth a note */
};

/* run.c, running.c: sn_run_start() and sn_run(), of a program that a template may start. */
int sn__run_start(sn_sandbox *sandbox, const sn_run_options *options, struct sn__start start, sn_running **ret_running,
                  sn_error **ret_error);
int sn__run(sn_sandbox *sandbox, const sn_run_options *options, struct sn__start start, sn_result **ret_result,
            sn_error **ret_error);

#endif
