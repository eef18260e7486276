/* SPDX-License-Identifier: MIT */
#include "terminal.h"

#include "../message.h"
#include "judge.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>

/* Becomes the leader of a session whose terminal this is; the descriptor, or -1. */
static int take_terminal(const char *path)
{
    struct termios raw;
    int fd;

    if (setsid() < 0)
        return -1;
    fd = open(path, O_RDWR | O_CLOEXEC); /* without O_NOCTTY: a session leader's first terminal becomes its own */
    if (fd >= 0 && tcgetattr(fd, &raw) == 0) {
        cfmakeraw(&raw); /* what is typed is in the queue at once, not at the end of a line */
        tcsetattr(fd, TCSANOW, &raw);
    }
    return fd;
}

/* In the process of its own: one line, KIND SEEN WALL BY|DETAIL, to the pipe. */
static int perform_and_tell(const struct staging *staging, const struct attack *attack,
                            const struct attack_variant *variant, const char *path, FILE *teller)
{
    struct performance performance;
    struct attack_outcome outcome;
    int typed = 0;
    int fd = take_terminal(path);

    if (fd < 0)
        return 1;
    stage_perform(staging, attack, variant, &performance);
    if (ioctl(fd, FIONREAD, &typed) == 0 && typed > 0 && !performance.evidence)
        performance.evidence = xstrdup("something was typed into the host's terminal");
    judge(attack, variant, &performance, &outcome);
    fprintf(teller, "%d %d %f %s|%s", (int)outcome.kind, outcome.seen, outcome.wall_ms, outcome.by ? outcome.by : "",
            outcome.detail);
    return fflush(teller) == 0 ? 0 : 1;
}

static int read_outcome(FILE *listener, struct attack_outcome *ret_outcome)
{
    cleanup_free char *line = NULL;
    size_t size = 0;
    ssize_t length = getdelim(&line, &size, '\0', listener);
    char *bar = length > 0 ? strchr(line, '|') : NULL;
    int kind;
    int seen;
    int start;

    memset(ret_outcome, 0, sizeof(*ret_outcome));
    if (!bar || sscanf(line, "%d %d %lf %n", &kind, &seen, &ret_outcome->wall_ms, &start) != 3) {
        errno = EPROTO;
        return -1;
    }
    ret_outcome->kind = (enum attack_kind)kind;
    ret_outcome->seen = seen;
    *bar = '\0';
    ret_outcome->by = line[start] ? xstrdup(line + start) : NULL;
    ret_outcome->detail = xstrdup(bar + 1);
    return 0;
}

static int perform_in_child(const struct staging *staging, const struct attack *attack,
                            const struct attack_variant *variant, const char *path, struct attack_outcome *ret_outcome)
{
    FILE *listener;
    int ends[2];
    pid_t child;
    int code;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    child = fork();
    if (child == 0) {
        FILE *teller = fdopen(ends[1], "w");

        _exit(teller ? perform_and_tell(staging, attack, variant, path, teller) : 1);
    }
    close(ends[1]);
    listener = child < 0 ? NULL : fdopen(ends[0], "r");
    code = listener ? read_outcome(listener, ret_outcome) : -1;
    if (listener)
        fclose(listener);
    else
        close(ends[0]);
    if (child > 0)
        waitpid(child, NULL, 0);
    return code;
}

int terminal_perform(const struct staging *staging, const struct attack *attack, const struct attack_variant *variant,
                     struct attack_outcome *ret_outcome)
{
    cleanup_close int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    char path[64];

    if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0 || ptsname_r(master, path, sizeof(path)) != 0)
        return -1;
    return perform_in_child(staging, attack, variant, path, ret_outcome);
}
