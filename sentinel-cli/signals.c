/* SPDX-License-Identifier: MIT */
#include "signals.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Theory of operation
 *
 * While a program runs, the handler calls sn_run_cancel(), which may be called from there. Creating a sandbox and
 * compiling in it is one blocking call without such a door: the handler then kills the sandbox's PID 1. That is no
 * child of this process, but the library holds a pidfd of it, and nobody else here holds any: the handler sends SIGKILL
 * through every descriptor, which does nothing to those that are no pidfd. The library sees its sandbox die (SN_EDIED),
 * removes what is left of it and returns. An alarm repeats this until then, for the signal that came just before.
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

static const int handled[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

/* As many as the library could have opened so far, many times over. */
#define DESCRIPTORS 256

static void kill_sandbox(void)
{
    for (int fd = 3; fd < DESCRIPTORS; fd++)
        syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
}

static void end_what_runs(void)
{
    if (current_phase == PHASE_RUN) {
        sn_run_cancel(current_run);
    } else if (current_phase == PHASE_CREATE) {
        kill_sandbox();
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

void signals_install(void)
{
    /* no SA_RESTART: a write to a pipe that nobody empties must end, too */
    struct sigaction action = {.sa_handler = on_signal};
    struct sigaction old;

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
