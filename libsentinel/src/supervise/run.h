/* SPDX-License-Identifier: MIT */
#ifndef SN_SUPERVISE_RUN_H
#define SN_SUPERVISE_RUN_H

#include "init/protocol.h"
#include "result/result.h"
#include "spawn/sandbox.h"
#include "supervise/cgroup.h"
#include "supervise/start.h"
#include "supervise/suspect.h"

#include <sentinel/run.h>

#define SN__READ_CHUNK 65536

/*
 * Theory of operation
 *
 * A started run is one epoll set (the descriptor that the caller polls) over the control socket, PID 1's pidfd, the
 * two output pipes, the input pipe while bytes wait for room, a timer for limits, and an eventfd for cancelling. There
 * is no thread: sn_run_next() does what is due and reports one event. A run ends in this order: PID 1 says DONE (no
 * process of it exists any more), what the pipes hold is read, the cgroup's figures are read, the verdict is
 * decided, the leaf is removed, the sandbox is free again.
 *
 * run.c gets a run under way (request.c says what is asked, armed.c has what was made before), running.c drives it,
 * finish.c turns it into a result.
 */
struct sn_running {
    sn_sandbox *sandbox; /* claimed until the end */
    sn_limits limits;
    sn_policy *policy;
    char *program, *cwd;          /* for error messages */
    struct sn__cgroup_run *group; /* NULL without cgroups */
    uint32_t output_mode;
    uint32_t serial; /* what PID 1 calls it */
    bool is_armed;   /* started by a child that waited for it */

    struct sn__template *fitting;  /* it could be a fork of this; or NULL */
    struct sn__template *template; /* and that is there */
    bool is_forked;                /* and it is */
    bool wanted_template;

    int epoll;
    int timer;
    int cancel;         /* eventfd */
    int callers_cancel; /* the caller's descriptor while it is watched, or -1 */
    int oom;            /* the leaf's descriptor while it is watched, or -1 */
    int out[2];         /* our ends: stdout, stderr; -1 at their end */
    int rest[2];        /* bytes left in them when the run was done */
    int in;             /* our end of stdin, or -1 */
    bool is_fed;        /* SN_STDIN_FEED */
    bool in_is_watched;
    bool wants_room_event;

    struct sn__buffer pending; /* fed but not yet taken by the pipe */
    size_t pending_at;
    bool close_when_drained;

    uint64_t left_bytes; /* what it found in files of earlier runs, and its limit is lower by */
    bool is_starved;     /* they left it less than it takes to start */
    uint64_t started_ns;
    uint64_t prepare_ns; /* from the call until then */
    uint64_t done_ns;    /* when PID 1 was heard to say DONE */
    uint64_t killed_ns;  /* when we first asked for its end, or 0 */
    bool is_told;        /* PID 1 was */
    bool is_done;        /* PID 1 said DONE */
    bool is_over;        /* the result is made, or the error is known */
    bool sample_is_out;

    uint64_t out_bytes[2];
    int read_error, write_error; /* errno of output that could not be read, of input that could not be fed, or 0 */
    char chunk[SN__READ_CHUNK];
    struct sn__suspect suspect;
    struct sn__evidence evidence;
    struct sn__message_done done;
    uint64_t sampled_cpu_ns, sampled_peak;
    uint64_t busy_ns; /* CPU time of PID 1 that the program has caused so far */

    sn_result *result; /* being made; handed out by sn_run_wait() */
    int32_t error_code;
    sn_error *error; /* instead of a result */
};

/* running.c: begins to look after its limits. */
void sn__running_watch_limits(sn_running *running);
/* running.c: asks for the end of the run. */
void sn__running_kill(sn_running *running);

/* finish.c: the result of a run that is done, or an error. Releases the leaf and the sandbox. */
void sn__running_finish(sn_running *running);
/* finish.c: the run ends without a result. Takes `error`. */
void sn__running_fail(sn_running *running, int32_t code, sn_error *error);

#endif
