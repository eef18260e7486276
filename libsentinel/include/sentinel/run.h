/* SPDX-License-Identifier: MIT */
/* one run of a program: blocking, or by events */
#ifndef SENTINEL_RUN_H
#define SENTINEL_RUN_H

#include <sentinel/result.h>
#include <sentinel/sandbox.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where a run's standard input comes from. */
enum {
    SN_STDIN_DATA = 0, /* stdin_data, then end of file; nothing: end of file at once */
    SN_STDIN_FEED = 1  /* sn_run_write() until sn_run_close_stdin() */
};

/* What happens to output. */
enum {
    SN_OUTPUT_CAPTURE = 0, /* kept for the result, up to output_bytes; also seen as events */
    SN_OUTPUT_STREAM = 1   /* only seen as events */
};

/*
 * What to run and how. Call sn_run_options_init() first; what it points to may be freed once the run was started (of
 * the policy a reference is kept).
 */
typedef struct sn_run_options {
    size_t size;             /* sizeof(sn_run_options), set by sn_run_options_init() */
    const char *const *argv; /* NULL-terminated, at least one; argv[0] without a slash is searched in PATH inside */
    const char *const *envp; /* NULL-terminated "K=V"; NULL: PATH, HOME=/work, LANG=C.UTF-8 and nothing else */
    const char *cwd;         /* absolute path inside; NULL: /work */
    const void *stdin_data;  /* copied */
    size_t stdin_length;     /* bytes */
    const sn_limits *limits; /* NULL: the sandbox's */
    const sn_policy *policy; /* NULL: the sandbox's */
    uint32_t stdin_mode;     /* SN_STDIN_... */
    uint32_t output_mode;    /* SN_OUTPUT_... */
    int32_t cancel_fd;       /* cancels when it becomes readable (never read here); stays the caller's; 0: none */
    uint32_t reserved;       /* 0 */
} sn_run_options;

/* Makes it all zero but the size. The _sized form is for bindings, with the size of their own layout. */
SN_API void sn_run_options_init_sized(sn_run_options *options, size_t size);
static inline void sn_run_options_init(sn_run_options *options)
{
    sn_run_options_init_sized(options, sizeof(*options));
}

/*
 * Runs one program and waits for its end. The run is over when its first process is: everything else it started is
 * dead when this returns. Everything a started program does is a result, which is freed with sn_result_free().
 *
 * Errors: SN_EINVAL, SN_EBUSY (the sandbox has a run in progress), SN_ENOENT or SN_ESYS (the program cannot be started:
 * no such file, not executable), SN_ELIMIT (too many or too large arguments), SN_EHOST, SN_EDIED,
 * SN_ENOMEM.
 */
SN_API int sn_run(sn_sandbox *sandbox, const sn_run_options *options, sn_result **ret_result, sn_error **ret_error);

/*
 * A started run. It belongs to one thread at a time; only sn_run_cancel() may be called from others meanwhile. The
 * sandbox must outlive it. Owned by the caller, who frees it with sn_running_free().
 */
typedef struct sn_running sn_running;

/*
 * sn_run() without blocking: returns once the request was handed over. *ret_running is freed with sn_running_free().
 * Errors: those of sn_run(); what shows only later (no such program, SN_EDIED) is told by sn_run_next() and
 * sn_run_wait().
 */
SN_API int sn_run_start(sn_sandbox *sandbox, const sn_run_options *options, sn_running **ret_running,
                        sn_error **ret_error);

/*
 * One descriptor for poll, epoll or an event loop: readable when sn_run_next() has something to do, and for good when
 * the run is over. Do not read it. Call sn_run_next() until it says SN_EVENT_NONE before waiting on it.
 */
SN_API int sn_run_fd(const sn_running *running);

/* What sn_run_next() reports. */
enum {
    SN_EVENT_NONE = 0,   /* nothing now: wait on sn_run_fd() */
    SN_EVENT_STDOUT = 1, /* data, length */
    SN_EVENT_STDERR = 2, /* data, length */
    SN_EVENT_STDIN = 3,  /* standard input has room again after sn_run_write() took less than it was given */
    SN_EVENT_DONE = 4    /* sn_run_wait() will not block */
};

/* One event. Call sn_event_init() first, once for any number of calls of sn_run_next(). */
typedef struct sn_event {
    size_t size;       /* sizeof(sn_event), set by sn_event_init() */
    uint32_t type;     /* SN_EVENT_... */
    uint32_t reserved; /* 0 */
    const void *data;  /* valid until the next call for this run */
    size_t length;     /* of data, bytes */
} sn_event;

/* Makes it all zero but the size. The _sized form is for bindings, with the size of their own layout. */
SN_API void sn_event_init_sized(sn_event *event, size_t size);
static inline void sn_event_init(sn_event *event)
{
    sn_event_init_sized(event, sizeof(*event));
}

/*
 * Does what is due (limits, output, input) and reports one event; never blocks. Once the run is over, it says
 * SN_EVENT_DONE every time. Errors: SN_EINVAL, SN_ESYS, SN_ENOMEM, and for a run that failed those of sn_run(), every
 * time.
 */
SN_API int sn_run_next(sn_running *running, sn_event *ret_event, sn_error **ret_error);

/*
 * Feeds standard input (SN_STDIN_FEED); takes as much as fits without blocking. A program that closed its end is not
 * an error: *ret_taken is then `length` and the bytes are dropped. Errors: SN_EINVAL (not started with SN_STDIN_FEED,
 * or closed already), SN_ENOMEM.
 */
SN_API int sn_run_write(sn_running *running, const void *data, size_t length, size_t *ret_taken, sn_error **ret_error);
/*
 * The program reads end of file after what was taken (and after children that the caller forked since the start have
 * exec'd or gone). Never blocks. Errors: SN_EINVAL (no SN_STDIN_FEED).
 */
SN_API int sn_run_close_stdin(sn_running *running, sn_error **ret_error);

/*
 * Asks for the end: the verdict is then CANCELLED unless the program was over first. Thread-safe, async-signal-safe,
 * and without effect on a run that is over.
 */
SN_API void sn_run_cancel(sn_running *running);

/*
 * Waits for the end, blocking, and takes the result; events not fetched are dropped (captured output is not).
 * To be called once; the handle stays valid until sn_running_free(). *ret_result is freed with sn_result_free().
 * Errors: those of sn_run(), and SN_EINVAL when the result was taken already.
 */
SN_API int sn_run_wait(sn_running *running, sn_result **ret_result, sn_error **ret_error);

/* Frees it; a run in progress is killed first. NULL is accepted. */
SN_API void sn_running_free(sn_running *running);

#ifdef __cplusplus
}
#endif
#endif
