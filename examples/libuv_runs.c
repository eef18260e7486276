/* SPDX-License-Identifier: MIT */
/*
 * Runs in libuv's loop: a uv_poll_t on sn_run_fd() is all that it takes. One program prints, one would sleep for a
 * minute and is cancelled by a timer of the loop.
 *
 *     cc libuv_runs.c $(pkg-config --cflags --libs sentinel libuv) -o libuv_runs
 *     sudo ./libuv_runs
 */
#include <sentinel/sentinel.h>

#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

struct job {
    uv_poll_t poll;
    const char *name;
    sn_sandbox *sandbox;
    sn_running *running;
    sn_result *result;
    sn_error *error;
};

static void on_closed(uv_handle_t *handle)
{
    struct job *job = handle->data;

    /* Only now: the loop has forgotten the descriptor. */
    sn_running_free(job->running);
    sn_sandbox_destroy(job->sandbox);
}

static void on_readable(uv_poll_t *poll, int status, int what)
{
    struct job *job = poll->data;
    sn_event event;
    int r = status < 0 ? SN_ESYS : 0;

    (void)what;
    sn_event_init(&event);
    for (event.type = SN_EVENT_STDIN; r == 0 && event.type != SN_EVENT_NONE && event.type != SN_EVENT_DONE;)
        r = sn_run_next(job->running, &event, &job->error);
    if (r == 0 && event.type == SN_EVENT_NONE)
        return;
    if (r == 0)
        sn_run_wait(job->running, &job->result, &job->error);
    uv_close((uv_handle_t *)poll, on_closed);
}

static void on_timeout(uv_timer_t *timer)
{
    struct job *job = timer->data;

    sn_run_cancel(job->running);
    uv_close((uv_handle_t *)timer, NULL);
}

static int start(uv_loop_t *loop, struct job *job, const char *const *argv)
{
    sn_run_options options;

    sn_run_options_init(&options);
    options.argv = argv;
    if (sn_sandbox_create(NULL, &job->sandbox, &job->error) < 0 ||
        sn_run_start(job->sandbox, &options, &job->running, &job->error) < 0)
        return -1;
    job->poll.data = job;
    uv_poll_init(loop, &job->poll, sn_run_fd(job->running));
    return uv_poll_start(&job->poll, UV_READABLE, on_readable);
}

static void report(struct job *job)
{
    size_t length = 0;
    const char *output = job->result ? sn_result_stdout(job->result, &length) : "";

    if (job->result)
        printf("%s: %s %.*s\n", job->name, sn_verdict_name(sn_result_verdict(job->result)), (int)length, output);
    else
        printf("%s: %s: %s\n", job->name, sn_error_step(job->error), sn_error_message(job->error));
    sn_result_free(job->result);
    sn_error_free(job->error);
}

int main(void)
{
    const char *const print[] = {"/bin/sh", "-c", "printf 'hello from a sandbox'", NULL};
    const char *const sleep[] = {"/bin/sh", "-c", "sleep 60", NULL};
    struct job quick = {.name = "quick"}, slow = {.name = "slow"};
    uv_loop_t *loop = uv_default_loop();
    uv_timer_t timer = {.data = &slow};

    if (start(loop, &quick, print) < 0 || start(loop, &slow, sleep) < 0) {
        report(quick.error ? &quick : &slow);
        return 1;
    }
    uv_timer_init(loop, &timer);
    uv_timer_start(&timer, on_timeout, 300, 0);
    uv_run(loop, UV_RUN_DEFAULT);
    report(&quick);
    report(&slow);
    return uv_loop_close(loop) == 0 ? 0 : 1;
}
