/* SPDX-License-Identifier: MIT */
/* Hosts whose signals are blocked, handled and many, and whose children are forked at any moment. */
#include "hostile_support.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- signals ---- */

static int all_signals_blocked(void)
{
    sigset_t all, now;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    if (use_once() != 0)
        return 1;
    sigprocmask(SIG_SETMASK, NULL, &now);
    for (int i = 1; i < 32; i++)
        if (i != SIGKILL && i != SIGSTOP && !sigismember(&now, i))
            return 2;
    return 0;
}

static volatile sig_atomic_t reaped;

static void reap_all(int number)
{
    int saved = errno;

    (void)number;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        reaped++;
    errno = saved;
}

static int sigchld_handler_reaps_everything(void)
{
    struct sigaction action = {.sa_handler = reap_all};

    sigaction(SIGCHLD, &action, NULL);
    for (int i = 0; i < 5; i++) {
        pid_t pid = fork();

        if (pid == 0)
            _exit(0);
        if (use_once() != 0)
            return 1;
    }
    return reaped == 5 ? 0 : 2;
}

static volatile sig_atomic_t ticks;

static void tick(int number)
{
    (void)number;
    ticks++;
}

static int interval_timer_interrupts_everything(void)
{
    struct sigaction action = {.sa_handler = tick}; /* no SA_RESTART */
    struct itimerval every_ms = {.it_interval.tv_usec = 1000, .it_value.tv_usec = 1000};

    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &every_ms, NULL);
    for (int i = 0; i < 20; i++)
        if (use_once() != 0)
            return 1;
    return ticks > 20 ? 0 : 2;
}

/* ---- children of the host ---- */

/*
 * A child that the host forked, in another thread and at any moment, has copies of all descriptors if it does not exec.
 * The host's death must be the sandbox's all the same.
 */
static void *fork_children(void *argument)
{
    int *fd = argument;

    for (int i = 0; i < 20; i++) {
        pid_t pid = fork();

        if (pid == 0) {
            prctl(PR_SET_NAME, "hostile-child");
            pause();
            _exit(0);
        }
        (void)!write(*fd, &pid, sizeof(pid));
        sleep_ms(3);
    }
    return NULL;
}

static void host_with_forking_thread(const char *script, int children_fd, int ready_fd)
{
    const char *argv[] = {"/bin/sh", "-c", script, NULL};
    sn_sandbox *sandboxes[5] = {NULL};
    sn_running *running = NULL;
    sn_run_options options;
    pthread_t thread;

    sn_run_options_init(&options);
    options.argv = argv;
    if (pthread_create(&thread, NULL, fork_children, &children_fd) != 0)
        _exit(1);
    for (int i = 0; i < 5; i++)
        if (create_here(&sandboxes[i], NULL) != 0)
            _exit(2);
    if (sn_run_start(sandboxes[0], &options, &running, NULL) != 0)
        _exit(3);
    pthread_join(thread, NULL);
    (void)!write(ready_fd, "r", 1);
    pause();
    _exit(4);
}

static void a_forked_child_does_not_keep_sandboxes_alive(void **state)
{
    int children_fds[2], ready_fds[2];
    bool has_begun, has_ended;
    char word[32], script[64], byte = 0;
    pid_t host, child;

    (void)state;
    sn_sandbox_destroy(make_sandbox(NULL));
    snprintf(word, sizeof(word), "86421.%d", (int)getpid());
    snprintf(script, sizeof(script), "sleep %s", word);
    assert_int_equal(pipe2(children_fds, O_CLOEXEC), 0);
    assert_int_equal(pipe2(ready_fds, O_CLOEXEC), 0);
    host = fork();
    assert_true(host >= 0);
    if (host == 0)
        host_with_forking_thread(script, children_fds[1], ready_fds[1]);
    close(children_fds[1]);
    close(ready_fds[1]);
    assert_int_equal(read(ready_fds[0], &byte, 1), 1);
    has_begun = await_processes_named(word, 1);
    kill(host, SIGKILL);
    waitpid(host, NULL, 0);
    has_ended = await_processes_named(word, 0);
    /* the children hold the write end of this pipe, so its end never comes: 20 were announced */
    for (int i = 0; i < 20 && read(children_fds[0], &child, sizeof(child)) == sizeof(child); i++)
        kill(child, SIGKILL);
    close(children_fds[0]);
    close(ready_fds[0]);
    assert_true(has_begun);
    assert_true(has_ended);
}

CASE(all_signals_blocked)
CASE(sigchld_handler_reaps_everything)
CASE(interval_timer_interrupts_everything)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_signals_blocked),
        cmocka_unit_test(test_sigchld_handler_reaps_everything),
        cmocka_unit_test(test_interval_timer_interrupts_everything),
        cmocka_unit_test(a_forked_child_does_not_keep_sandboxes_alive),
    };

    return run_hostile_group(tests);
}
