/* SPDX-License-Identifier: MIT */
#include "signals.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* A signal handler has nothing but globals to look at. */
static volatile sig_atomic_t caught_signal;
static int cancel_fd;

static const int handled[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

static void on_signal(int number)
{
    const uint64_t one = 1;
    int saved = errno;

    if (caught_signal) {
        signal(number, SIG_DFL);
        raise(number);
    }
    caught_signal = number;
    /* an eventfd that is full already says what is to be said */
    if (write(cancel_fd, &one, sizeof(one)) < 0)
        errno = 0;
    errno = saved;
}

int signals_install(void)
{
    /* no SA_RESTART: a write to a pipe that nobody empties must end, too */
    struct sigaction action = {.sa_handler = on_signal};
    struct sigaction old;

    cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (cancel_fd < 0)
        return -1;
    sigfillset(&action.sa_mask);
    for (size_t i = 0; i < sizeof(handled) / sizeof(handled[0]); i++) {
        if (sigaction(handled[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(handled[i], &action, NULL);
    }
    return 0;
}

int signals_cancel_fd(void)
{
    return cancel_fd;
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
