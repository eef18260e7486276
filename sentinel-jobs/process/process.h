/* SPDX-License-Identifier: MIT */
#ifndef JOBS_PROCESS_PROCESS_H
#define JOBS_PROCESS_PROCESS_H

#include "common/failure.h"
#include "config/config.h"
#include "observe/host.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Theory of operation. How a server or a worker comes to be: privileges are split first (privilege/privilege.h), then
 * each side does its part. The process that was started is the executor, if there is one: it passes SIGTERM, SIGINT and
 * SIGHUP on to the frontend, ends with it, and has its exit status. The frontend waits for signals in its main thread;
 * every other thread has them blocked.
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

/* Settings of ours that the library looks for in the environment. Before there are threads. */
void process_tell_library(const struct config *config);

/* How many jobs are executed at once. */
unsigned process_slots(const struct config *config);

struct process_options {
    const struct config *config;
    bool has_executor;
    const char *web_root; /* the directory of the web interface, which the frontend reads; NULL: there is none */
    /* The executor's first deed: to let go of what is the frontend's alone. NULL: there is no such thing. */
    void (*executor_begins)(void *arg);
    /*
     * The frontend, confined, with signals blocked. socket: to the executor, or -1; to be taken over. host: opened
     * before the confinement; NULL without memory. Its exit status.
     */
    int (*frontend)(void *arg, int socket, struct host *host);
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
/*
 * What SIGHUP does, on the thread that takes signals; at once if one came before. After a call with NULL the former
 * function does not run, and is not running.
 */
void process_on_reload(void (*function)(void *arg), void *arg);
/* Sleeps, but no longer than until the process is asked to end: true then. */
bool process_pause(uint64_t ms);

#endif
