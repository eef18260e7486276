/* SPDX-License-Identifier: MIT */
#ifndef SENTINEL_PASSTHROUGH_H
#define SENTINEL_PASSTHROUGH_H

#include "cli.h"

#include <sentinel/run.h>

struct passthrough {
    int stdin_fd;     /* what to feed the program with; -1: nothing (its stdin was given otherwise) */
    bool forward;     /* its output goes to our stdout and stderr as it arrives */
    int output_errno; /* out: writing our stdout failed with this and the run was cancelled; 0 */
    bool mid_line;    /* out: the last byte on our stderr (or on the terminal both share) ended no line */
};

/* Drives a started run to its end: feeds it, passes its output on. 0 or the library's error. */
int passthrough_drive(struct passthrough *pass, sn_running *running, sn_error **ret_error);

#endif
