/* SPDX-License-Identifier: MIT */
/*
 * Many runs at once in one thread: each has one descriptor (sn_run_fd()) for one epoll set. Every program says that it
 * is ready and waits for a line; it gets that when all of them are, so no two of them can have run one after the other.
 *
 *     cc event_loop.c $(pkg-config --cflags --libs sentinel) -o event_loop
 *     sudo ./event_loop [COUNT]
 */
#include <sentinel/sentinel.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

struct job {
    sn_sandbox *sandbox;
    sn_running *running;
    sn_result *result;
};

static const char script[] = "echo ready; read line; echo $line";

static void die(const char *what, const sn_error *error)
{
    fprintf(stderr, "%s: %s: %s\n", what, sn_error_step(error), sn_error_message(error));
    exit(1); /* the sandboxes die with us */
}

static void start(struct job *job, int epoll)
{
    const char *argv[] = {"/bin/sh", "-c", script, NULL};
    struct epoll_event interest = {.events = EPOLLIN, .data.ptr = job};
    sn_error *error = NULL;
    sn_run_options options;

    sn_run_options_init(&options);
    options.argv = argv;
    options.stdin_mode = SN_STDIN_FEED;
    if (sn_sandbox_create(NULL, &job->sandbox, &error) < 0 ||
        sn_run_start(job->sandbox, &options, &job->running, &error) < 0)
        die("start", error);
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, sn_run_fd(job->running), &interest) < 0) {
        perror("epoll_ctl");
        exit(1);
    }
}

/* Takes all events that are there; returns how many of them were output. At the end, takes the result. */
static int serve(struct job *job)
{
    sn_event event;
    sn_error *error = NULL;
    int outputs = 0;

    sn_event_init(&event);
    do {
        if (sn_run_next(job->running, &event, &error) < 0)
            die("next", error);
        outputs += event.type == SN_EVENT_STDOUT;
    } while (event.type != SN_EVENT_NONE && event.type != SN_EVENT_DONE);
    if (event.type == SN_EVENT_DONE && sn_run_wait(job->running, &job->result, &error) < 0)
        die("wait", error);
    return outputs;
}

static void answer(struct job *job, int number)
{
    sn_error *error = NULL;
    char line[32];
    size_t taken;

    /* A few bytes fit; for many, what was not taken is sent after the next SN_EVENT_STDIN. */
    snprintf(line, sizeof(line), "go %d\n", number);
    if (sn_run_write(job->running, line, strlen(line), &taken, &error) < 0 ||
        sn_run_close_stdin(job->running, &error) < 0)
        die("answer", error);
}

int main(int argc, char **argv)
{
    int count = argc > 1 ? atoi(argv[1]) : 8;
    struct job *jobs = calloc(count > 0 ? (size_t)count : 1, sizeof(*jobs));
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    int ready = 0, over = 0;

    if (!jobs || epoll < 0 || count < 1)
        return perror("event_loop"), 1;
    for (int i = 0; i < count; i++)
        start(&jobs[i], epoll);
    while (over < count) {
        struct epoll_event events[16];
        int n = epoll_wait(epoll, events, 16, -1);

        for (int i = 0; i < n; i++) {
            struct job *job = events[i].data.ptr;
            int outputs = serve(job);

            if (ready < count && (ready += outputs) == count) {
                printf("%d programs are ready\n", ready);
                for (int j = 0; j < count; j++)
                    answer(&jobs[j], j);
            }
            if (job->result) { /* its descriptor stays readable: nothing more to hear from it */
                epoll_ctl(epoll, EPOLL_CTL_DEL, sn_run_fd(job->running), NULL);
                over++;
            }
        }
    }
    for (int i = 0; i < count; i++) {
        size_t length;
        const char *output = sn_result_stdout(jobs[i].result, &length);
        size_t known = length < strlen("ready\n") ? length : strlen("ready\n");

        printf("%s: %.*s", sn_verdict_name(sn_result_verdict(jobs[i].result)), (int)(length - known), output + known);
        sn_result_free(jobs[i].result);
        sn_running_free(jobs[i].running);
        sn_sandbox_destroy(jobs[i].sandbox);
    }
    free(jobs);
    return 0;
}
