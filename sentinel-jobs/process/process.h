/* SPDX-License-Identifier: MIT */
#ifndef JOBS_PROCESS_PROCESS_H
#define JOBS_PROCESS_PROCESS_H

#include "common/failure.h"
#include "config/config.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Theory of operation. How a server or a worker comes to be: privileges are split first (privilege/privilege.h), then
 * each side does its part. The process that was started is the executor, if there is one: it passes SIGTERM and SIGINT
 * on to the frontend, ends with it, and has its exit status. The frontend waits for signals in its main thread; every
 * other thread has them blocked.
 */

/*
 * A program that is run where it was built (build/NAME/NAME) takes policies and manifests from the source tree: nothing
 * is installed yet. An installed one never does that, and SENTINEL_DATA_DIR always wins. Before there are threads.
 */
void process_find_data(const char *program);
/*
 * The directory of the web interface: `web` beside the policies, or, of a program that is run where it was built,
 * web/dist of the source tree. To be freed. NULL: none was built, or no memory.
 */
char *process_find_web(const char *program);

struct process_options {
    const struct config *config;
    bool has_executor;
    const char *const *read_paths; /* NULL-terminated: what the frontend reads beside what libraries need */
    /*
     * The frontend, confined, with signals blocked. socket: to the executor, or -1; to be taken over. Its exit status.
     */
    int (*frontend)(void *arg, int socket);
    void *arg;
};
/* The exit status of the process. With one thread, after the listening socket was opened. */
int process_main(const struct process_options *options);

/*
 * For commands beside the server: the state directory is made if there is none, and files in it will be the frontend's,
 * not root's.
 */
int process_become_frontend(const struct config *config, struct failure *failure);

/* Of the frontend: waits for a signal to end, or process_end(). 0, or what process_end() was told. */
int process_wait(void);
/* Ends the waiting; any thread. A status of 0 is that of a signal. */
void process_end(int status);
/* How often it was asked to end so far. */
unsigned process_end_count(void);
/* Calls the function when a further signal comes, on a thread of its own, until the process ends. */
void process_on_next_signal(void (*function)(void *arg), void *arg);
/* Sleeps, but no longer than until the process is asked to end: true then. */
bool process_pause(uint64_t ms);

#endif
