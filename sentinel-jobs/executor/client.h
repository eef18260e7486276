/* SPDX-License-Identifier: MIT */
#ifndef JOBS_EXECUTOR_CLIENT_H
#define JOBS_EXECUTOR_CLIENT_H

#include "executor/outcome.h"

#include "common/failure.h"
#include "common/uuid.h"

/*
 * The frontend's end of the executor's socket. One thread of its own reads; any thread may call anything.
 */
struct executor_client;

/* A language as the executor found it. */
struct executor_language {
    char *name;
    char *title;
    char *version; /* probed; "" unknown */
    char *package; /* that brings its toolchain */
    char *file_name;
    char **aliases; /* NULL-terminated */
    bool is_available;
    bool is_compiled;
    struct spec_limits run_limits; /* the defaults */
    struct spec_limits compile_limits;
};

/* What the executor said when it was ready. Lives as long as the client. */
struct executor_hello {
    unsigned slots;
    uint64_t layers; /* in force in its sandboxes */
    uint64_t relaxed;
    char *version; /* of libsentinel */
    struct executor_language *languages;
    size_t language_count;
};

enum executor_stream { EXECUTOR_COMPILE_OUTPUT = 1, EXECUTOR_STDOUT = 2, EXECUTOR_STDERR = 3 };

/* Called on the client's thread, of one job in the order in which things happened; `arg` is executor_start()'s. */
struct executor_listener {
    /* COMPILING, then RUNNING. */
    void (*on_status)(void *arg, enum job_status status);
    void (*on_output)(void *arg, enum executor_stream stream, const void *data, size_t length);
    void (*on_case)(void *arg, size_t index, const struct case_outcome *outcome);
    /* The last call for a job. The outcome is the listener's to keep: it takes what it wants and leaves zeros. */
    void (*on_end)(void *arg, struct outcome *outcome);
    /* The executor is gone, for all jobs at once; on_end() comes for none of them any more. */
    void (*on_gone)(void *owner);
};

/*
 * Waits for the executor's hello, which takes as long as probing the toolchains. Takes the socket over.
 * FAIL_CLOSED (it ended: its log says why), FAIL_INTERNAL (it said something else).
 */
int executor_connect(int socket, const struct executor_listener *listener, void *owner,
                     struct executor_client **ret_client, struct failure *failure);
/* Ends the executor's jobs, and the executor; no listener is called once it returned. */
void executor_disconnect(struct executor_client *client);
const struct executor_hello *executor_hello(const struct executor_client *client);

/*
 * FAIL_LIMIT (no slot is free, or the spec is larger than a message may be), FAIL_CLOSED. *ret_tag names the job here;
 * `id`, by which everybody else knows it, is for the executor's log only.
 */
int executor_start(struct executor_client *client, const struct uuid *id, const struct spec *spec, void *arg,
                   uint64_t *ret_tag, struct failure *failure);
/* Without effect on a job that is over. Bytes beyond what the executor may buffer (1 MiB) are FAIL_LIMIT. */
int executor_stdin(struct executor_client *client, uint64_t tag, const void *data, size_t length,
                   struct failure *failure);
void executor_stdin_end(struct executor_client *client, uint64_t tag);
void executor_cancel(struct executor_client *client, uint64_t tag);

#endif
