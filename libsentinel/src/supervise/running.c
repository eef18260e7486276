/* SPDX-License-Identifier: MIT */
/* Drives a run: limits, output, input, messages; never blocks but in sn_run_wait(). */
#include "supervise/run.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "config/options.h"
#include "spawn/control.h"
#include "supervise/armed.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/timerfd.h>
#include <time.h>

#define MS UINT64_C(1000000)
#define CPU_CHECK_MIN_NS (1 * MS)  /* a program goes over its CPU limit by about this much before we see it */
#define CPU_RETRY_NS (10 * MS)     /* when the counter could not be read */
#define SAMPLE_EVERY_NS (10 * MS)  /* without cgroups */
#define KILL_GRACE_NS (10000 * MS) /* PID 1 has not ended the run in this time: end PID 1 */
#define KILL_RETRY_NS (20 * MS)    /* it could not be told to */
#define PENDING_MAX (1U << 20)
#define SN__EVENT_SIZE_0 sizeof(sn_event) /* of the first version: to stay when the struct grows */

/* ---- ending it ---- */

/* Without a pid namespace PID 1 cannot reach them all. */
static void kill_by_group(const sn_running *running)
{
    if (running->group && !(running->sandbox->layers & SN_LAYER_PID_NS))
        running->sandbox->driver->run_kill(running->group);
}

static void arm(const sn_running *running, uint64_t in_ns)
{
    struct itimerspec when = {
        .it_value = {.tv_sec = (time_t)(in_ns / (1000 * MS)), .tv_nsec = (long)(in_ns % (1000 * MS))}};

    timerfd_settime(running->timer, 0, &when, NULL);
}

/* A host out of memory, say, may be able to a little later. */
static void tell_to_end(sn_running *running)
{
    const struct sn__message kill = {.type = SN__MSG_KILL, .serial = running->serial};

    running->is_told = sn__control_send(running->sandbox->control, &kill, NULL, 0) == 0;
    arm(running, running->is_told ? KILL_GRACE_NS : KILL_RETRY_NS);
}

void sn__running_kill(sn_running *running)
{
    if (running->is_done || running->killed_ns)
        return;
    running->killed_ns = sn__now_ns();
    kill_by_group(running);
    tell_to_end(running);
}

void sn_run_cancel(sn_running *running)
{
    uint64_t one = 1;
    int saved = errno;
    ssize_t n;

    if (!sn__sandbox_is_ours(running->sandbox))
        return;
    /* an eventfd that is full already says what is to be said */
    do
        n = write(running->cancel, &one, sizeof(one));
    while (n < 0 && errno == EINTR);
    errno = saved;
}

/* ---- limits ---- */

static uint64_t limit_ns(uint64_t limit_ms)
{
    return limit_ms == SN_UNLIMITED || limit_ms > UINT64_MAX / MS ? UINT64_MAX : limit_ms * MS;
}

/* How soon the run could reach its CPU limit if it took every core from now on. */
static uint64_t cpu_check_in(uint64_t used, uint64_t limit)
{
    static _Atomic long cores; /* that there may ever be: asking costs three system calls */
    uint64_t in;

    if (!cores)
        cores = sysconf(_SC_NPROCESSORS_CONF);
    in = (limit - used) / (cores > 0 ? (uint64_t)cores : 1);

    return in < CPU_CHECK_MIN_NS ? CPU_CHECK_MIN_NS : in;
}

static void ask_for_sample(sn_running *running)
{
    const struct sn__message sample = {.type = SN__MSG_SAMPLE, .serial = running->serial};

    if (!running->sample_is_out && sn__control_send(running->sandbox->control, &sample, NULL, 0) == 0)
        running->sample_is_out = true;
}

static void check_limits(sn_running *running)
{
    uint64_t now = sn__now_ns();
    uint64_t elapsed = now - running->started_ns;
    uint64_t wall = limit_ns(running->limits.wall_ms), cpu = limit_ns(running->limits.cpu_ms);
    uint64_t next = wall == UINT64_MAX ? 3600 * 1000 * MS : wall > elapsed ? wall - elapsed : CPU_CHECK_MIN_NS;
    uint64_t used = 0, look;

    if (running->is_done)
        return;
    if (running->killed_ns) { /* it was told to end and has not: then its PID 1 has to */
        if (now - running->killed_ns >= KILL_GRACE_NS)
            pidfd_send_signal(running->sandbox->pidfd, SIGKILL, NULL, 0);
        else if (!running->is_told)
            tell_to_end(running);
        return;
    }
    if (elapsed >= wall) {
        running->evidence.wall_killed = true;
        sn__running_kill(running);
        return;
    }
    look = sn__suspect_look(running, elapsed);
    next = next < look ? next : look;
    if (!running->group) {
        ask_for_sample(running);
        next = next < SAMPLE_EVERY_NS ? next : SAMPLE_EVERY_NS;
    } else if (cpu != UINT64_MAX && running->sandbox->driver->run_cpu(running->group, &used) < 0) {
        /* a host program without a descriptor left, say: the limit holds all the same, a little later */
        next = next < CPU_RETRY_NS ? next : CPU_RETRY_NS;
    } else if (cpu != UINT64_MAX) {
        uint64_t check;

        used += running->busy_ns;
        if (used >= cpu) {
            running->evidence.cpu_killed = true;
            sn__running_kill(running);
            return;
        }
        check = cpu_check_in(used, cpu);
        next = next < check ? next : check;
    }
    arm(running, next < CPU_CHECK_MIN_NS ? CPU_CHECK_MIN_NS : next);
}

void sn__running_watch_limits(sn_running *running)
{
    uint64_t wall = limit_ns(running->limits.wall_ms), cpu = limit_ns(running->limits.cpu_ms);
    uint64_t first = wall < 3600 * 1000 * MS ? wall : 3600 * 1000 * MS;

    if (cpu != UINT64_MAX) {
        uint64_t check = cpu_check_in(0, cpu);

        first = check < first ? check : first;
    }
    if (!running->group && SAMPLE_EVERY_NS < first)
        first = SAMPLE_EVERY_NS;
    if (SN__SUSPECT_FROM_NS < first)
        first = SN__SUSPECT_FROM_NS;
    arm(running, first);
}

static void take_sample(sn_running *running, const struct sn__message_sampled *sample)
{
    running->sample_is_out = false;
    if (sample->cpu_ns > running->sampled_cpu_ns)
        running->sampled_cpu_ns = sample->cpu_ns;
    if (sample->rss_bytes > running->sampled_peak)
        running->sampled_peak = sample->rss_bytes;
    if (running->killed_ns)
        return;
    if (sample->cpu_ns + running->busy_ns >= limit_ns(running->limits.cpu_ms))
        running->evidence.cpu_killed = true;
    else if (sample->rss_bytes > running->limits.memory_bytes)
        running->evidence.memory_killed = true;
    else
        return;
    sn__running_kill(running);
}

/* ---- what PID 1 says ---- */

static void take_failure(sn_running *running, const struct sn__failure *failure)
{
    sn_error *error = NULL;
    const char *step = sn__step_name(failure->step);
    int code;

    if (failure->step == SN__STEP_EXEC && (failure->error == ENOENT || failure->error == ENOTDIR))
        code = sn__error_set(&error, SN_ENOENT, step,
                             "'%s' does not exist inside the sandbox (or its interpreter does not)", running->program);
    else if (failure->step == SN__STEP_EXEC && failure->error == E2BIG)
        code = sn__error_set(&error, SN_ELIMIT, step,
                             "the arguments of '%s' are larger than the kernel takes (128 KiB each, a quarter of "
                             "stack_bytes together)",
                             running->program);
    else if (failure->step == SN__STEP_EXEC && failure->error == EACCES)
        code = sn__error_errno(&error, failure->error, step, "'%s' may not be executed", running->program);
    else if (failure->step == SN__STEP_EXEC && failure->error == ENOEXEC)
        code = sn__error_errno(&error, failure->error, step,
                               "'%s' is neither an executable of this machine nor a script with a #! line",
                               running->program);
    else if (failure->step == SN__STEP_APPARMOR && failure->error == ENOENT)
        code = sn__error_set(&error, SN_EHOST, step,
                             "the AppArmor profile sentinel-program was unloaded after this sandbox was made: load it "
                             "again ('sentinel doctor --install-apparmor' as root), or make another sandbox");
    else if (failure->step == SN__STEP_SECCOMP && failure->error == EBUSY)
        code = sn__error_set(&error, SN_EHOST, step,
                             "this process runs under a seccomp filter with a listener (of a container runtime or a "
                             "supervisor), and the kernel allows one in a chain: run it without, or relax seccomp");
    else if (failure->step == SN__STEP_CWD)
        code = sn__error_errno(&error, failure->error, step, "cannot change to the run's cwd '%s' inside the sandbox",
                               running->cwd);
    else
        code = sn__error_errno(&error, failure->error, step, "PID 1 could not %s (%u)", step, failure->index);
    sn__running_fail(running, code, error);
}

/*
 * No process of the run exists any more, so what the pipes hold now is all there will be. Their end may never come: the
 * program may have passed a descriptor to somebody outside, through a socket that the caller shows it.
 */
static void note_rest(sn_running *running)
{
    epoll_ctl(running->epoll, EPOLL_CTL_DEL, running->sandbox->control, NULL);
    sn_run_cancel(running); /* not to cancel: from here on the run's descriptor stays readable */
    for (int i = 0; i < 2; i++)
        if (running->out[i] >= 0 && ioctl(running->out[i], FIONREAD, &running->rest[i]) < 0)
            running->rest[i] = 0;
}

static void read_control(sn_running *running)
{
    const struct sn__message killed = {.type = SN__MSG_KILLED, .serial = running->serial};
    struct sn__message message;
    sn_error *error = NULL;
    int r;

    while (!running->is_done && !running->is_over) {
        r = sn__control_receive(running->sandbox->control, 0, &message, NULL);
        if (r == 0)
            return;
        if (r < 0) {
            r = sn__sandbox_died(running->sandbox, "supervise run", &error);
            sn__running_fail(running, r, error);
            return;
        }
        if (message.serial != running->serial)
            continue;
        switch (message.type) {
        case SN__MSG_STARTED:
            /* the limit counts from the same moment as the figure, unless PID 1 has another clock: time_namespaces(7)
             */
            if (message.done.start_ns > running->started_ns && message.done.start_ns <= sn__now_ns())
                running->started_ns = message.done.start_ns;
            break;
        case SN__MSG_SAMPLED:
            take_sample(running, &message.sampled);
            break;
        case SN__MSG_BUSY:
            running->busy_ns = message.busy.cpu_ns;
            break;
        case SN__MSG_FAILED:
            take_failure(running, &message.failure);
            break;
        case SN__MSG_KILL_GROUP:
            kill_by_group(running);
            sn__control_send(running->sandbox->control, &killed, NULL, 0);
            break;
        case SN__MSG_DONE:
            running->done = message.done;
            running->done_ns = sn__now_ns();
            running->is_done = true;
            if (running->sandbox->driver) /* without a cgroup, files do not count at all */
                running->sandbox->left_bytes = message.done.left_bytes;
            note_rest(running);
            break;
        default:
            break;
        }
    }
}

/* ---- output ---- */

static void unwatch(const sn_running *running, int *fd)
{
    epoll_ctl(running->epoll, EPOLL_CTL_DEL, *fd, NULL);
    *fd = -1;
}

/* A child that the caller forked has copies: what is only closed here would stay in the epoll set. */
static void close_watched(const sn_running *running, int *fd)
{
    int closed = *fd;

    unwatch(running, fd);
    sn__close(closed);
}

/* Reads one chunk of a stream. 1: *ret_event has it. */
static int read_output(sn_running *running, int stream, sn_event *ret_event)
{
    struct sn__buffer *kept = &running->result->out[stream];
    uint64_t limit = running->limits.output_bytes;
    uint64_t room = limit - running->out_bytes[stream];
    size_t most = sizeof(running->chunk);
    ssize_t n;

    if (running->is_done && (size_t)running->rest[stream] < most)
        most = (size_t)running->rest[stream];
    do
        n = read(running->out[stream], running->chunk, most);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN && !running->is_done)
        return 0;
    if (n < 0 && errno != EAGAIN) /* what is lost must not look like the program's output */
        running->read_error = errno;
    if (n <= 0) {
        close_watched(running, &running->out[stream]);
        return 0;
    }
    if (running->is_done)
        running->rest[stream] -= (int)n;
    if ((uint64_t)n > room) {
        running->result->truncated[stream] = true;
        if (!running->evidence.output_exceeded && !running->killed_ns)
            running->evidence.output_exceeded = true;
        sn__running_kill(running);
        n = (ssize_t)room;
    }
    running->out_bytes[stream] += (uint64_t)n;
    if (running->output_mode == SN_OUTPUT_CAPTURE)
        sn__buffer_add(kept, running->chunk, (size_t)n);
    if (n == 0)
        return 0;
    ret_event->type = stream == 0 ? SN_EVENT_STDOUT : SN_EVENT_STDERR;
    ret_event->data = running->chunk;
    ret_event->length = (size_t)n;
    return 1;
}

/* What is left in the pipes of a run that is done. 1: *ret_event has some of it. */
static int read_rest(sn_running *running, sn_event *ret_event)
{
    for (int i = 0; i < 2; i++)
        while (running->out[i] >= 0)
            if (read_output(running, i, ret_event))
                return 1;
    return 0;
}

/* ---- input ---- */

static void close_input(sn_running *running)
{
    close_watched(running, &running->in);
    running->in_is_watched = false;
    sn__buffer_clear(&running->pending);
    running->pending_at = 0;
}

/* Gives the pipe what it takes of the pending bytes and watches it only while some are left. */
static void flush_input(sn_running *running)
{
    struct epoll_event event = {.events = EPOLLOUT, .data.fd = running->in};

    while (running->in >= 0 && running->pending_at < running->pending.length) {
        ssize_t n = sn__fd_write_quietly(running->in, running->pending.data + running->pending_at,
                                         running->pending.length - running->pending_at);

        if (n < 0 && errno == EAGAIN)
            break;
        if (n < 0) { /* the program closed its end: what it did not want is dropped */
            int error = errno;

            close_input(running);
            if (error != EPIPE) { /* it did not: a result would be one of other input */
                running->write_error = error;
                sn__running_kill(running);
            }
            return;
        }
        running->pending_at += (size_t)n;
    }
    if (running->in < 0)
        return;
    if (running->pending_at == running->pending.length) {
        running->pending.length = running->pending_at = 0;
        if (running->close_when_drained) {
            close_input(running);
        } else if (running->in_is_watched) {
            epoll_ctl(running->epoll, EPOLL_CTL_DEL, running->in, NULL);
            running->in_is_watched = false;
        }
    } else if (!running->in_is_watched) {
        running->in_is_watched = epoll_ctl(running->epoll, EPOLL_CTL_ADD, running->in, &event) == 0;
    }
}

int sn_run_write(sn_running *running, const void *data, size_t length, size_t *ret_taken, sn_error **ret_error)
{
    size_t room, taken;

    if (!running || !ret_taken || (!data && length))
        return sn__error_set(ret_error, SN_EINVAL, "feed stdin", "running, data or ret_taken is NULL");
    if (!running->is_fed)
        return sn__error_set(ret_error, SN_EINVAL, "feed stdin", "the run was not started with SN_STDIN_FEED");
    if (!sn__sandbox_is_ours(running->sandbox))
        return sn__sandbox_refuse_other(ret_error);
    /* before all that depends on how far the program is: a caller's mistake must not show only sometimes */
    if (running->close_when_drained)
        return sn__error_set(ret_error, SN_EINVAL, "feed stdin", "standard input was closed by sn_run_close_stdin()");
    if (running->in < 0 || running->is_over || running->is_done) {
        *ret_taken = length;
        return 0;
    }
    flush_input(running);
    room = running->in < 0 ? length : PENDING_MAX - (running->pending.length - running->pending_at);
    taken = length < room ? length : room;
    if (running->in >= 0) {
        /* what the pipe has taken goes first: a feeder that always keeps some pending must not make it grow */
        if (running->pending_at) {
            running->pending.length -= running->pending_at;
            memmove(running->pending.data, running->pending.data + running->pending_at, running->pending.length);
            running->pending_at = 0;
        }
        sn__buffer_add(&running->pending, data, taken);
        if (running->pending.failed) {
            sn__buffer_clear(&running->pending);
            return sn__error_nomem(ret_error);
        }
        flush_input(running);
    }
    running->wants_room_event = taken < length;
    *ret_taken = taken;
    return 0;
}

int sn_run_close_stdin(sn_running *running, sn_error **ret_error)
{
    if (!running || !running->is_fed)
        return sn__error_set(ret_error, SN_EINVAL, "close stdin", "the run was not started with SN_STDIN_FEED");
    if (!sn__sandbox_is_ours(running->sandbox))
        return sn__sandbox_refuse_other(ret_error);
    running->close_when_drained = true;
    flush_input(running);
    return 0;
}

/* ---- the loop's body ---- */

/* v1 kills one process and lets the others wait for it: end the run as v2's memory.oom.group does. */
static void take_oom(sn_running *running)
{
    unwatch(running, &running->oom);
    if (!running->killed_ns)
        running->evidence.memory_killed = true;
    sn__running_kill(running);
}

static void take_cancel(sn_running *running, int fd)
{
    uint64_t count;

    if (fd == running->callers_cancel) /* not ours to read, so it stays readable */
        unwatch(running, &running->callers_cancel);
    else if (read(running->cancel, &count, sizeof(count)) != sizeof(count))
        return;
    if (!running->killed_ns && !running->is_done)
        running->evidence.cancelled = true;
    sn__running_kill(running);
}

/* One event at most; everything that is due is done on the way. */
static int dispatch(sn_running *running, const struct epoll_event *ready, int count, sn_event *ret_event)
{
    int found = 0;

    for (int i = 0; i < count; i++) {
        int fd = ready[i].data.fd;
        uint64_t expirations;

        if (running->is_over)
            break;
        if (fd == running->sandbox->control) {
            read_control(running);
        } else if (fd == running->timer) {
            if (read(fd, &expirations, sizeof(expirations)) > 0)
                check_limits(running);
        } else if (fd == running->cancel || fd == running->callers_cancel) {
            take_cancel(running, fd);
        } else if (fd == running->oom) {
            take_oom(running);
        } else if (fd == running->in) {
            flush_input(running);
        } else if (!found && (fd == running->out[0] || fd == running->out[1])) {
            found = read_output(running, fd == running->out[1], ret_event);
        }
    }
    return found;
}

int sn_run_next(sn_running *running, sn_event *ret_event, sn_error **ret_error)
{
    struct epoll_event ready[8];
    sn_event event = {.size = sizeof(event)};
    int count;

    if (!running || !ret_event || ret_event->size < SN__EVENT_SIZE_0 || ret_event->size > 65536)
        return sn__error_set(ret_error, SN_EINVAL, "next event",
                             "running or ret_event is NULL, or ret_event->size is not set");
    if (!sn__sandbox_is_ours(running->sandbox))
        return sn__sandbox_refuse_other(ret_error);
    while (!running->is_over) {
        if (running->is_done) {
            if (read_rest(running, &event))
                break;
            sn__running_finish(running);
            break;
        }
        count = epoll_wait(running->epoll, ready, SN_ARRAY_SIZE(ready), 0);
        if (count < 0 && errno != EINTR)
            return sn__error_errno(ret_error, errno, "next event", "cannot ask for events");
        if (count <= 0 || dispatch(running, ready, count, &event))
            break;
    }
    if (event.type == SN_EVENT_NONE && running->is_over) {
        if (running->error_code)
            return sn__error_copy(ret_error, running->error, running->error_code);
        event.type = SN_EVENT_DONE;
    }
    if (event.type == SN_EVENT_NONE && running->wants_room_event &&
        running->pending.length - running->pending_at < PENDING_MAX / 2) {
        running->wants_room_event = false;
        event.type = SN_EVENT_STDIN;
    }
    sn__options_give(ret_event, &event, sizeof(event));
    return 0;
}

int sn_run_wait(sn_running *running, sn_result **ret_result, sn_error **ret_error)
{
    sn_event event = {.size = sizeof(event)};
    struct pollfd poll_fd;

    if (!running || !ret_result)
        return sn__error_set(ret_error, SN_EINVAL, "wait for run", "running or ret_result is NULL");
    poll_fd = (struct pollfd){.fd = running->epoll, .events = POLLIN};
    for (;;) {
        int r = sn_run_next(running, &event, ret_error);

        if (r < 0)
            return r;
        if (event.type == SN_EVENT_DONE)
            break;
        if (event.type == SN_EVENT_NONE && poll(&poll_fd, 1, -1) < 0 && errno != EINTR)
            return sn__error_errno(ret_error, errno, "wait for run", "cannot wait");
    }
    if (!running->result)
        return sn__error_set(ret_error, SN_EINVAL, "wait for run", "the result was taken already");
    *ret_result = steal_ptr(&running->result);
    return 0;
}

void sn_running_free(sn_running *running)
{
    sn_result *dropped = NULL;

    if (!running)
        return;
    if (!running->is_over && sn__sandbox_is_ours(running->sandbox)) {
        sn_run_cancel(running);
        if (sn_run_wait(running, &dropped, NULL) < 0 && !running->is_over) {
            /* its end cannot be waited for (no memory to poll with): with PID 1 it is over at once */
            pidfd_send_signal(running->sandbox->pidfd, SIGKILL, NULL, 0);
            sn__sandbox_died(running->sandbox, "free run", NULL);
            sn__running_fail(running, SN_EDIED, NULL);
        }
        sn_result_free(dropped);
    }
    if (sn__sandbox_is_ours(running->sandbox))
        sn__armed_fork_next(running);
    for (int i = 0; i < 2; i++)
        sn__close(running->out[i]);
    sn__close(running->in);
    sn__close(running->epoll);
    sn__close(running->timer);
    sn__close(running->cancel);
    sn__buffer_clear(&running->pending);
    sn_policy_free(running->policy);
    free(running->program);
    free(running->cwd);
    sn_result_free(running->result);
    sn_error_free(running->error);
    free(running);
}

int sn_run(sn_sandbox *sandbox, const sn_run_options *options, sn_result **ret_result, sn_error **ret_error)
{
    return sn__run(sandbox, options, (struct sn__start){0}, ret_result, ret_error);
}

int sn__run(sn_sandbox *sandbox, const sn_run_options *options, struct sn__start start, sn_result **ret_result,
            sn_error **ret_error)
{
    sn_run_options checked = {0};
    sn_running *running;
    int r = 0;

    if (!ret_result)
        return sn__error_set(ret_error, SN_EINVAL, "check run options", "ret_result is NULL");
    if (options) /* by its size: there may be no stdin_mode in it */
        r = sn__options_copy(&checked, sizeof(checked), options, "sn_run_options", ret_error);
    if (r < 0)
        return r;
    if (checked.stdin_mode == SN_STDIN_FEED)
        return sn__error_set(ret_error, SN_EINVAL, "check run options",
                             "SN_STDIN_FEED needs sn_run_start(): nobody could feed a blocking run");
    r = sn__run_start(sandbox, options, start, &running, ret_error);
    if (r < 0)
        return r;
    r = sn_run_wait(running, ret_result, ret_error);
    sn_running_free(running);
    return r;
}
