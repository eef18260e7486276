/* SPDX-License-Identifier: MIT */
#include "run_support.h"

#include <poll.h>
#include <string.h>

static sn_sandbox *shared;
static sn_running *unfinished; /* of a test that failed half-way */

sn_sandbox *run_shared(void)
{
    if (!shared)
        shared = make_sandbox(NULL);
    return shared;
}

/* Around every test: the next one finds the sandbox free. */
int run_free_unfinished(void **state)
{
    (void)state;
    sn_running_free(unfinished);
    unfinished = NULL;
    return 0;
}

int run_drop_shared(void **state)
{
    (void)state;
    sn_sandbox_destroy(shared);
    return 0;
}

sn_running *run_begin(const char *script, uint32_t stdin_mode, uint32_t output_mode)
{
    const char *argv[] = {"/bin/sh", "-c", script, NULL};
    sn_running *running = NULL;
    sn_run_options options;
    sn_error *error = NULL;

    sn_run_options_init(&options);
    options.argv = argv;
    options.stdin_mode = stdin_mode;
    options.output_mode = output_mode;
    assert_ok(sn_run_start(run_shared(), &options, &running, &error), error);
    assert_non_null(running);
    run_adopt(running);
    return running;
}

void run_adopt(sn_running *running)
{
    unfinished = running;
}

void run_drop(sn_running *running)
{
    sn_running_free(running);
    unfinished = NULL;
}

sn_result *run_finish(sn_running *running)
{
    sn_result *result = NULL;
    sn_error *error = NULL;

    assert_ok(sn_run_wait(running, &result, &error), error);
    assert_non_null(result);
    run_drop(running);
    return result;
}

/* Waits until the run has an event, at most ten seconds. */
sn_event run_next_event(sn_running *running)
{
    uint64_t deadline = now_ms() + 10000;
    sn_event event;

    while (now_ms() < deadline) {
        struct pollfd poller = {.fd = sn_run_fd(running), .events = POLLIN};
        sn_error *error = NULL;

        memset(&event, 0, sizeof(event));
        event.size = sizeof(event);
        assert_ok(sn_run_next(running, &event, &error), error);
        if (event.type != SN_EVENT_NONE)
            return event;
        poll(&poller, 1, 1000);
    }
    fail_msg("no event within ten seconds");
    return event;
}

void assert_event_is(const sn_event *event, uint32_t type, const char *text)
{
    assert_int_equal(event->type, type);
    assert_int_equal(event->length, strlen(text));
    assert_memory_equal(event->data, text, event->length);
}
