/* SPDX-License-Identifier: MIT */
#ifndef JOBS_EXECUTOR_EXECUTOR_H
#define JOBS_EXECUTOR_EXECUTOR_H

#include "common/failure.h"

/*
 * Theory of operation. The executor is the process that links libsentinel, and as root the only one with privilege. It
 * has no network, reads no database and no file that a request names; all that reaches it are the messages of
 * executor/message.h, over one socket, from a frontend that it does not trust: each is checked against bounds before
 * anything is done with it, and one that is wrong ends the connection and with it the executor.
 *
 * It has as many slots as it may execute jobs at once. Each is a thread: it waits for a job, makes a program of it
 * (sn_program_create()), runs it, once for each test case, compares, and reports. One more thread reads the socket and
 * hands on jobs, input and cancelling. When the socket ends, everything that runs is killed and the executor ends.
 */

struct executor_options {
    int socket;                    /* SOCK_STREAM, the frontend's other end; owned by the executor from now on */
    unsigned slots;                /* 1 to EXECUTOR_SLOTS_MAX */
    const char *languages;         /* directory of manifests; NULL: what there is on the host */
    unsigned long long relax;      /* SN_LAYER_... bits that the operator does without */
    unsigned long long work_bytes; /* of each sandbox's /work; 0: the library's default */
    const char *cache_dir;         /* NULL: the library's default */
    int no_cache;                  /* compile every source anew */
    /* What a message may ask for at most, whatever the frontend let through; 0: no bound of ours. */
    unsigned long long time_max_ms;
    unsigned long long memory_max_kb;
    unsigned long long output_max_kb;
};
#define EXECUTOR_SLOTS_MAX 256

/*
 * Runs until the socket ends; returns the exit status of the process. Does not return before every run is over. Logs by
 * common/log.h. The first message it sends is HELLO; if it cannot work at all (no language, the host lacks a layer), it
 * logs why and returns 1.
 */
int executor_main(const struct executor_options *options);

#endif
