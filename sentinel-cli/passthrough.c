/* SPDX-License-Identifier: MIT */
#include "passthrough.h"

#include "message.h"
#include "signals.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>

/*
 * Theory of operation
 *
 * One poll() over the run, our stdin (regular files, which epoll refuses, are always ready) and, while output waits
 * for a slow reader, our stdout and stderr. Nothing here blocks but poll(): the library enforces the limits of the run
 * in sn_run_next(), so a reader that stops reading must not stop us from calling it. What it has not taken yet waits
 * in memory; that is bounded by the run's output limit.
 *
 * Our stdout may be shared with other processes, so it is not made non-blocking. A pipe that poll() calls writable
 * takes PIPE_BUF bytes without blocking, hence the small writes.
 */
struct outlet {
    int fd;
    bool regular; /* a regular file takes any amount */
    bool dead;    /* its reader is gone: bytes are dropped */
    char *data;
    size_t start;
    size_t end;
    size_t capacity;
};

struct pump {
    struct passthrough *pass;
    sn_running *running;
    struct outlet outlets[2];
    bool shared_terminal; /* stdout and stderr end up on the same screen */
    bool done;
    /* stdin */
    char *input;
    size_t input_start;
    size_t input_end;
    bool input_open;
    bool input_room; /* the run takes more */
};

#define INPUT_SIZE 65536

static void outlet_add(struct outlet *outlet, const char *data, size_t length)
{
    if (outlet->dead)
        return;
    if (outlet->start == outlet->end)
        outlet->start = outlet->end = 0;
    if (outlet->start && outlet->capacity - outlet->end < length) {
        memmove(outlet->data, outlet->data + outlet->start, outlet->end - outlet->start);
        outlet->end -= outlet->start;
        outlet->start = 0;
    }
    if (outlet->capacity - outlet->end < length) {
        outlet->capacity = (outlet->end + length) * 2;
        outlet->data = xrealloc(outlet->data, outlet->capacity, 1);
    }
    memcpy(outlet->data + outlet->end, data, length);
    outlet->end += length;
}

static void outlet_fail(struct pump *pump, struct outlet *outlet, int error)
{
    outlet->dead = true;
    outlet->start = outlet->end = 0;
    /* a stderr nobody reads is no reason to end the program */
    if (outlet == &pump->outlets[0] && !pump->pass->output_errno) {
        pump->pass->output_errno = error;
        sn_run_cancel(pump->running);
    }
}

/* Writes as much as goes without blocking; `wait`: waits for the reader, until a signal comes. */
static void outlet_flush(struct pump *pump, struct outlet *outlet, bool wait)
{
    while (outlet->start < outlet->end) {
        struct pollfd ready = {.fd = outlet->fd, .events = POLLOUT};
        size_t length = outlet->end - outlet->start;
        ssize_t written;

        if (!outlet->regular && length > PIPE_BUF)
            length = PIPE_BUF;
        if (!outlet->regular && poll(&ready, 1, wait ? 100 : 0) <= 0) {
            if (wait && !signals_caught())
                continue;
            return;
        }
        written = write(outlet->fd, outlet->data + outlet->start, length);
        if (written >= 0) {
            outlet->start += (size_t)written;
        } else if (errno == EINTR) {
            if (signals_caught())
                return;
        } else if (errno != EAGAIN) {
            outlet_fail(pump, outlet, errno);
        } else if (!wait) {
            return;
        }
    }
}

static void take_output(struct pump *pump, struct outlet *outlet, const sn_event *event)
{
    const char *data = event->data;

    if (!pump->pass->forward || !event->length)
        return;
    outlet_add(outlet, data, event->length);
    if (outlet == &pump->outlets[1] || pump->shared_terminal)
        pump->pass->mid_line = data[event->length - 1] != '\n';
    outlet_flush(pump, outlet, false);
}

/* Fetches events until there are none. */
static int take_events(struct pump *pump, sn_error **ret_error)
{
    while (true) {
        sn_event event = {.size = sizeof(event)};
        int code = sn_run_next(pump->running, &event, ret_error);

        if (code < 0)
            return code;
        switch (event.type) {
        case SN_EVENT_STDOUT:
            take_output(pump, &pump->outlets[0], &event);
            break;
        case SN_EVENT_STDERR:
            take_output(pump, &pump->outlets[1], &event);
            break;
        case SN_EVENT_STDIN:
            pump->input_room = true;
            break;
        case SN_EVENT_DONE:
            pump->done = true;
            return 0;
        default:
            return 0;
        }
    }
}

/* Hands on what was read, then reads more if poll() said there is some. */
static int feed(struct pump *pump, bool readable, sn_error **ret_error)
{
    if (readable && pump->input_start == pump->input_end) {
        ssize_t length = read(pump->pass->stdin_fd, pump->input, INPUT_SIZE);

        if (length < 0 && (errno == EAGAIN || errno == EINTR))
            return 0;
        if (length < 0)
            say("reading standard input: %s", strerror(errno));
        if (length <= 0) {
            pump->input_open = false;
            return sn_run_close_stdin(pump->running, ret_error);
        }
        pump->input_start = 0;
        pump->input_end = (size_t)length;
    }
    while (pump->input_room && pump->input_start < pump->input_end) {
        size_t length = pump->input_end - pump->input_start;
        size_t taken = 0;
        int code = sn_run_write(pump->running, pump->input + pump->input_start, length, &taken, ret_error);

        if (code < 0)
            return code;
        pump->input_start += taken;
        pump->input_room = taken == length;
    }
    return 0;
}

static int drive(struct pump *pump, sn_error **ret_error)
{
    while (true) {
        struct pollfd fds[4];
        bool wants_input;
        int code = take_events(pump, ret_error);

        if (code == 0 && !pump->done)
            code = feed(pump, false, ret_error);
        if (code < 0 || pump->done)
            return code;

        wants_input = pump->input_open && pump->input_start == pump->input_end;
        fds[0] = (struct pollfd){.fd = sn_run_fd(pump->running), .events = POLLIN};
        fds[1] = (struct pollfd){.fd = wants_input ? pump->pass->stdin_fd : -1, .events = POLLIN};
        for (size_t i = 0; i < 2; i++) {
            struct outlet *outlet = &pump->outlets[i];

            fds[2 + i] = (struct pollfd){.fd = outlet->start < outlet->end ? outlet->fd : -1, .events = POLLOUT};
        }
        if (poll(fds, ARRAY_SIZE(fds), -1) < 0)
            continue; /* a signal: its handler cancelled the run, which wakes it */
        for (size_t i = 0; i < 2; i++) {
            if (fds[2 + i].revents)
                outlet_flush(pump, &pump->outlets[i], false);
        }
        if (fds[1].revents)
            code = feed(pump, true, ret_error);
        if (code < 0)
            return code;
    }
}

int passthrough_drive(struct passthrough *pass, sn_running *running, sn_error **ret_error)
{
    struct pump pump = {.pass = pass, .running = running, .input_open = pass->stdin_fd >= 0, .input_room = true};
    int code;

    for (int i = 0; i < 2; i++) {
        struct stat status;

        pump.outlets[i].fd = i + 1;
        pump.outlets[i].regular = fstat(i + 1, &status) == 0 && S_ISREG(status.st_mode);
    }
    pump.shared_terminal = isatty(1) && isatty(2);
    if (pump.input_open)
        pump.input = xrealloc(NULL, INPUT_SIZE, 1);

    code = drive(&pump, ret_error);
    for (size_t i = 0; i < 2; i++) {
        if (code == 0)
            outlet_flush(&pump, &pump.outlets[i], true);
        free(pump.outlets[i].data);
    }
    free(pump.input);
    return code;
}
