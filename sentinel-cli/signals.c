/* SPDX-License-Identifier: MIT */
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

/*
 * Theory of operation
 *
 * While a program runs, the handler calls sn_run_cancel(), which may be called from there. Creating a sandbox and
 * compiling in it is one blocking call without such a door: the handler then kills the children of this process, of
 * which there are none but the library's. The library sees its sandbox die (SN_EDIED), removes what is left of it and
 * returns. An alarm repeats this until then, for the signal that came just before a child was there.
 *
 * A signal handler has nothing but globals to look at.
 */
enum phase {
    PHASE_IDLE,
    PHASE_CREATE,
    PHASE_RUN,
};
static volatile sig_atomic_t current_phase = PHASE_IDLE;
static volatile sig_atomic_t caught_signal;
static sn_running *volatile current_run;
static char children_path[64];

static const int handled[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

/* SIGKILL for each number in /proc/self/task/<tid>/children. */
static void kill_children(void)
{
    char text[512];
    ssize_t length;
    pid_t pid = 0;
    int fd = open(children_path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return;
    while ((length = read(fd, text, sizeof(text))) > 0) {
        for (ssize_t i = 0; i < length; i++) {
            if (text[i] >= '0' && text[i] <= '9') {
                pid = pid * 10 + (text[i] - '0');
            } else if (pid > 0) {
                kill(pid, SIGKILL);
                pid = 0;
            }
        }
    }
    close(fd);
}

static void end_what_runs(void)
{
    if (current_phase == PHASE_RUN) {
        sn_run_cancel(current_run);
    } else if (current_phase == PHASE_CREATE) {
        kill_children();
        alarm(1);
    }
}

static void on_signal(int number)
{
    int saved = errno;

    if (number == SIGALRM) {
        end_what_runs();
    } else if (caught_signal) {
        signal(number, SIG_DFL);
        raise(number);
    } else {
        caught_signal = number;
        end_what_runs();
    }
    errno = saved;
}

/* /proc/self/task/<own number>/children, spelled here because a handler cannot format. */
static void prepare_children_path(void)
{
    static const char head[] = "/proc/self/task/";
    static const char tail[] = "/children";
    char digits[24];
    size_t count = 0;
    size_t at = 0;
    pid_t tid = gettid();

    for (; tid > 0 && count < sizeof(digits); tid /= 10)
        digits[count++] = (char)('0' + tid % 10);
    for (size_t i = 0; head[i]; i++)
        children_path[at++] = head[i];
    while (count)
        children_path[at++] = digits[--count];
    for (size_t i = 0; tail[i]; i++)
        children_path[at++] = tail[i];
    children_path[at] = '\0';
}

void signals_install(void)
{
    /* no SA_RESTART: a write to a pipe that nobody empties must end, too */
    struct sigaction action = {.sa_handler = on_signal};
    struct sigaction old;

    prepare_children_path();
    sigfillset(&action.sa_mask);
    for (size_t i = 0; i < sizeof(handled) / sizeof(handled[0]); i++) {
        if (sigaction(handled[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(handled[i], &action, NULL);
    }
    /* the alarm interrupts nothing by itself */
    action.sa_flags = SA_RESTART;
    sigaction(SIGALRM, &action, NULL);
}

void signals_enter_create(void)
{
    current_phase = PHASE_CREATE;
    if (caught_signal)
        end_what_runs();
}

void signals_enter_run(sn_running *running)
{
    current_run = running;
    current_phase = PHASE_RUN;
    if (caught_signal)
        end_what_runs();
}

void signals_leave(void)
{
    current_phase = PHASE_IDLE;
    current_run = NULL;
    alarm(0);
}

int signals_caught(void)
{
    return caught_signal;
}

int signals_die(int signal_number)
{
    sigset_t only;

    signal(signal_number, SIG_DFL);
    sigemptyset(&only);
    sigaddset(&only, signal_number);
    sigprocmask(SIG_UNBLOCK, &only, NULL);
    raise(signal_number);
    return 128 + signal_number;
}
