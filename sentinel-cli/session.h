/* SPDX-License-Identifier: MIT */
#ifndef SENTINEL_SESSION_H
#define SENTINEL_SESSION_H

#include "options.h"

#include <jansson.h>

/* What run and exec have in common: one run in a sandbox, from its start to the last line of output. */
struct session {
    struct cli *cli;
    struct settings *settings;
    sn_policy *policy;    /* --policy; NULL */
    int stdin_fd;         /* -1: the program's stdin is empty */
    const char *language; /* NULL for exec */
    sn_limits run_limits;
    sn_limits compile_limits;
    const sn_result *compile; /* NULL: there was no such step */
    bool compile_is_cached;   /* the compiler was not run: the result is of an earlier compile of the same */
};

/* Loads the policy, opens stdin, checks --get. 0, or the exit status after a message. */
int session_open(struct session *session, struct cli *cli, struct settings *settings, bool source_is_stdin);
void session_close(struct session *session);

/* The options of a run: input, output, limits, policy. */
void session_run_options(const struct session *session, sn_run_options *options);

/* No sandbox was made: 2 if a path of the caller is why. Takes the error over. The exit status. */
int session_no_sandbox(const struct session *session, sn_error *error);

/* A run that did not start, as shells number that: 126, 127. Takes the error over. The exit status. */
int session_not_started(const struct session *session, sn_error *error);

/* Drives a started run to its end, takes files, reports. Frees `running`. The exit status. */
int session_finish(struct session *session, sn_running *running, sn_sandbox *sandbox);

/* Reports a compile step after which there is nothing to run. The exit status. */
int session_not_runnable(struct session *session);

/* An error of the library on the way: silent if a signal of ours is its cause. The exit status. */
int session_error(const struct session *session, int status, const char *what, sn_error *error);

#endif
