/* SPDX-License-Identifier: MIT */
/*
 * A dialogue with a program that is not trusted: its lines are read as they appear and answered on its standard input.
 * It has thought of a number; this side looks for it.
 *
 *     cc live_stdin.c $(pkg-config --cflags --libs sentinel) -o live_stdin
 *     sudo ./live_stdin
 */
#include <sentinel/sentinel.h>

#include <poll.h>
#include <stdio.h>
#include <string.h>

static const char game[] =
    "number = 37\n"
    "while True:\n"
    "    guess = int(input())\n"
    "    print('lower' if guess > number else 'higher' if guess < number else 'found', flush=True)\n"
    "    if guess == number: break\n";

static int low = 1, high = 100, guess, is_over;

static int ask(sn_running *running, sn_error **ret_error)
{
    char line[16];
    size_t taken;

    guess = (low + high) / 2;
    snprintf(line, sizeof(line), "%d\n", guess);
    return sn_run_write(running, line, strlen(line), &taken, ret_error);
}

/* What the program says may be anything: only these words and this length count. */
static int hear(sn_running *running, const char *word, sn_error **ret_error)
{
    if (is_over) /* it goes on talking, and nobody listens */
        return 0;
    printf("%d: %s\n", guess, word);
    if (strcmp(word, "lower") == 0)
        high = guess - 1;
    else if (strcmp(word, "higher") == 0)
        low = guess + 1;
    is_over = strcmp(word, "found") == 0 || low > high;
    if (is_over)
        return sn_run_close_stdin(running, ret_error);
    return ask(running, ret_error);
}

static int talk(sn_running *running, sn_error **ret_error)
{
    struct pollfd poll_fd = {.fd = sn_run_fd(running), .events = POLLIN};
    sn_event event;
    char line[64];
    size_t used = 0;
    int r = ask(running, ret_error);

    sn_event_init(&event);
    while (r == 0) {
        r = sn_run_next(running, &event, ret_error);
        if (r < 0 || event.type == SN_EVENT_DONE)
            break;
        if (event.type == SN_EVENT_NONE)
            poll(&poll_fd, 1, -1);
        /* An event is what was there: part of a line, or several. */
        for (size_t i = 0; r == 0 && event.type == SN_EVENT_STDOUT && i < event.length; i++) {
            char byte = ((const char *)event.data)[i];

            if (byte != '\n' && used < sizeof(line) - 1) {
                line[used++] = byte;
                continue;
            }
            line[used] = '\0';
            used = 0;
            r = hear(running, line, ret_error);
        }
    }
    return r;
}

int main(void)
{
    const char *argv[] = {"python3", "-c", game, NULL};
    sn_sandbox *sandbox = NULL;
    sn_running *running = NULL;
    sn_result *result = NULL;
    sn_error *error = NULL;
    sn_run_options options;

    sn_run_options_init(&options);
    options.argv = argv;
    options.stdin_mode = SN_STDIN_FEED;
    options.output_mode = SN_OUTPUT_STREAM; /* nothing is kept: we hear it all */
    if (sn_sandbox_create(NULL, &sandbox, &error) == 0 && sn_run_start(sandbox, &options, &running, &error) == 0 &&
        talk(running, &error) == 0 && sn_run_wait(running, &result, &error) == 0)
        printf("%s\n", sn_verdict_name(sn_result_verdict(result)));
    else
        fprintf(stderr, "%s: %s\n", sn_error_step(error), sn_error_message(error));
    sn_result_free(result);
    sn_running_free(running);
    sn_sandbox_destroy(sandbox);
    sn_error_free(error);
    return !result;
}
